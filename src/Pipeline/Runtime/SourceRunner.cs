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
    private volatile bool ended;

    public BlockDefinition Block { get; } = block;

    public StepCounters Counters { get; } = new();

    public short Source { get; } = index;

    public bool IsFinite => source.IsFinite;

    public string State { get; private set; } = "idle";

    public string? Problem { get; private set; }

    public int Restarts => backOff.Count;

    public ValueTask<Batch> RentAsync(CancellationToken cancellationToken) => pool.RentAsync(cancellationToken);

    public ValueTask EmitAsync(Batch batch, CancellationToken cancellationToken)
    {
        if (ended)
        {
            batch.Release();
            return ValueTask.CompletedTask;
        }

        Counters.CountIn(batch.Live + batch.Departures.Length);
        Counters.Settle(batch);
        services.DeadLetters.Write(Block.Name, batch);
        return readers.SendAsync(batch);
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
        var failed = false;
        while (true)
        {
            try
            {
                if (failed)
                {
                    source = build();
                    State = "running";
                    Problem = null;
                    failed = false;
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

                failed = true;
            }
#pragma warning restore CA1031
        }

        ended = true;
        readers.End();
        State = failure is null ? "completed" : "failed";
        return failure;
    }
}
