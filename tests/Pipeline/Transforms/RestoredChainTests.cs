using System.Text;
using CsCheck;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Transforms.Deduplicate;
using StreamEngine.Pipeline.Transforms.Merge;
using StreamEngine.Pipeline.Transforms.Score;

namespace StreamEngine.Pipeline.Tests.Transforms;

/// <summary>A run that is saved, restored into fresh steps and continued gives the bytes of one that was not interrupted.</summary>
public class RestoredChainTests
{
    private static readonly RecordSchema Schema = TestBatch.DefaultSchema();

    private static readonly Gen<Event> Events = Gen.Select(
        Gen.Int[0, 9], Gen.Short[0, 2], Gen.Int[-1, 3].Array[5], Gen.Int[0, 30], Gen.Int[0, 19], Gen.Int[0, 40], (key, source, values, age, kind, jump) =>
            new Event(key, source, values, age, kind == 0 ? RowOp.Removed : kind < 3 ? RowOp.Confirmed : RowOp.Update, jump == 40 ? 3000 : jump, kind == 3 ? 2 : 0));

    [Fact]
    public void Cuts_change_nothing() =>
        Gen.Select(Events.List[1, 120], Gen.Int[1, 7], Gen.Int[2, 12], Gen.Int[1, 2], Gen.Bool, Gen.Int[1, 5]).Sample((events, perBatch, bound, workers, isEvent, every) =>
        {
            var setup = new Setup(perBatch, bound, workers, isEvent, int.MaxValue);
            Assert.Equal(Run(events, setup), Run(events, setup with { Every = every }));
        }, iter: 1000);

    [Fact]
    public void Cuts_change_nothing_when_many_keys_are_at_the_bound()
    {
        var random = new Random(7);
        var events = Enumerable.Range(0, 15_000).Select(i => new Event(
            random.Next(2000), (short)random.Next(3), [.. Enumerable.Range(0, 5).Select(_ => random.Next(-1, 4))], random.Next(30), i % 50 == 0 ? RowOp.Removed : RowOp.Update, random.Next(3), 0)).ToList();
        foreach (var isEvent in (bool[])[false, true])
        {
            var setup = new Setup(250, 1000, 2, isEvent, int.MaxValue);
            Assert.Equal(Run(events, setup), Run(events, setup with { Every = 13 }));
        }
    }

    [Fact]
    public void With_event_time_batch_boundaries_change_nothing() =>
        Gen.Select(Events.List[1, 120], Gen.Int[2, 9], Gen.Int[2, 12], Gen.Int[1, 2]).Sample((events, perBatch, bound, workers) =>
        {
            var setup = new Setup(1, bound, workers, true, int.MaxValue);
            Assert.Equal(Run(events, setup).Output, Run(events, setup with { PerBatch = perBatch }).Output);
        }, iter: 1000);

    private static (string Output, string Left, string Totals) Run(List<Event> events, Setup setup)
    {
        var (output, departures) = (new StringBuilder(), new StringBuilder());
        var chains = Enumerable.Range(0, setup.Workers).Select(_ => Chain(setup.Bound)).ToArray();
        var (now, sequence) = (TestBatch.Start, 100);
        foreach (var (number, chunk) in events.Chunk(setup.PerBatch).Index())
        {
            var batch = new TestBatch(Schema);
            var time = setup.IsEvent ? StepTime.Event : new StepTime(now + chunk[0].Jump);
            foreach (var e in chunk)
            {
                now += e.Jump;
                sequence += 1 - e.Back;
                Add(batch, e, now, sequence);
            }

            batch.Batch.Split(setup.Workers);
            for (var worker = 0; worker < chains.Length; worker++)
            {
                foreach (var step in chains[worker])
                {
                    var part = batch.Batch.PartOf(worker);
                    part.BeginStep();
                    step.Process(part, time);
                    foreach (var left in part.Departures)
                    {
                        departures.Append(number).Append('.').Append(left.Row).Append(' ').Append(left.Reason).Append('\n');
                    }
                }
            }

            batch.Batch.Join();
            batch.Batch.Seal();
            foreach (var row in batch.Batch)
            {
                output.Append(row.Head.Op).Append(' ').Append(row.Head.Sequence).Append(' ').Append(Encoding.UTF8.GetString(row.Key))
                    .Append(row.Head.DataLength > 0 ? Encoding.UTF8.GetString(batch.Batch.DataOf(row.Index).Span) : "").Append('\n');
            }

            if (number % setup.Every == setup.Every - 1)
            {
                chains = Restored(chains, setup.Bound);
            }
        }

        return (output.ToString(), departures.ToString(), string.Join(' ', chains.Select(c => ((DeduplicateStep)c[0], (MergeStep)c[2])).Select(c => $"{c.Item1.Count} {c.Item1.Evicted} {c.Item2.Count} {c.Item2.Evicted}")));
    }

    private static IStep[] Chain(int bound) =>
    [
        new DeduplicateStep(Schema, TimeSpan.FromTicks(500), bound * 2),
        new ScoreStep(Schema, new ScoreOptions()),
        new MergeStep(Schema, new MergeOptions { Prefer = ["quality", "freshness", "priority"], StaleAfter = new(TimeSpan.FromTicks(100)) }, bound),
    ];

    private static IStep[][] Restored(IStep[][] chains, int bound)
    {
        var fresh = chains.Select(_ => Chain(bound)).ToArray();
        foreach (var step in (int[])[0, 2])
        {
            var saved = Saved.Of([.. chains.Select(c => (ICheckpointed)c[step])]);
            Assert.Empty(saved.Restore([.. fresh.Select(c => (ICheckpointed)c[step])]));
        }

        return fresh;
    }

    private static void Add(TestBatch batch, Event e, long now, int sequence)
    {
        var kind = e.Key % 5 == 4 ? "game" : "player";
        (string, object)[] fields = kind == "game"
            ? [("state", "live"), ("inning", e.Values[0])]
            :
            [
                ("name", "N\u00e4" + new string('x', Math.Max(0, e.Values[0]))), ("hits", e.Values[1] == 3 ? 1.25e120 : e.Values[1]), ("average", new TestBatch.Token($"0.{e.Values[2] + 1}0")),
                ("home", e.Values[3] > 0), ("at", DateTimeOffset.UnixEpoch.AddDays(e.Values[4] + 2)),
            ];
        var row = batch.Row(kind, "k" + e.Key, e.Source, sequence, received: now - e.Age, eventTime: now - e.Age, op: e.Op, fields: [.. fields.Where((_, i) => e.Op == RowOp.Update && e.Values[i] >= 0)]);
        if (e.Values[0] == 3)
        {
            row.Head.Invalid.Add(row.Type.Fields.Count - 1);
            row.Clear(row.Type.Fields.Count - 1);
        }
    }

    private sealed record Event(int Key, short Source, int[] Values, int Age, RowOp Op, int Jump, int Back);

    private sealed record Setup(int PerBatch, int Bound, int Workers, bool IsEvent, int Every);
}
