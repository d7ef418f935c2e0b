using System.Threading.Tasks.Dataflow;

namespace StreamEngine.Benchmarks;

/// <summary>
/// TPL Dataflow with one message per update: a bounded block per stage, parsing on all cores in order, and what a stage ends
/// goes to a null target.
/// </summary>
internal static class NaiveDataflow
{
    private const int Capacity = 1000;

    public static void Run(Job job) => RunAsync(job).GetAwaiter().GetResult();

    private static async Task RunAsync(Job job)
    {
        using var dead = new DeadLetters(job);
        var steps = new MessageSteps(job, dead);
        var file = new FileStream(job.Output, FileMode.Create, FileAccess.Write);
        await using var owned = file.ConfigureAwait(false);
        using var writer = new StreamWriter(file, leaveOpen: true) { NewLine = "\n" };
        var normalize = Transform<(string, long)>(steps.Normalize, Environment.ProcessorCount);
        var deduplicate = Transform<PlayerUpdate>(steps.Deduplicate);
        var score = Transform<PlayerUpdate>(steps.Score);
        var merge = Transform<PlayerUpdate>(steps.Merge);
        var encode = new TransformBlock<PlayerUpdate, string>(MessageSteps.Encode, Bounded());
        var write = new ActionBlock<string>(writer.WriteLine, Bounded());
        Link(normalize, deduplicate);
        Link(deduplicate, score);
        Link(score, merge);
        Link(merge, encode);
        encode.LinkTo(write, new DataflowLinkOptions { PropagateCompletion = true });

        var number = 0L;
        foreach (var line in File.ReadLines(job.Input))
        {
            await normalize.SendAsync((line, ++number)).ConfigureAwait(false);
        }

        normalize.Complete();
        await write.Completion.ConfigureAwait(false);
        await writer.FlushAsync().ConfigureAwait(false);
        file.Flush(flushToDisk: true);
    }

    private static TransformBlock<T, PlayerUpdate?> Transform<T>(Func<T, PlayerUpdate?> step, int parallel = 1) => new(step, Bounded(parallel));

    private static void Link(ISourceBlock<PlayerUpdate?> from, ITargetBlock<PlayerUpdate> to)
    {
        from.LinkTo(to!, new DataflowLinkOptions { PropagateCompletion = true }, update => update is not null);

        // With a condition too: a full block postpones, and without one the null target would then take the update.
        from.LinkTo(DataflowBlock.NullTarget<PlayerUpdate?>(), update => update is null);
    }

    private static ExecutionDataflowBlockOptions Bounded(int parallel = 1) => new() { BoundedCapacity = Capacity, MaxDegreeOfParallelism = parallel };
}
