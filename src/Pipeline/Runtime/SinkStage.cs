using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
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
    private readonly StepCounters dropped = new();
    private readonly BackOff backOff;
    private readonly string givenUp;
    private string state = "idle";
    private string? problem;

    /// <param name="plan">The sink.</param>
    /// <param name="budget">Bounds what waits in front.</param>
    /// <param name="sink">The sink.</param>
    /// <param name="services">The runtime's services.</param>
    /// <param name="line">Where what waits stands when the sender does not wait for it; null when it does.</param>
    public SinkStage(StagePlan plan, LinkBudget budget, ISink sink, StageServices services, WaitingLine? line)
        : base(plan, budget, services, line)
    {
        givenUp = line?.Reason ?? "";
        block = plan.Blocks[0];
        this.sink = sink;
        backOff = new BackOff(services.Time);
        Books = [new StepTotals([counters, dropped])];
    }

    public override IReadOnlyList<StepTotals> Books { get; }

    public override bool IsSink => true;

    public override bool TakesRestored => sink.BeginsEmpty;

    public override int Restarts => backOff.Count;

    public LatencyRing EndToEnd { get; } = new();

    protected override string WorkState => state;

    protected override string? WorkProblem => problem ?? sink.Problem;

    public override async Task SaveAsync(CheckpointBarrier barrier, CancellationToken cancellationToken)
    {
        if (sink is ICheckpointedSink)
        {
            var part = barrier.Part(block.Name);
            var isSaved = await TryAsync(
                static (sink, state, token) =>
                {
                    state.Clear();
                    return ((ICheckpointedSink)sink).CheckpointAsync(state, token);
                },
                part).ConfigureAwait(false);
            if (!isSaved)
            {
                return;
            }
        }

        barrier.Leave();
    }

    public override async Task RestoreAsync(Func<string, int, int, StateReader> reader, CancellationToken cancellationToken)
    {
        if (sink is ICheckpointedSink checkpointed)
        {
            await checkpointed.RestoreAsync(reader(block.Name, 0, 1), cancellationToken).ConfigureAwait(false);
        }
    }

    public override async Task CommitAsync(CancellationToken cancellationToken)
    {
        if (sink is not ICheckpointedSink)
        {
            return;
        }

        var committed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Enqueue((_, _) => CommitAsync()))
        {
            await committed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await Completion.WaitAsync(cancellationToken).ConfigureAwait(false);
            await CommitAsync().ConfigureAwait(false);
        }

        async ValueTask CommitAsync()
        {
            await TryAsync(static (sink, _, token) => ((ICheckpointedSink)sink).CommitAsync(token), 0).ConfigureAwait(false);
            committed.SetResult();
        }
    }

    protected override async ValueTask PassAsync(CheckpointBarrier barrier, int lane, long ticket) => await SaveAsync(barrier, Services.Abort).ConfigureAwait(false);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    protected override async ValueTask HandleAsync(Batch batch, int lane, long ticket)
    {
        state = "running";
        var records = batch.Live;
        counters.CountIn(records);
        var started = Services.Time.GetTimestamp();
        if (await TryAsync(static (sink, records, token) => sink.WriteAsync(records, token), batch).ConfigureAwait(false))
        {
            counters.CountOut(records);
            if (!batch.IsRestored)
            {
                Services.Taps[block.Name].Show(batch.Whole);
                Latency.Add(Services.Time.GetElapsedTime(started).TotalMilliseconds);
                CountEndToEnd(batch);
            }
        }
        else if (records > 0)
        {
            counters.Count(RowState.Dropped, DrainTimeout, records);
        }

        batch.Release();
    }

    protected override void OnDropped(int records)
    {
        dropped.CountIn(records);
        dropped.Count(RowState.Dropped, givenUp, records);
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

        if (Services.Abort.IsCancellationRequested && sink.GiveUp() is > 0 and var lost)
        {
            counters.CountOut(-lost);
            counters.Count(RowState.Dropped, DrainTimeout, lost);
        }
    }

    /// <summary>Lets the sink do something, as often as it takes.</summary>
    /// <returns>False when the drain timeout has passed before it was done.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> TryAsync<T>(Func<ISink, T, CancellationToken, ValueTask> act, T with)
    {
        while (true)
        {
            TimeSpan wait;
            try
            {
                await act(sink, with, Services.Abort).ConfigureAwait(false);
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
#pragma warning disable CA1031 // Whatever a sink throws, it is asked again.
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
        // With event time a record does not say when it was received.
        if (Services.IsEventTime)
        {
            return;
        }

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
