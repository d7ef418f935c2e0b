using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>One instance of each transform of a stage, run one after the other on what it is given. Calls never overlap.</summary>
internal sealed class Worker
{
    private readonly IReadOnlyList<BlockDefinition> blocks;
    private readonly Func<IReadOnlyList<IStep>> build;
    private readonly StageServices services;
    private readonly string stage;
    private readonly BackOff backOff;
    private readonly StepCounters[] counters;
    private IReadOnlyList<IStep> steps;

    /// <param name="stage">The stage's name.</param>
    /// <param name="blocks">The transforms, upstream first.</param>
    /// <param name="build">Makes fresh steps, one per transform; called again after a failure.</param>
    /// <param name="services">The runtime's services.</param>
    public Worker(string stage, IReadOnlyList<BlockDefinition> blocks, Func<IReadOnlyList<IStep>> build, StageServices services)
    {
        this.stage = stage;
        this.blocks = blocks;
        this.build = build;
        this.services = services;
        backOff = new BackOff(services.Time);
        counters = [.. blocks.Select(_ => new StepCounters())];
        steps = build();
    }

    public IReadOnlyList<StepCounters> Counters => counters;

    public string State { get; private set; } = "idle";

    public string? Problem { get; private set; }

    public int Restarts => backOff.Count;

    /// <summary>Runs the steps.</summary>
    /// <returns>Why they have to be made anew; null when all went well.</returns>
    public Failure? Run(Part part)
    {
        State = "running";
        for (var i = 0; i < steps.Count && !part.IsSpent; i++)
        {
            var name = blocks[i].Name;
            Failure? failure = null;
            counters[i].CountIn(part.Live);
            part.BeginStep();
            try
            {
                steps[i].Process(part, services.Now);
            }
#pragma warning disable CA1031 // Whatever a step throws, its records are accounted for and the steps are made anew.
            catch (Exception e)
            {
                failure = new Failure(e, name, part.Live);
                part.LeaveAll(RowState.Dead, "step failed", e.Message);
            }
#pragma warning restore CA1031

            counters[i].Settle(part);
            services.DeadLetters.Write(name, part);
            if (failure is not null)
            {
                return failure;
            }

            if (i < steps.Count - 1)
            {
                services.Taps[name].Show(part);
            }
        }

        return null;
    }

    /// <summary>Saves the steps' state; not while they run.</summary>
    public void Save(CheckpointBarrier barrier, int shard, int shards)
    {
        for (var i = 0; i < steps.Count; i++)
        {
            (steps[i] as ICheckpointed)?.Save(barrier.Part(blocks[i].Name, shard, shards));
        }
    }

    /// <summary>Gives the steps what was saved, before they run.</summary>
    public void Restore(Func<string, int, int, StateReader> reader, int shard, int shards)
    {
        for (var i = 0; i < steps.Count; i++)
        {
            (steps[i] as ICheckpointed)?.Restore(reader(blocks[i].Name, shard, shards));
        }
    }

    /// <summary>Makes fresh steps after a back-off, trying until it works.</summary>
    public async Task RestartAsync(Failure failure)
    {
        Problem = $"block '{failure.Block}' failed: {failure.Exception.Message}";
        State = "restarting";
        var wait = backOff.Next();
        StageLog.Restarting(services.Logger, failure.Exception, stage, failure.Block, failure.Records, Duration.Rounded(wait));
        while (!services.Abort.IsCancellationRequested)
        {
            await Task.Delay(wait, services.Time, services.Abort).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                steps = build();
                services.Health.AskInFull();
                State = "running";
                Problem = null;
                return;
            }
#pragma warning disable CA1031 // A file that is missing now may be back later; nothing is lost meanwhile.
            catch (Exception e)
            {
                wait = backOff.Next();
                StageLog.Unbuildable(services.Logger, e, stage, Duration.Rounded(wait));
            }
#pragma warning restore CA1031
        }
    }

    /// <summary>A step threw.</summary>
    /// <param name="Exception">What it threw.</param>
    /// <param name="Block">The block.</param>
    /// <param name="Records">How many records it was working on; they went to the dead letter.</param>
    internal sealed record Failure(Exception Exception, string Block, int Records);
}
