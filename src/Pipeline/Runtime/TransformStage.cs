using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>A chain of transforms. Its lanes work on a batch each, from the first transform to the encoded record; batches leave in the order they came.</summary>
internal sealed partial class TransformStage : Stage
{
    private readonly FanOut readers;
    private readonly Segment[] segments;
    private readonly Turnstile exit;
    private readonly StepCounters givenUp = new();

    /// <param name="plan">The transforms, and how workers share the records.</param>
    /// <param name="budget">Bounds what waits in front and what is worked on.</param>
    /// <param name="build">Makes fresh steps, one per transform, of one of a segment's workers; called again after a failure.</param>
    /// <param name="readers">Who gets the batches.</param>
    /// <param name="services">The runtime's services.</param>
    public TransformStage(StagePlan plan, LinkBudget budget, Func<SegmentPlan, IReadOnlyList<IStep>> build, FanOut readers, StageServices services)
        : base(plan, budget, services)
    {
        this.readers = readers;
        segments = [.. plan.Segments.Select(s => new Segment(Name, s, plan.Lanes, build, services))];
        exit = new Turnstile(plan.Lanes);
        Books = [new StepTotals([.. segments[0].Books[0].Shares, givenUp]), .. segments.SelectMany(s => s.Books).Skip(1)];
    }

    public override IReadOnlyList<StepTotals> Books { get; }

    public override bool IsSink => false;

    public override bool TakesRestored => !segments.Any(s => s.Tells) && readers.TakesRestored;

    public override int Restarts => Workers.Sum(w => w.Restarts);

    protected override string WorkState =>
        Workers.Any(w => w.State == "restarting") ? "restarting" : Workers.Any(w => w.State == "running") ? "running" : "idle";

    protected override string? WorkProblem => Workers.Select(w => w.Problem).FirstOrDefault(p => p is not null);

    private IEnumerable<Worker> Workers => segments.SelectMany(s => s.Workers);

    public override Task SaveAsync(CheckpointBarrier barrier, CancellationToken cancellationToken)
    {
        foreach (var segment in segments)
        {
            segment.Save(barrier);
        }

        barrier.Leave();
        return Task.CompletedTask;
    }

    public override Task RestoreAsync(Func<string, int, int, StateReader> reader, CancellationToken cancellationToken)
    {
        foreach (var segment in segments)
        {
            segment.Restore(reader);
        }

        return Task.CompletedTask;
    }

    public override async Task<long> TellAsync(CancellationToken cancellationToken)
    {
        var told = 0L;
        if (readers.TakesRestored && Array.FindLast(segments, s => s.Tells) is { } segment)
        {
            foreach (var worker in segment.Workers)
            {
                for (var more = true; more;)
                {
                    var batch = await readers.RentAsync(cancellationToken).ConfigureAwait(false);
                    more = worker.Tell(batch);
                    foreach (var later in segments.SkipWhile(s => s != segment).Skip(1))
                    {
                        later.RunRestored(batch);
                    }

                    told += batch.Live;
                    await readers.SendAsync(batch).ConfigureAwait(false);
                }
            }
        }

        return told;
    }

    protected override async ValueTask PassAsync(CheckpointBarrier barrier, int lane, long ticket)
    {
        foreach (var segment in segments)
        {
            if (!await segment.SaveAsync(barrier, lane, ticket).ConfigureAwait(false))
            {
                return;
            }
        }

        if (await exit.EnterAsync(lane, ticket).ConfigureAwait(false))
        {
            barrier.Leave();
            await readers.PassAsync(barrier).ConfigureAwait(false);
            exit.Leave();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    protected override async ValueTask HandleAsync(Batch batch, int lane, long ticket)
    {
        var started = Services.Time.GetTimestamp();
        try
        {
            foreach (var segment in segments)
            {
                if (!await segment.RunAsync(batch, lane, ticket).ConfigureAwait(false))
                {
                    Drop(batch);
                    return;
                }
            }
        }
        catch (BlockFailedException)
        {
            batch.Release();
            throw;
        }
        catch (RepeatedFailureException)
        {
            Drop(batch);
            throw;
        }

        await Services.DeadLetters.RoomAsync(Services.Abort).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (readers.HasSinks)
        {
            batch.Seal();
        }

        Latency.Add(Services.Time.GetElapsedTime(started).TotalMilliseconds);
        if (!await exit.EnterAsync(lane, ticket).ConfigureAwait(false))
        {
            Drop(batch);
            return;
        }

        await readers.SendAsync(batch).ConfigureAwait(false);
        exit.Leave();
    }

    protected override void OnGivenUp(Batch batch)
    {
        lock (givenUp)
        {
            givenUp.CountIn(batch.Live);
            Bury(batch);
            givenUp.Settle(batch.Whole);
        }
    }

    protected override void OnBroken()
    {
        foreach (var segment in segments)
        {
            segment.Open();
        }

        exit.Open();
    }

    /// <summary>Some of the stage's blocks have the batch in their books already.</summary>
    private void Drop(Batch batch)
    {
        if (Failure is null)
        {
            Bury(batch);
        }

        batch.Release();
    }

    private void Bury(Batch batch)
    {
        batch.Whole.BeginStep();
        batch.Whole.LeaveAll(RowState.Dead, "pipeline stopped", Problem);
        Services.DeadLetters.Write(Plan.Blocks[0].Name, batch.Whole);
    }

    protected override Task EndAsync()
    {
        readers.End();
        return Task.CompletedTask;
    }
}
