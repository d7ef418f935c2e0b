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

    /// <summary>Why its steps are made anew, or what is wrong for one of them.</summary>
    public string? Problem
    {
        get => field ?? steps.Select(s => s.Problem).FirstOrDefault(p => p is not null);
        private set;
    }

    public int Restarts => backOff.Count;

    /// <summary>Runs the steps.</summary>
    /// <returns>Why they have to be made anew; null when all went well.</returns>
    public BlockFailure? Run(Part part)
    {
        State = "running";
        return RunFrom(0, part);
    }

    /// <summary>Goes on with a part on which a step has failed, behind what it failed on.</summary>
    /// <returns>Why the steps have to be made anew once more; null when all went well.</returns>
    public BlockFailure? Resume(Part part, int step)
    {
        part.BeginRest();
        return RunStep(step, part) ?? RunFrom(step + 1, part);
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

    /// <summary>Whether one of the steps can explain its records.</summary>
    public bool Explains => steps.Any(s => s is IExplains);

    /// <summary>Explains a record that one of the steps holds; not while they run.</summary>
    public KeyExplanation? Explain(ReadOnlySpan<byte> key)
    {
        for (var i = 0; i < steps.Count; i++)
        {
            if ((steps[i] as IExplains)?.Explain(key, services.Now) is { } explanation)
            {
                return explanation with { Block = blocks[i].Name };
            }
        }

        return null;
    }

    /// <summary>Some of the keys that could be explained; not while the steps run.</summary>
    public IEnumerable<string> SomeKeys(int most) => steps.OfType<IExplains>().SelectMany(s => s.SomeKeys(most));

    /// <summary>Whether one of the steps tells its records again.</summary>
    public bool Tells => Teller >= 0;

    private int Teller => steps.ToList().FindLastIndex(s => s is ITellsRecords);

    /// <summary>Fills an empty batch with records that the last such step holds, and lets the steps behind it work on them. Nothing else moves.</summary>
    /// <returns>Whether there are more.</returns>
    public bool Tell(Batch batch)
    {
        var step = Teller;
        batch.IsRestored = true;
        batch.AddDocument(new Document { Origin = "checkpoint" });
        batch.LeaveDocument(0, RowState.Mapped, "");
        batch.Whole.BeginStep();
        var more = ((ITellsRecords)steps[step]).Tell(batch);
        counters[step].Settle(batch.Whole);
        RunRestored(step + 1, batch.Whole);
        return more;
    }

    /// <summary>Runs the steps on what was told again. Nothing else moves.</summary>
    public void RunRestored(Part part) => RunRestored(0, part);

    /// <summary>The steps can't be tried again: all of the part leaves, what they have done with too.</summary>
    public void GiveUp(Part part, int step, RowState state, string reason, string? detail)
    {
        part.BeginStep();
        part.LeaveAll(state, reason, detail);
        counters[step].Settle(part);
        services.DeadLetters.Write(blocks[step].Name, part);
    }

    /// <summary>Makes fresh steps after a back-off, trying until it works.</summary>
    /// <returns>False when the drain timeout has passed before.</returns>
    /// <exception cref="RepeatedFailureException">They have failed too often.</exception>
    public async Task<bool> RestartAsync(BlockFailure failure)
    {
        Problem = failure.Words;
        State = "restarting";
        var wait = backOff.Next();
        if (backOff.InARow > Supervisor.MostInARow)
        {
            throw new RepeatedFailureException(services.Supervisor.GivingUp(failure), failure);
        }

        StageLog.Restarting(services.Logger, failure.Exception, failure.Words, stage, Duration.Rounded(wait));
        while (!services.Abort.IsCancellationRequested)
        {
            await Task.Delay(wait, services.Time, services.Abort).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                steps = build();
                services.Health.AskInFull();
                State = "running";
                Problem = null;
                return true;
            }
#pragma warning disable CA1031 // A file that is missing now may be back later; nothing is lost meanwhile.
            catch (Exception e)
            {
                wait = backOff.Next();
                StageLog.Unbuildable(services.Logger, e, stage, Duration.Rounded(wait));
            }
#pragma warning restore CA1031
        }

        return false;
    }

    private BlockFailure? RunFrom(int first, Part part)
    {
        for (var i = first; i < steps.Count && !part.IsSpent; i++)
        {
            counters[i].CountIn(part.Live);
            part.BeginStep();
            if (part.Batch.IsRestored && steps[i] is ICheckpointed)
            {
                // It has seen these before, and knows that.
                counters[i].CountOut(part.Live);
                continue;
            }

            services.Supervisor.Poison.TakeOut(blocks[i].Name, part);
            if (RunStep(i, part) is { } failure)
            {
                return failure;
            }
        }

        return null;
    }

    private BlockFailure? RunStep(int i, Part part)
    {
        var name = blocks[i].Name;
        try
        {
            steps[i].Process(part, services.Now);
        }
#pragma warning disable CA1031 // Whatever a step throws, its records are accounted for and the steps are made anew.
        catch (Exception e)
        {
            return Fail(i, part, e);
        }
#pragma warning restore CA1031

        counters[i].Settle(part);
        part.Rewind();
        if (part.Batch.IsRestored)
        {
            return null;
        }

        services.DeadLetters.Write(name, part);
        if (i < steps.Count - 1)
        {
            services.Taps[name].Show(part);
        }

        return null;
    }

    private void RunRestored(int first, Part part)
    {
        if (RunFrom(first, part) is { } failure)
        {
            // No record is lost: the next change tells it.
            StageLog.NotTold(services.Logger, failure.Exception, failure.Block);
            GiveUp(part, failure.Step, RowState.Dropped, "not told again", null);
        }
    }

    private BlockFailure Fail(int step, Part part, Exception exception)
    {
        var name = blocks[step].Name;
        var culprit = part.TakeOutCulprit(Supervisor.StepFailed, exception.Message);
        counters[step].SettleLeft(part);

        // What comes again goes to the dead letter then.
        if (!services.Supervisor.GoesBack(name) || !services.Supervisor.ComesAgain(name))
        {
            services.DeadLetters.Write(name, part);
        }

        return new BlockFailure(name, step, exception, culprit);
    }
}
