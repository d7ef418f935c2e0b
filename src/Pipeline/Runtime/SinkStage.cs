using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>A sink in its shell: a batch that can't be written is offered again until it can, or until the drain timeout.</summary>
internal sealed class SinkStage : Stage
{
    /// <summary>Why records are dropped when a shutdown takes too long.</summary>
    public const string DrainTimeout = "drain timeout";

    private readonly BlockDefinition block;
    private readonly ISink sink;
    private readonly StepCounters counters = new();
    private readonly BackOff backOff;
    private string state = "idle";
    private string? problem;

    public SinkStage(StagePlan plan, LinkBudget budget, ISink sink, StageServices services)
        : base(plan, budget, services)
    {
        block = plan.Blocks[0];
        this.sink = sink;
        backOff = new BackOff(services.Time);
        Books = [new StepTotals([counters])];
    }

    public override IReadOnlyList<StepTotals> Books { get; }

    public override bool IsSink => true;

    public override int Restarts => backOff.Count;

    public LatencyRing EndToEnd { get; } = new();

    protected override string WorkState => state;

    protected override string? WorkProblem => problem ?? sink.Problem;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    protected override async ValueTask HandleAsync(Batch batch, int lane, long ticket)
    {
        state = "running";
        var records = batch.Live;
        counters.CountIn(records);
        var started = Services.Time.GetTimestamp();
        if (await WriteAsync(batch).ConfigureAwait(false))
        {
            counters.CountOut(records);
            Services.Taps[block.Name].Show(batch.Whole);
            Latency.Add(Services.Time.GetElapsedTime(started).TotalMilliseconds);
            CountEndToEnd(batch);
        }
        else if (records > 0)
        {
            counters.Count(RowState.Dropped, DrainTimeout, records);
        }

        batch.Release();
    }

    protected override async Task EndAsync()
    {
        try
        {
            await sink.CompleteAsync(Services.Abort).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The other sinks must still be completed.
        catch (Exception e)
        {
            problem = $"could not finish: {e.Message}";
            StageLog.SinkUnfinished(Services.Logger, block.Name, e.Message);
        }
#pragma warning restore CA1031
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WriteAsync(Batch batch)
    {
        while (true)
        {
            TimeSpan wait;
            try
            {
                await sink.WriteAsync(batch, Services.Abort).ConfigureAwait(false);
                if (problem is not null)
                {
                    StageLog.SinkRecovered(Services.Logger, block.Name);
                }

                problem = null;
                state = "running";
                return true;
            }
            catch (OperationCanceledException) when (Services.Abort.IsCancellationRequested)
            {
                return false;
            }
#pragma warning disable CA1031 // Whatever a sink throws, the batch is offered again.
            catch (Exception e)
            {
                state = "waiting";
                wait = backOff.Next();
                if (problem != e.Message)
                {
                    StageLog.SinkWaits(Services.Logger, block.Name, e.Message, Duration.Rounded(wait));
                }

                problem = e.Message;
            }
#pragma warning restore CA1031

            await Task.Delay(wait, Services.Time, Services.Abort).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (Services.Abort.IsCancellationRequested)
            {
                return false;
            }
        }
    }

    private void CountEndToEnd(Batch batch)
    {
        foreach (var row in batch)
        {
            if (row.Head.Op != RowOp.Confirmed)
            {
                EndToEnd.Add((Services.Time.GetUtcNow().UtcTicks - row.Head.ReceivedTime) / (double)TimeSpan.TicksPerMillisecond);
                return;
            }
        }
    }
}
