using System.Runtime.CompilerServices;
using System.Threading.Tasks.Dataflow;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// The pipeline's blocks behind bounded Dataflow blocks, one for each lane: a thin shell that moves batches. It completes when all
/// its inputs have, and no exception leaves it.
/// </summary>
internal abstract partial class Stage
{
    /// <summary>A barrier, and what follows when its checkpoint is complete, of which there is never more than one under way; and a question.</summary>
    private const int MostActs = 3;

    private readonly ActionBlock<Arrival>[] lanes;
    private readonly int[] load;
    private readonly LinkBudget budget;
    private readonly WaitingLine? line;
    private readonly Lock gate = new();
    private long tickets;
    private int inputs;
    private long queued;
    private CheckpointBarrier? expected;
    private TaskCompletionSource? aligned;
    private int arrived;
    private bool isTaking;

    /// <param name="plan">The blocks.</param>
    /// <param name="budget">Bounds what waits in front.</param>
    /// <param name="services">The runtime's services.</param>
    /// <param name="line">Where what waits stands when the sender does not wait for it; null when it does.</param>
    protected Stage(StagePlan plan, LinkBudget budget, StageServices services, WaitingLine? line = null)
    {
        Plan = plan;
        Services = services;
        Name = string.Join('+', plan.Blocks.Select(b => b.Name));
        this.budget = budget;
        this.line = line;
        load = new int[plan.Lanes];
        lanes = [.. Enumerable.Range(0, plan.Lanes).Select(lane => BlockFactory.Action<Arrival>(budget.MaxRecords + MostActs + 1, arrival => TakeAsync(arrival, lane)))];
        Completion = FinishAsync();
    }

    public string Name { get; }

    public StagePlan Plan { get; }

    /// <summary>The books of each block.</summary>
    public abstract IReadOnlyList<StepTotals> Books { get; }

    /// <summary>Most records that may wait in front.</summary>
    public int Capacity => budget.MaxRecords;

    public LatencyRing Latency { get; } = new();

    public long Queued => Interlocked.Read(ref queued);

    public string State => IsCompleted ? "completed" : WorkState;

    /// <summary>What is wrong now; null when all is well.</summary>
    public string? Problem => Broken ?? WorkProblem;

    /// <summary>True when the shell itself failed. It takes no more batches, so the run can't go on.</summary>
    public bool IsBroken => Broken is not null;

    /// <summary>The block's failure that the stage broke on, when going back to the last checkpoint undoes what it has done.</summary>
    public BlockFailure? Failure { get; private set; }

    public abstract int Restarts { get; }

    /// <summary>Ends when every input has ended and everything taken has been handed on. Never fails.</summary>
    public Task Completion { get; }

    /// <summary>True for a stage that only reads: it takes sealed batches that others read too.</summary>
    public abstract bool IsSink { get; }

    /// <summary>Whether it, or somebody behind it, wants to be told what the pipeline knew before it was restarted.</summary>
    public abstract bool TakesRestored { get; }

    protected StageServices Services { get; }

    /// <summary><c>idle</c>, <c>running</c>, <c>restarting</c> or <c>waiting</c>.</summary>
    protected abstract string WorkState { get; }

    protected abstract string? WorkProblem { get; }

    private string? Broken { get; set; }

    private bool IsCompleted { get; set; }

    /// <summary>Says that one more stage will send here.</summary>
    public void AddInput() => inputs++;

    /// <summary>Says that one of the senders has ended; after the last one the stage drains and completes.</summary>
    public void InputEnded()
    {
        lock (gate)
        {
            inputs--;
            PassWhenAligned_NeedsLock();
            if (inputs == 0)
            {
                foreach (var lane in lanes)
                {
                    lane.Complete();
                }
            }
        }
    }

    /// <summary>Says that a barrier is on its way; those before it are given up.</summary>
    public void Expect(CheckpointBarrier barrier)
    {
        lock (gate)
        {
            (expected, arrived) = (barrier, 0);
            aligned?.TrySetResult();
            aligned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            PassWhenAligned_NeedsLock();
        }
    }

    /// <summary>
    /// A sender has come to the barrier. It must hand over nothing more until all others have: what it sent would be in the state that is
    /// saved, although it lies behind the barrier.
    /// </summary>
    public Task ArriveAsync(CheckpointBarrier barrier)
    {
        lock (gate)
        {
            if (expected != barrier)
            {
                return Task.CompletedTask;
            }

            arrived++;
            var all = aligned!.Task;
            PassWhenAligned_NeedsLock();
            return all;
        }
    }

    /// <summary>Saves the state while nothing moves here.</summary>
    public abstract Task SaveAsync(CheckpointBarrier barrier, CancellationToken cancellationToken);

    /// <summary>Takes over saved state before anything moves.</summary>
    /// <param name="reader">Gives a block's, or a shard's, part of the checkpoint.</param>
    /// <param name="cancellationToken">Ends a wait.</param>
    public abstract Task RestoreAsync(Func<string, int, int, StateReader> reader, CancellationToken cancellationToken);

    /// <summary>Tells the records that were taken over to readers that keep none themselves, before anything new moves.</summary>
    /// <returns>How many records there were.</returns>
    public virtual Task<long> TellAsync(CancellationToken cancellationToken) => Task.FromResult(0L);

    /// <summary>The checkpoint that was saved last is complete.</summary>
    public virtual Task CommitAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Hands a batch over, waiting while the link is full.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendAsync(Batch batch)
    {
        var live = batch.Live;
        var share = new Load(live + batch.Controls, batch.Bytes.Length);
        Interlocked.Add(ref queued, live);
        if (line is not null && !batch.IsRestored)
        {
            await StandInLineAsync(line, new Arrival(batch, null, live, share, 0)).ConfigureAwait(false);
            return;
        }

        // The budget is the tighter bound of a lane: each batch holds at least one record.
        await budget.EnterAsync(share).ConfigureAwait(false);
        bool isTaken;
        lock (gate)
        {
            var arrival = new Arrival(batch, null, live, share, tickets++);
            if (line is null)
            {
                isTaken = Post_NeedsLock(LaneOf(batch), arrival);
            }
            else
            {
                // What is told again comes all at once: none of it is late, and mixed with news it would be taken for that.
                line.AddAct(arrival);
                isTaken = Wake_NeedsLock();
            }
        }

        if (!isTaken)
        {
            throw new InvalidOperationException($"Stage '{Name}' got a batch after its inputs had ended.");
        }
    }

    /// <summary>Does something in a lane, behind all that was handed over before.</summary>
    /// <param name="act">Given the lane, and the place in the order of arrival.</param>
    /// <returns>False when nothing is taken any more.</returns>
    protected bool Enqueue(Func<int, long, ValueTask> act)
    {
        lock (gate)
        {
            return inputs > 0 && Post_NeedsLock(LeastLoaded(), act);
        }
    }

    /// <summary>Lets a barrier pass behind all batches that came before it.</summary>
    protected abstract ValueTask PassAsync(CheckpointBarrier barrier, int lane, long ticket);

    /// <summary>Works on a batch. Calls of one lane never overlap.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="lane">Which lane does it.</param>
    /// <param name="ticket">The batch's place in the order of arrival, from 0.</param>
    protected abstract ValueTask HandleAsync(Batch batch, int lane, long ticket);

    /// <summary>Records were given up because the link was full. Calls never overlap.</summary>
    protected virtual void OnDropped(int records)
    {
    }

    /// <summary>The shell has failed, and a batch won't be worked on.</summary>
    protected virtual void OnGivenUp(Batch batch)
    {
    }

    /// <summary>The shell failed: lets go of what waits for its turn.</summary>
    protected virtual void OnBroken()
    {
    }

    /// <summary>Everything has been handled: ends what reads from here, or makes durable what was written.</summary>
    protected abstract Task EndAsync();

    /// <summary>The shell failed: what is under way is given up, and the run ends with the reason.</summary>
    private async Task BreakAsync(Exception exception)
    {
        if (exception is BlockFailedException block)
        {
            Failure = block.Failure;
        }
        else
        {
            StageLog.ShellFailed(Services.Logger, exception, Name);
        }

        Broken = exception is RepeatedFailureException or BlockFailedException ? exception.Message : exception.GetBaseException().Message;
        OnBroken();
        await Services.Broken.CancelAsync().ConfigureAwait(false);
    }

    /// <summary>Payloads that answer requests stay with one lane, whose worker knows what the request gave before; others go where least waits.</summary>
    private int LaneOf(Batch batch)
    {
        if (lanes.Length > 1 && batch.DocumentCount > 0 && batch.Document(0) is { Request: > 0, Source: var source })
        {
            return source % lanes.Length;
        }

        return LeastLoaded();
    }

    private int LeastLoaded()
    {
        var best = (int)(tickets % lanes.Length);
        for (var lane = 0; lane < lanes.Length; lane++)
        {
            best = Volatile.Read(ref load[lane]) < Volatile.Read(ref load[best]) ? lane : best;
        }

        return best;
    }

    private bool Post_NeedsLock(int lane, in Arrival arrival)
    {
        Interlocked.Increment(ref load[lane]);
        return lanes[lane].Post(arrival);
    }

    private bool Post_NeedsLock(int lane, Func<int, long, ValueTask> act)
    {
        var arrival = new Arrival(null, act, 0, default, tickets++);
        if (line is null)
        {
            return Post_NeedsLock(lane, arrival);
        }

        line.AddAct(arrival);
        return Wake_NeedsLock();
    }

    private Task TakeAsync(Arrival arrival, int lane) => line is null ? WorkAsync(arrival, lane).AsTask() : TakeAllAsync(line, lane);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WorkAsync(Arrival arrival, int lane)
    {
        Interlocked.Add(ref queued, -arrival.Live);
        try
        {
            if (IsBroken)
            {
                if (arrival.Batch is not null && Failure is null)
                {
                    OnGivenUp(arrival.Batch);
                }

                arrival.Batch?.Release();
            }
            else if (arrival.Batch is { } batch)
            {
                await HandleAsync(batch, lane, arrival.Ticket).ConfigureAwait(false);
            }
            else
            {
                await arrival.Act!(lane, arrival.Ticket).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // An exception would purge the block's queue, and senders would wait for its room for ever.
        catch (Exception e)
        {
            await BreakAsync(e).ConfigureAwait(false);
        }
#pragma warning restore CA1031

        if (line is null)
        {
            Interlocked.Decrement(ref load[lane]);
        }

        if (arrival.Load.Records > 0)
        {
            budget.Leave(arrival.Load);
        }
    }

    /// <summary>When all senders that are left have come to the barrier it passes; when none is left, the stage saves what it ends with.</summary>
    private void PassWhenAligned_NeedsLock()
    {
        if (expected is not { } barrier || arrived < inputs)
        {
            return;
        }

        expected = null;
        aligned!.TrySetResult();
        if (inputs == 0)
        {
            _ = SaveWhenDrainedAsync(barrier);
            return;
        }

        Post_NeedsLock(LeastLoaded(), (lane, ticket) => PassAsync(barrier, lane, ticket));
    }

    private async Task SaveWhenDrainedAsync(CheckpointBarrier barrier)
    {
        await Completion.ConfigureAwait(false);
        if (!IsBroken)
        {
            await SaveAsync(barrier, Services.Abort).ConfigureAwait(false);
        }
    }

    private async Task FinishAsync()
    {
        await Task.WhenAll(lanes.Select(l => l.Completion)).ConfigureAwait(false);
        await EndAsync().ConfigureAwait(false);
        IsCompleted = true;
    }
}
