using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using StreamEngine.Pipeline.Blocks;
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
    private Task sent = Task.CompletedTask;
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
        services.DeadLetters.Write(Block.Name, batch.Whole);
        while (Hold(batch) is { } full)
        {
            await full.ConfigureAwait(false);
        }

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
                batch.Release();
                return null;
            }

            if (sending)
            {
                if (pending is null)
                {
                    pending = batch;
                    return null;
                }

                if (pending.TryAbsorb(batch))
                {
                    batch.Release();
                    return null;
                }

                room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return room.Task;
            }

            sending = true;
        }

        var send = SendAsync(batch);
        sent = send.IsCompletedSuccessfully ? Task.CompletedTask : send.AsTask();
        return null;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync(Batch batch)
    {
        try
        {
            for (var next = batch; next is not null; next = Next())
            {
                await readers.SendAsync(next).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // The source is told with its next batch.
        catch (Exception e)
        {
            failed = e;
            Next()?.Release();
        }
#pragma warning restore CA1031
    }

    private Batch? Next()
    {
        lock (gate)
        {
            var next = pending;
            pending = null;
            sending = next is not null;
            room?.SetResult();
            room = null;
            return next;
        }
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
        await sent.ConfigureAwait(false);
        readers.End();
        State = failure is null ? "completed" : "failed";
        return failure;
    }
}
