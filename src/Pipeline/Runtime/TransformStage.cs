using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>Neighbouring transforms and the workers that run them.</summary>
internal sealed class TransformStage : Stage
{
    private readonly FanOut readers;
    private readonly Worker[] workers;
    private readonly Lanes? lanes;

    /// <param name="plan">The transforms, and how the workers share the records.</param>
    /// <param name="budget">Bounds what waits in front.</param>
    /// <param name="build">Makes fresh steps, one per transform; called for each worker, and again after a failure.</param>
    /// <param name="readers">Who gets the batches.</param>
    /// <param name="services">The runtime's services.</param>
    public TransformStage(StagePlan plan, LinkBudget budget, Func<IReadOnlyList<IStep>> build, FanOut readers, StageServices services)
        : base(plan, budget, services)
    {
        this.readers = readers;
        workers = [.. Enumerable.Range(0, plan.Workers).Select(_ => new Worker(Name, plan.Blocks, build, services))];
        Books = [.. plan.Blocks.Select((_, i) => new StepTotals([.. workers.Select(w => w.Counters[i])]))];
        lanes = plan.Distribution switch
        {
            Distribution.Batches => new BatchLanes(workers, readers, Work, BreakAsync),
            Distribution.Keys => new KeyLanes(workers, readers, Work, BreakAsync),
            _ => null,
        };
    }

    public override IReadOnlyList<StepTotals> Books { get; }

    public override bool IsSink => false;

    public override int Restarts => workers.Sum(w => w.Restarts);

    protected override string WorkState =>
        workers.Any(w => w.State == "restarting") ? "restarting" : workers.Any(w => w.State == "running") ? "running" : "idle";

    protected override string? WorkProblem => workers.Select(w => w.Problem).FirstOrDefault(p => p is not null);

    protected override ValueTask HandleAsync(Batch batch) => lanes is null ? RunAsync(batch) : lanes.TakeAsync(batch);

    protected override async Task EndAsync()
    {
        if (lanes is not null)
        {
            await lanes.CompleteAsync().ConfigureAwait(false);
        }

        readers.End();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask RunAsync(Batch batch)
    {
        if (Work(workers[0], batch.Whole) is { } failure)
        {
            batch.Release();
            await workers[0].RestartAsync(failure).ConfigureAwait(false);
            return;
        }

        await readers.SendAsync(batch).ConfigureAwait(false);
    }

    private Worker.Failure? Work(Worker worker, Part part)
    {
        var started = Services.Time.GetTimestamp();
        var failure = worker.Run(part);
        Latency.Add(Services.Time.GetElapsedTime(started).TotalMilliseconds);
        return failure;
    }
}
