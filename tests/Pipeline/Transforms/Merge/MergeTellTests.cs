using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Transforms.Merge;

public class MergeTellTests
{
    [Fact]
    public void What_is_told_again_is_what_was_passed_on_last() =>
        Gen.Select(Gen.Int[0, 9], Gen.Short[0, 2], Gen.Int[-1, 3].Array[3], Gen.Int[0, 9]).List[1, 80].Sample(events =>
        {
            var step = Step();
            var batch = new TestBatch();
            foreach (var ((key, source, values, kind), i) in events.Select((e, i) => (e, i + 1)))
            {
                (string, object)[] fields = [.. new (string, object)[] { ("name", "n" + values[0]), ("hits", values[1]), ("atBats", values[2]) }.Where((_, f) => kind > 0 && values[f] >= 0)];
                var row = batch.Row("player", "k" + key, source, i, TestBatch.Start + i, op: kind == 0 ? RowOp.Removed : RowOp.Update, fields: fields);
                row.Head.Quality = new Quality { Level = QualityLevel.Low, Score = 0.25f };
            }

            var left = step.Run(batch.Batch, TestBatch.Start).Select(d => d.Row).ToHashSet();
            batch.Batch.Seal();
            var last = new SortedDictionary<string, string>(StringComparer.Ordinal);
            var repeated = new HashSet<string>();
            for (var row = 0; row < batch.Batch.RowCount; row++)
            {
                var key = Encoding.UTF8.GetString(batch.Batch[row].Key);
                if (!left.Contains(row) && batch.Batch.Head(row).Op == RowOp.Removed)
                {
                    last.Remove(key);
                }
                else if (!left.Contains(row))
                {
                    last[key] = Known(batch.Batch, row);
                    repeated.Remove(key);
                }
                else
                {
                    // Who said so, and how good that is, may have changed although no value did.
                    repeated.Add(key);
                }
            }

            var after = Step();
            Assert.Empty(Saved.Of(step).Restore(after));
            var told = Told(after);
            Assert.Equal(last.Keys, told.Keys);
            Assert.All(last.Keys, key => Assert.Equal(repeated.Contains(key) ? Values(last[key]) : last[key], repeated.Contains(key) ? Values(told[key]) : told[key]));
        }, iter: 1000);

    [Fact]
    public void It_is_told_in_batches_of_the_usual_size()
    {
        var step = Step();
        for (var i = 0; i < 2000; i += 500)
        {
            var batch = new TestBatch();
            for (var key = i; key < i + 500; key++)
            {
                batch.Row("player", "k" + key, 0, key + 1, TestBatch.Start, fields: [("name", new string('n', key % 200))]);
            }

            step.Run(batch.Batch, TestBatch.Start);
        }

        var after = Step();
        Saved.Of(step).Restore(after);
        Assert.Equal(2000, Told(after, batch =>
        {
            Assert.InRange(batch.RowCount, 1, Batch.FullDocuments);
            Assert.InRange(batch.Bytes.Length, 1, Batch.FullBytes + 1000);
        }).Count);
    }

    private static MergeStep Step() => new(TestBatch.DefaultSchema(), new MergeOptions { Prefer = ["priority"] }, 10_000);

    private static SortedDictionary<string, string> Told(MergeStep step, Action<Batch>? check = null)
    {
        var told = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var more = true; more;)
        {
            var batch = new TestBatch();
            batch.Batch.AddDocument(new Document { Origin = "" });
            more = step.Tell(batch.Batch);
            batch.Batch.Seal();
            check?.Invoke(batch.Batch);
            for (var row = 0; row < batch.Batch.RowCount; row++)
            {
                told.Add(Encoding.UTF8.GetString(batch.Batch[row].Key), Known(batch.Batch, row));
            }
        }

        return told;
    }

    private static string Values(string record)
    {
        var values = JsonNode.Parse(record)!.AsObject();
        values.Remove("provenance");
        values.Remove("quality");
        return values.ToJsonString();
    }

    /// <summary>A record without what says how it came to be.</summary>
    private static string Known(Batch batch, int row)
    {
        var record = JsonNode.Parse(batch.DataOf(row).Span)!.AsObject();
        foreach (var name in (string[])["changed", "receivedTime", "eventTime", "source"])
        {
            record.Remove(name);
        }

        return record.ToJsonString();
    }
}
