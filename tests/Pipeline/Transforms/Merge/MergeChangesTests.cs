using CsCheck;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Tests.Checkpoints;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Transforms.Merge;

/// <summary>Merge writes what has changed: whatever happened in between, what is found again is what was held.</summary>
public sealed class MergeChangesTests
{
    private const int Bound = 100;

    private static readonly Gen<Act> Acts = Gen.Select(
        Gen.Int[0, 19],
        Gen.Select(Gen.Int[0, 149], Gen.Short[0, 2], Gen.Int[0, 3], Gen.Int[0, 9]).List[0, 20],
        Gen.Int[1, 4],
        (kind, events, workers) => new Act(kind, [.. events.Select(e => new Event(e.Item1, e.Item2, e.Item3, e.Item4 < 3 ? RowOp.Removed : e.Item4 == 3 ? RowOp.Confirmed : RowOp.Update))], workers));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void What_is_restored_is_what_was_held() => Gen.Select(Acts.List[1, 60], Gen.Int[1, 3]).Sample((acts, workers) => Run(acts, workers, new MemoryCheckpoints()), iter: 100);

    [Fact]
    public void What_is_restored_from_files_is_what_was_held() => Gen.Select(Acts.List[60, 90], Gen.Int[1, 3]).Sample((acts, workers) =>
    {
        using var folder = new TempFolder();
        Run(acts, workers, Checkpoints.Saved.In(folder.FullName));
    }, iter: 5, threads: 1);

    [Fact]
    public void What_a_checkpoint_copies_is_in_proportion_to_what_changed()
    {
        const int Keys = 50_000;
        const int Changed = 500;
        var step = new MergeStep(TestBatch.DefaultSchema(), new MergeOptions { Prefer = ["priority"] }, Keys);
        for (var key = 0; key < Keys; key += 1000)
        {
            Run([step], [.. Enumerable.Range(key, 1000).Select(k => new Event(k, 0, 1, RowOp.Update))], key);
        }

        var all = Written(step, 1, 0);
        for (var number = 2; number < 10; number++)
        {
            Run([step], [.. Enumerable.Range(0, Changed).Select(i => new Event((i * 97) + number, 0, 2, RowOp.Update))], number * 1_000_000);
            var changes = Written(step, number, number - 1);
            Assert.InRange(changes, all / 200, all / 25);
        }
    }

    private static long Written(MergeStep step, long number, long lastComplete)
    {
        var state = new StateWriter { Number = number, LastComplete = lastComplete };
        step.Save(state);
        var length = Assert.Single(state.Fields).Content.Length;
        state.Clear();
        return length;
    }

    private static void Run(List<Act> acts, int workers, ICheckpointStore store)
    {
        var steps = Steps(workers);
        var (number, complete, sequence) = (0L, 0L, 0);
        Transforms.Saved? held = null;
        foreach (var act in acts)
        {
            sequence = Run(steps, act.Events, sequence);
            switch (act.Kind)
            {
                case < 8:
                    Keep(steps, store, ++number, complete);
                    (complete, held) = (number, Transforms.Saved.Of(steps));
                    Same(store, steps.Length, act.Workers, held);
                    break;
                case < 11:
                    // It could not be kept: what the steps wrote is gone.
                    Save(steps, ++number, complete).ForEach(p => p.State.Clear());
                    break;
                case 11 when held is not null:
                    steps = Restored(store, act.Workers);
                    complete = 0;
                    held = null;
                    break;
            }
        }
    }

    /// <summary>Everybody's state, as the checkpoint has it, is that of those who take over what was held.</summary>
    private static void Same(ICheckpointStore store, int before, int after, Transforms.Saved held)
    {
        foreach (var workers in (int[])[before, after])
        {
            var expected = Steps(workers);
            held.Restore(expected);
            Assert.Equal(Bytes(expected), Bytes(Restored(store, workers)));
        }
    }

    private static List<string> Bytes(MergeStep[] steps) => [.. steps.Select(s => Convert.ToHexString(Transforms.Saved.Of(s).Content))];

    private static MergeStep[] Restored(ICheckpointStore store, int workers)
    {
        var found = store.FindLast(Checkpoints.Saved.Pipeline);
        Assert.Empty(found.Problems);
        var steps = Steps(workers);
        for (var shard = 0; shard < workers; shard++)
        {
            var reader = new StateReader("block", found.Checkpoint!.Sections) { Instance = (shard, workers) };
            steps[shard].Restore(reader);
            Assert.DoesNotContain(reader.Problems, p => !p.Contains("'maxKeys'", StringComparison.Ordinal));
        }

        return steps;
    }

    private static List<CheckpointPart> Save(MergeStep[] steps, long number, long complete)
    {
        var parts = steps.Select((_, shard) => new CheckpointPart("block", shard, steps.Length, new StateWriter { Number = number, LastComplete = complete })).ToList();
        foreach (var (step, part) in steps.Zip(parts))
        {
            step.Save(part.State);
        }

        return parts;
    }

    private static void Keep(MergeStep[] steps, ICheckpointStore store, long number, long complete)
    {
        var parts = Save(steps, number, complete);
        store.SaveAsync(new CheckpointContent(number, Checkpoints.Saved.Start, Checkpoints.Saved.Pipeline, parts) { LastComplete = complete }, Cancel).AsTask().GetAwaiter().GetResult();
        parts.ForEach(p => p.State.Clear());
    }

    private static MergeStep[] Steps(int workers) => [.. Enumerable.Range(0, workers).Select(_ => new MergeStep(TestBatch.DefaultSchema(), new MergeOptions { Prefer = ["priority"] }, Bound))];

    private static int Run(MergeStep[] workers, List<Event> events, int sequence)
    {
        if (events.Count == 0)
        {
            return sequence;
        }

        var batch = new TestBatch();
        foreach (var e in events)
        {
            sequence++;
            (string, object)[] fields = e.Op == RowOp.Update ? [("hits", e.Value), ("name", new string('n', 1 + (e.Value * 9)))] : [];
            batch.Row("player", "k" + e.Key, e.Source, sequence, TestBatch.Start + sequence, op: e.Op, fields: fields);
        }

        batch.Batch.Split(workers.Length);
        for (var i = 0; i < workers.Length; i++)
        {
            workers[i].Process(batch.Batch.PartOf(i), new(TestBatch.Start));
        }

        batch.Batch.Join();
        return sequence;
    }

    /// <param name="Kind">What is done after the events.</param>
    /// <param name="Events">What happens.</param>
    /// <param name="Workers">How many there are after a restart.</param>
    private sealed record Act(int Kind, List<Event> Events, int Workers);

    private sealed record Event(int Key, short Source, int Value, RowOp Op);
}
