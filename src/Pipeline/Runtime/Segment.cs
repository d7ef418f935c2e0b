using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// The workers of neighbouring transforms. What keeps state stands still and batches pass it in order, so a batch, its rows and its
/// text stay in the caches of the core that took it up.
/// </summary>
internal sealed class Segment
{
    private readonly SegmentPlan plan;
    private readonly StageServices services;
    private readonly Worker[] workers;
    private readonly Turnstile[] turnstiles;

    /// <param name="stage">The stage's name.</param>
    /// <param name="plan">The transforms, and how the workers share the records.</param>
    /// <param name="lanes">Batches that may be here at the same time.</param>
    /// <param name="build">Makes fresh steps, one per transform, of one of several workers.</param>
    /// <param name="services">The runtime's services.</param>
    public Segment(string stage, SegmentPlan plan, int lanes, Func<SegmentPlan, IReadOnlyList<IStep>> build, StageServices services)
    {
        this.plan = plan;
        this.services = services;
        workers = [.. Enumerable.Range(0, plan.Workers).Select(_ => new Worker(stage, plan.Blocks, () => build(plan), services))];
        turnstiles = plan.Distribution == Distribution.Batches ? [] : [.. workers.Select(_ => new Turnstile(lanes))];
        Books = [.. plan.Blocks.Select((_, i) => new StepTotals([.. workers.Select(w => w.Counters[i])]))];
    }

    public IReadOnlyList<Worker> Workers => workers;

    public IReadOnlyList<StepTotals> Books { get; }

    /// <summary>Whether one of the transforms can explain its records.</summary>
    public bool Explains => turnstiles.Length > 0 && workers[0].Explains;

    /// <summary>Whether one of the transforms tells its records again.</summary>
    public bool Tells => workers[0].Tells;

    /// <summary>Runs the steps on a batch when it is its turn.</summary>
    /// <returns>False when there are no turns any more: the batch is to be given up.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> RunAsync(Batch batch, int lane, long ticket)
    {
        if (turnstiles.Length == 0)
        {
            // A lane whose worker has to be made anew takes up nothing.
            return await RunAsync(workers[lane], batch.Whole).ConfigureAwait(false);
        }

        if (workers.Length > 1)
        {
            batch.Split(workers.Length);
        }

        for (var i = 0; i < workers.Length; i++)
        {
            if (!await turnstiles[i].EnterAsync(lane, ticket).ConfigureAwait(false))
            {
                return false;
            }

            await RunAsync(workers[i], workers.Length > 1 ? batch.PartOf(i) : batch.Whole).ConfigureAwait(false);
            turnstiles[i].Leave();
        }

        if (workers.Length > 1)
        {
            batch.Join();
        }

        return true;
    }

    /// <summary>Saves the state of each worker when it has seen all batches before the ticket, and none after. What lanes keep for themselves is not saved.</summary>
    /// <returns>False when there are no turns any more.</returns>
    public ValueTask<bool> SaveAsync(CheckpointBarrier barrier, int lane, long ticket) =>
        PassAsync(lane, ticket, (worker, shard) => worker.Save(barrier, shard, workers.Length));

    /// <summary>Does something with each worker that keeps state, when it has seen all batches before the ticket, and none after.</summary>
    /// <param name="lane">Whose turn it is.</param>
    /// <param name="ticket">Its place in the order of arrival.</param>
    /// <param name="act">Given the worker and its shard.</param>
    /// <returns>False when there are no turns any more.</returns>
    public async ValueTask<bool> PassAsync(int lane, long ticket, Action<Worker, int> act)
    {
        for (var i = 0; i < turnstiles.Length; i++)
        {
            if (!await turnstiles[i].EnterAsync(lane, ticket).ConfigureAwait(false))
            {
                return false;
            }

            act(workers[i], i);
            turnstiles[i].Leave();
        }

        return true;
    }

    /// <summary>Saves the state of the workers while they do nothing.</summary>
    public void Save(CheckpointBarrier barrier)
    {
        for (var i = 0; i < turnstiles.Length; i++)
        {
            workers[i].Save(barrier, i, workers.Length);
        }
    }

    /// <summary>Gives the workers what was saved.</summary>
    public void Restore(Func<string, int, int, StateReader> reader)
    {
        for (var i = 0; i < turnstiles.Length; i++)
        {
            workers[i].Restore(reader, i, workers.Length);
        }
    }

    /// <summary>Runs the steps on what was told again, while nothing else moves.</summary>
    public void RunRestored(Batch batch)
    {
        if (turnstiles.Length <= 1)
        {
            workers[0].RunRestored(batch.Whole);
            return;
        }

        batch.Split(workers.Length);
        for (var i = 0; i < workers.Length; i++)
        {
            workers[i].RunRestored(batch.PartOf(i));
        }

        batch.Join();
    }

    /// <summary>Lets go of all who wait: the shell has failed.</summary>
    public void Open()
    {
        foreach (var turnstile in turnstiles)
        {
            turnstile.Open();
        }
    }

    private ValueTask<bool> RunAsync(Worker worker, Part part) => worker.Run(part) is { } failure ? RestartAsync(worker, part, failure) : new ValueTask<bool>(true);

    /// <summary>Makes the worker's steps anew, until they have done with the part.</summary>
    private async ValueTask<bool> RestartAsync(Worker worker, Part part, BlockFailure? failure)
    {
        while (failure is not null)
        {
            if (services.Supervisor.GoesBack(failure.Block))
            {
                throw new BlockFailedException(failure);
            }

            try
            {
                if (!await worker.RestartAsync(failure).ConfigureAwait(false))
                {
                    worker.GiveUp(part, failure.Step, RowState.Dropped, SinkStage.DrainTimeout, null);
                    return true;
                }
            }
            catch (RepeatedFailureException)
            {
                worker.GiveUp(part, failure.Step, RowState.Dead, Supervisor.StepFailed, failure.Exception.Message);
                throw;
            }

            if (services.Supervisor.LastState() is { } reader && Array.IndexOf(workers, worker) is var shard && turnstiles.Length > 0)
            {
                worker.Restore(reader, shard, workers.Length);
            }

            failure = worker.Resume(part, failure.Step);
        }

        return true;
    }
}
