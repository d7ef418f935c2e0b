using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>One or more neighbouring transforms, run one after the other on each batch.</summary>
internal sealed class TransformStage : Stage
{
    private readonly Func<IReadOnlyList<IStep>> build;
    private readonly FanOut readers;
    private IReadOnlyList<IStep> steps;

    /// <param name="blocks">The transforms, upstream first.</param>
    /// <param name="capacity">Most batches waiting.</param>
    /// <param name="build">Makes fresh steps, one per transform; called again after a failure.</param>
    /// <param name="readers">Who gets the batches.</param>
    /// <param name="services">The runtime's services.</param>
    public TransformStage(IReadOnlyList<BlockDefinition> blocks, int capacity, Func<IReadOnlyList<IStep>> build, FanOut readers, StageServices services)
        : base(blocks, capacity, services)
    {
        this.build = build;
        this.readers = readers;
        steps = build();
    }

    public override bool IsSink => false;

    protected override async Task HandleAsync(Batch batch)
    {
        var started = Services.Time.GetTimestamp();
        var failure = Run(batch);
        Latency.Add(Services.Time.GetElapsedTime(started).TotalMilliseconds);
        if (failure is { } failed)
        {
            batch.Release();
            await RestartAsync(failed.Exception, failed.Block, failed.Records).ConfigureAwait(false);
            return;
        }

        await readers.SendAsync(batch).ConfigureAwait(false);
    }

    protected override Task EndAsync()
    {
        readers.End();
        return Task.CompletedTask;
    }

    private (Exception Exception, string Block, int Records)? Run(Batch batch)
    {
        for (var i = 0; i < steps.Count && !batch.IsSpent; i++)
        {
            var name = Blocks[i].Name;
            (Exception, string, int)? failure = null;
            Counters[i].CountIn(batch.Live);
            batch.BeginStep();
            try
            {
                steps[i].Process(batch, Services.Time.GetUtcNow().UtcTicks);
            }
#pragma warning disable CA1031 // Whatever a step throws, its records are accounted for and the stage is restarted.
            catch (Exception e)
            {
                failure = (e, name, batch.Live);
                batch.LeaveAll(RowState.Dead, "step failed", e.Message);
            }
#pragma warning restore CA1031

            Counters[i].Settle(batch);
            Services.DeadLetters.Write(name, batch);
            if (failure is not null)
            {
                return failure;
            }

            Services.Taps[name].Show(batch);
        }

        return null;
    }

    private async Task RestartAsync(Exception cause, string block, int records)
    {
        State = "restarting";
        Problem = $"block '{block}' failed: {cause.Message}";
        var wait = BackOff.Next();
        StageLog.Restarting(Services.Logger, cause, Name, block, records, Duration.Rounded(wait));
        while (!Services.Abort.IsCancellationRequested)
        {
            await Task.Delay(wait, Services.Time, Services.Abort).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                steps = build();
                Services.Health.AskInFull();
                State = "running";
                Problem = null;
                return;
            }
#pragma warning disable CA1031 // A file that is missing now may be back later; nothing is lost meanwhile.
            catch (Exception e)
            {
                wait = BackOff.Next();
                StageLog.Unbuildable(Services.Logger, e, Name, Duration.Rounded(wait));
            }
#pragma warning restore CA1031
        }
    }
}
