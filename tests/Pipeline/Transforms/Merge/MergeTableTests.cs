using CsCheck;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Transforms.Merge;

public class MergeTableTests
{
    [Fact]
    public void Finds_what_was_added_and_not_removed_even_where_hashes_collide() =>
        Gen.Select(Gen.Int[0, 40], Gen.Int[0, 3]).List[1, 300].Sample(events =>
        {
            var table = new MergeTable(1000);
            var batch = new TestBatch();
            var held = new HashSet<int>();
            foreach (var (key, kind) in events)
            {
                var row = Row(batch, key);

                // All hashes stand side by side at the table's end, and three keys share each.
                row.Head.KeyHash = uint.MaxValue - (ulong)(key / 3);
                var index = table.Find(row);
                Assert.Equal(held.Contains(key), index >= 0);
                if (index >= 0)
                {
                    Assert.Equal(row.Key, table.Sole(index).Key);
                }

                if (kind == 0 && index >= 0)
                {
                    table.Remove(index);
                    held.Remove(key);
                }
                else if (kind != 0 && index < 0)
                {
                    table.Add(row, SoleRecord.Make(row).Memory);
                    held.Add(key);
                }

                Assert.Equal(held.Count, table.Count);
            }
        }, iter: 1000);

    [Fact]
    public void Counts_the_memory_of_what_it_holds_and_forgets_the_rest() =>
        Gen.Select(Gen.Int[0, 30], Gen.Short[0, 2], Gen.Int[0, 5], Gen.Int[0, 200]).List[1, 200].Sample(events =>
        {
            const int Bound = 3000;
            var schema = TestBatch.DefaultSchema();
            var step = new MergeStep(schema, new MergeOptions { Prefer = ["priority"] }, 1000, Bound);
            var most = 0L;
            foreach (var (at, (key, source, kind, length)) in events.Index())
            {
                var batch = new TestBatch(schema);
                var op = kind == 0 ? RowOp.Removed : RowOp.Update;
                batch.Row("player", "player:" + key, source, sequence: at, op: op, fields: op == RowOp.Removed ? [] : [("name", new string('n', length))]);
                step.Run(batch.Batch, TestBatch.Start);
                most = Math.Max(most, step.Bytes);
                Assert.True(step.Bytes <= Bound || step.Count == 1, $"{step.Bytes} bytes of {step.Count} keys");

                // A copy from a checkpoint counts anew.
                var copy = new MergeStep(schema, new MergeOptions { Prefer = ["priority"] }, 1000, Bound);
                Assert.Empty(Saved.Of(step).Restore(copy));
                Assert.Equal((step.Count, step.Bytes), (copy.Count, copy.Bytes));
            }

            Assert.True(step.Evicted == 0 || most > Bound / 2);
        }, iter: 300);

    [Fact]
    public void At_the_bound_nothing_leaves_that_was_touched_lately()
    {
        const int Bound = 1000;
        var table = new MergeTable(Bound);
        var batch = new TestBatch();
        for (var key = 0; key < 5 * Bound; key++)
        {
            var row = Row(batch, key);
            table.Add(row, SoleRecord.Make(row).Memory);

            // One key is touched all the time; of the others the latest of those that fit are there in any case.
            Assert.True(table.Find(Row(batch, 0)) >= 0);
            Assert.True(table.Find(Row(batch, Math.Max(0, key - (Bound / 8)))) >= 0);
            Assert.Equal(Math.Min(Bound, key + 1), table.Count);
        }

        Assert.Equal(4 * Bound, table.Evicted);
    }

    private static Row Row(TestBatch batch, int key) => batch.Row("player", "key " + key);
}
