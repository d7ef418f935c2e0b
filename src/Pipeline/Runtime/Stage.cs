using System.Runtime.CompilerServices;
using System.Threading.Tasks.Dataflow;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// The pipeline's blocks behind bounded Dataflow blocks, one for each lane: a thin shell that moves batches. It completes when all
/// its inputs have, and no exception leaves it.
/// </summary>
internal abstract class Stage
{
    private readonly ActionBlock<Arrival>[] lanes;
    private readonly int[] load;
    private readonly LinkBudget budget;
    private readonly Lock gate = new();
    private long tickets;
    private int inputs;
    private long queued;

    protected Stage(StagePlan plan, LinkBudget budget, StageServices services)
    {
        Plan = plan;
        Services = services;
        Name = string.Join('+', plan.Blocks.Select(b => b.Name));
        this.budget = budget;
        load = new int[plan.Lanes];
        lanes = [.. Enumerable.Range(0, plan.Lanes).Select(lane => BlockFactory.Action<Arrival>(budget.MaxRecords + 1, arrival => TakeAsync(arrival, lane)))];
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

    public abstract int Restarts { get; }

    /// <summary>Ends when every input has ended and everything taken has been handed on. Never fails.</summary>
    public Task Completion { get; }

    /// <summary>True for a stage that only reads: it takes sealed batches that others read too.</summary>
    public abstract bool IsSink { get; }

    protected StageServices Services { get; }

    /// <summary><c>idle</c>, <c>running</c>, <c>restarting</c> or <c>waiting</c>.</summary>
    protected abstract string WorkState { get; }

    protected abstract string? WorkProblem { get; }

    private string? Broken { get; set; }

    private bool IsCompleted { get; set; }

    /// <summary>Says that one more stage will send here.</summary>
    public void AddInput() => Interlocked.Increment(ref inputs);

    /// <summary>Says that one of the senders has ended; after the last one the stage drains and completes.</summary>
    public void InputEnded()
    {
        if (Interlocked.Decrement(ref inputs) == 0)
        {
            foreach (var lane in lanes)
            {
                lane.Complete();
            }
        }
    }

    /// <summary>Hands a batch over, waiting while the link is full.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendAsync(Batch batch)
    {
        var live = batch.Live;
        var share = new Load(live + batch.Controls, batch.Bytes.Length);
        Interlocked.Add(ref queued, live);
        await budget.EnterAsync(share).ConfigureAwait(false);

        // The budget is the tighter bound of a lane: each batch holds at least one record.
        bool isTaken;
        lock (gate)
        {
            var lane = LaneOf(batch);
            Interlocked.Increment(ref load[lane]);
            isTaken = lanes[lane].Post(new Arrival(batch, live, share, tickets++));
        }

        if (!isTaken)
        {
            throw new InvalidOperationException($"Stage '{Name}' got a batch after its inputs had ended.");
        }
    }

    /// <summary>Works on a batch. Calls of one lane never overlap.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="lane">Which lane does it.</param>
    /// <param name="ticket">The batch's place in the order of arrival, from 0.</param>
    protected abstract ValueTask HandleAsync(Batch batch, int lane, long ticket);

    /// <summary>The shell failed: lets go of what waits for its turn.</summary>
    protected virtual void OnBroken()
    {
    }

    /// <summary>Everything has been handled: ends what reads from here, or makes durable what was written.</summary>
    protected abstract Task EndAsync();

    /// <summary>The shell failed: what is under way is given up, and the run ends with the reason.</summary>
    private async Task BreakAsync(Exception exception)
    {
        StageLog.ShellFailed(Services.Logger, exception, Name);
        Broken = exception.GetBaseException().Message;
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

        var best = (int)(tickets % lanes.Length);
        for (var lane = 0; lane < lanes.Length; lane++)
        {
            best = Volatile.Read(ref load[lane]) < Volatile.Read(ref load[best]) ? lane : best;
        }

        return best;
    }

    private async Task TakeAsync(Arrival arrival, int lane)
    {
        Interlocked.Add(ref queued, -arrival.Live);
        try
        {
            if (IsBroken)
            {
                arrival.Batch.Release();
            }
            else
            {
                await HandleAsync(arrival.Batch, lane, arrival.Ticket).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // An exception would purge the block's queue, and senders would wait for its room for ever.
        catch (Exception e)
        {
            await BreakAsync(e).ConfigureAwait(false);
        }
#pragma warning restore CA1031

        Interlocked.Decrement(ref load[lane]);
        budget.Leave(arrival.Load);
    }

    private async Task FinishAsync()
    {
        await Task.WhenAll(lanes.Select(l => l.Completion)).ConfigureAwait(false);
        await EndAsync().ConfigureAwait(false);
        IsCompleted = true;
    }

    private readonly record struct Arrival(Batch Batch, int Live, Load Load, long Ticket);
}
