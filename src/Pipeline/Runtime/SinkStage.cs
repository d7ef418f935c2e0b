using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>A sink in its shell: a batch that can't be written is offered again until it can, or until the drain timeout.</summary>
internal sealed class SinkStage(BlockDefinition block, int capacity, ISink sink, StageServices services) : Stage([block], capacity, services)
{
    /// <summary>Why records are dropped when a shutdown takes too long.</summary>
    public const string DrainTimeout = "drain timeout";

    public override bool IsSink => true;

    public LatencyRing EndToEnd { get; } = new();

    public string? SinkProblem => Problem ?? sink.Problem;

    protected override async Task HandleAsync(Batch batch)
    {
        var records = batch.Live;
        Counters[0].CountIn(records);
        var started = Services.Time.GetTimestamp();
        if (await WriteAsync(batch).ConfigureAwait(false))
        {
            Counters[0].CountOut(records);
            Services.Taps[block.Name].Show(batch);
            Latency.Add(Services.Time.GetElapsedTime(started).TotalMilliseconds);
            CountEndToEnd(batch);
        }
        else if (records > 0)
        {
            Counters[0].Count(RowState.Dropped, DrainTimeout, records);
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
            Problem = $"could not finish: {e.Message}";
            StageLog.SinkUnfinished(Services.Logger, block.Name, e.Message);
        }
#pragma warning restore CA1031
    }

    private async Task<bool> WriteAsync(Batch batch)
    {
        while (true)
        {
            TimeSpan wait;
            try
            {
                await sink.WriteAsync(batch, Services.Abort).ConfigureAwait(false);
                if (Problem is not null)
                {
                    StageLog.SinkRecovered(Services.Logger, block.Name);
                }

                Problem = null;
                State = "running";
                return true;
            }
            catch (OperationCanceledException) when (Services.Abort.IsCancellationRequested)
            {
                return false;
            }
#pragma warning disable CA1031 // Whatever a sink throws, the batch is offered again.
            catch (Exception e)
            {
                State = "waiting";
                wait = BackOff.Next();
                if (Problem != e.Message)
                {
                    StageLog.SinkWaits(Services.Logger, block.Name, e.Message, Duration.Rounded(wait));
                }

                Problem = e.Message;
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
