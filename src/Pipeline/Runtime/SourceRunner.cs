using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>Runs a source and is its way into the graph.</summary>
internal sealed class SourceRunner(
    BlockDefinition block,
    short index,
    Func<ISource> build,
    BatchPool pool,
    FanOut readers,
    StageServices services) : ISourceOutput
{
    private readonly BackOff backOff = new(services.Time);
    private ISource source = build();
    private readonly StepCounters counters = new();
    private readonly Lock gate = new();
    private StepTotals? totals;
    private Batch? pending;
    private bool sending;
    private TaskCompletionSource? room;
    private TaskCompletionSource? idle;
    private SourcePosition? position;
    private long epoch;
    private CheckpointBarrier? barrier;
    private Exception? failed;
    private volatile bool ended;

    public BlockDefinition Block { get; } = block;

    public StepTotals Books => totals ??= new StepTotals([counters]);

    public short Source { get; } = index;

    public bool IsFinite => source.IsFinite;

    public SourceProgress? Progress => source.Progress;

    public string State { get; private set; } = "idle";

    public string? Problem { get; private set; }

    public int Restarts => backOff.Count;

    public ValueTask<Batch> RentAsync(CancellationToken cancellationToken) => pool.RentAsync(cancellationToken);

    /// <inheritdoc/>
    /// <remarks>
    /// It waits only when one batch is on its way into a full link and another is full too: while the link is full, payloads are put
    /// together into one batch, so that many small ones cost no more than a few large ones.
    /// </remarks>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask EmitAsync(Batch batch, CancellationToken cancellationToken)
    {
        if (ended)
        {
            batch.Release();
            return;
        }

        counters.CountIn(batch.Live + batch.Whole.Departures.Length);
        counters.Settle(batch.Whole);
        while (Hold(batch) is { } full)
        {
            await full.ConfigureAwait(false);
        }

        await services.DeadLetters.RoomAsync(services.Abort).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        if (failed is not null)
        {
            ExceptionDispatchInfo.Throw(failed);
        }
    }

    /// <summary>Starts sending the batch, or keeps it until the one before has gone.</summary>
    /// <returns>Null when the batch was taken; else ends when it is worth another try.</returns>
    private Task? Hold(Batch batch)
    {
        lock (gate)
        {
            if (failed is not null)
            {
                batch.Epoch = epoch;
                services.DeadLetters.Write(Block.Name, batch.Whole);
                batch.Release();
                return null;
            }

            if (sending)
            {
                if (barrier is null && pending is null)
                {
                    Take_NeedsLock(batch);
                    pending = batch;
                    return null;
                }

                if (barrier is null && pending!.TryAbsorb(batch))
                {
                    Take_NeedsLock(batch);
                    batch.Release();
                    return null;
                }

                room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return room.Task;
            }

            Take_NeedsLock(batch);
            sending = true;
        }

        _ = SendAsync(batch);
        return null;
    }

    /// <summary>Where the source stands and what it gave up must be of one moment: a barrier may come at any other.</summary>
    private void Take_NeedsLock(Batch batch)
    {
        position = batch.Position ?? position;
        batch.Epoch = epoch;
        services.DeadLetters.Write(Block.Name, batch.Whole);
    }

    /// <summary>Sends what is to be sent, one after the other, until nothing is left. Never fails.</summary>
    private async Task SendAsync(Batch? batch)
    {
        var next = (Batch: batch, Barrier: (CheckpointBarrier?)null);
        do
        {
            try
            {
                if (next.Batch is not null && failed is null)
                {
                    await readers.SendAsync(next.Batch).ConfigureAwait(false);
                }
                else if (next.Batch is not null)
                {
                    next.Batch.Release();
                }
                else if (next.Barrier is not null)
                {
                    await readers.PassAsync(next.Barrier).ConfigureAwait(false);
                }
            }
#pragma warning disable CA1031 // The source is told with its next batch.
            catch (Exception e)
            {
                failed = e;
            }
#pragma warning restore CA1031

            next = Next();
        }
        while (next.Batch is not null || next.Barrier is not null);
    }

    /// <summary>What is to be sent next: a barrier comes behind all that was handed on before it.</summary>
    private (Batch? Batch, CheckpointBarrier? Barrier) Next()
    {
        lock (gate)
        {
            var next = (Batch: pending, Barrier: pending is null ? barrier : null);
            barrier = pending is null ? null : barrier;
            pending = null;
            sending = next.Batch is not null || next.Barrier is not null;
            room?.SetResult();
            room = null;
            if (!sending)
            {
                idle?.SetResult();
                idle = null;
            }

            return next;
        }
    }

    /// <summary>Ends when nothing is on its way any more.</summary>
    private Task IdleAsync()
    {
        lock (gate)
        {
            return sending ? (idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
        }
    }

    /// <summary>Lets a barrier out behind all that the source has handed on, and notes where it stood. Requests under way don't hold it up.</summary>
    public void Inject(CheckpointBarrier next)
    {
        lock (gate)
        {
            next.Note(this, position);
            epoch = next.Id;
            if (ended)
            {
                // Those who read here know that nothing more comes.
                return;
            }

            if (sending)
            {
                barrier = next;
                return;
            }

            sending = true;
        }

        _ = PassAsync();

        async Task PassAsync()
        {
            await readers.PassAsync(next).ConfigureAwait(false);
            await SendAsync(null).ConfigureAwait(false);
        }
    }

    /// <summary>Notes where the source stands, while nothing is on its way.</summary>
    public void Note(CheckpointBarrier at)
    {
        at.Note(this, position);
        epoch = at.Id;
    }

    /// <summary>The run goes on from a checkpoint, before the source runs.</summary>
    public void GoOnFrom(long checkpoint) => epoch = checkpoint;

    /// <summary>Gives the source the position that was saved, before it runs.</summary>
    public void Restore(Func<string, int, int, StateReader> reader)
    {
        if (source is IPositionedSource positioned)
        {
            var state = reader(Block.Name, 0, 1);
            positioned.Restore(state);
            position = state.Sections.Count > 0 ? new RestoredPosition(state.Sections) : null;
        }
    }

    /// <summary>A checkpoint with this position is complete.</summary>
    public async ValueTask CommittedAsync(SourcePosition at, CancellationToken cancellationToken)
    {
        if (at is RestoredPosition || source is not IReplayableSource replayable)
        {
            return;
        }

        try
        {
            await replayable.CommittedAsync(at, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // What was not acknowledged comes again, and is known by then.
        catch (Exception e) when (e is not OperationCanceledException)
        {
            StageLog.NotAcknowledged(services.Logger, Block.Name, e.Message);
        }
#pragma warning restore CA1031
    }

    /// <summary>Runs until the input ends or <paramref name="stop"/> is signalled. Never fails.</summary>
    /// <returns>
    /// What went wrong when the run is not as good as whole: a finite source failed (it is not started again, since it would
    /// begin anew), or it did not stop.
    /// </returns>
    public async Task<string?> RunAsync(CancellationToken stop)
    {
        State = "running";
        string? failure = null;
        var anew = false;
        while (true)
        {
            try
            {
                if (anew)
                {
                    source = build();
                    GoBack();
                    State = "running";
                    Problem = null;
                    anew = false;
                }

                // A source that ignores the stop is left behind when the drain timeout has passed.
                await source.RunAsync(this, stop).WaitAsync(services.Abort).ConfigureAwait(false);
                break;
            }
            catch (OperationCanceledException) when (services.Abort.IsCancellationRequested)
            {
                Problem = failure = "it did not stop within the drain timeout and was left behind";
                break;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
#pragma warning disable CA1031 // One source's failure must not end the others.
            catch (Exception e)
            {
                Problem = e.Message;
                if (IsFinite)
                {
                    failure = e.Message;
                    StageLog.SourceFailed(services.Logger, Block.Name, e.Message);
                    break;
                }

                State = "restarting";
                var wait = backOff.Next();
                StageLog.SourceRestarting(services.Logger, e, Block.Name, Duration.Rounded(wait));
                await Task.Delay(wait, services.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (stop.IsCancellationRequested)
                {
                    break;
                }

                anew = true;
            }
#pragma warning restore CA1031
        }

        ended = true;
        await IdleAsync().ConfigureAwait(false);
        readers.End();
        State = failure is null ? "completed" : "failed";
        return failure;
    }

    /// <summary>A source that is made anew goes on behind what was handed on.</summary>
    private void GoBack()
    {
        if (source is IPositionedSource positioned && position is not null)
        {
            var state = new StateWriter();
            position.Save(state);
            positioned.Restore(StateReader.Of(Block.Name, state));
            state.Clear();
        }
    }
}
