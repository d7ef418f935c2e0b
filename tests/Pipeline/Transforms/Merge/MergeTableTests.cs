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
