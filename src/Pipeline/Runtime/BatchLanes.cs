using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>Each batch goes to one worker; at the exit they are put in order again.</summary>
internal sealed class BatchLanes : Lanes
{
    /// <summary>Batches under way for each worker: one in work, and one that waits, be it for the worker or for those before it.</summary>
    private const int PerWorker = 2;

    private readonly Lock gate = new();
    private readonly Done[] ring;
    private readonly int[] waiting;
    private long taken;
    private long left;
    private bool handingOn;

    public BatchLanes(IReadOnlyList<Worker> workers, FanOut readers, Work work, Func<Exception, Task> breakAsync)
        : base(workers, readers, workers.Count * PerWorker, work, breakAsync)
    {
        ring = new Done[workers.Count * PerWorker];
        waiting = new int[workers.Count];
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask TakeAsync(Batch batch)
    {
        await Room.WaitAsync().ConfigureAwait(false);
        var lane = Choose(batch);
        Interlocked.Increment(ref waiting[lane]);
        Post(lane, new Item(batch, taken++));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    protected override async ValueTask<Worker.Failure?> WorkAsync(int lane, Item item)
    {
        var failure = await RunAsync(lane, item.Batch.Whole, encode: false).ConfigureAwait(false);
        Interlocked.Decrement(ref waiting[lane]);
        if (failure is not null)
        {
            item.Batch.Release();
        }

        await LeaveAsync(item.Ticket, failure is null ? item.Batch : null).ConfigureAwait(false);
        return failure;
    }

    /// <summary>Payloads that answer requests stay with one worker, which knows what the request gave before; others go where least waits.</summary>
    private int Choose(Batch batch)
    {
        if (batch.DocumentCount > 0 && batch.Document(0).Request > 0)
        {
            return batch.Document(0).Source % waiting.Length;
        }

        var best = (int)(taken % waiting.Length);
        for (var lane = 0; lane < waiting.Length; lane++)
        {
            best = Volatile.Read(ref waiting[lane]) < Volatile.Read(ref waiting[best]) ? lane : best;
        }

        return best;
    }

    /// <summary>Hands on all batches whose turn it is; one that comes too early is handed on by whoever brings the one before it.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask LeaveAsync(long ticket, Batch? batch)
    {
        lock (gate)
        {
            ring[ticket % ring.Length] = new Done(true, batch);
            if (handingOn)
            {
                return;
            }

            handingOn = true;
        }

        while (TryNext(out var next))
        {
            await HandOnAsync(next).ConfigureAwait(false);
        }
    }

    private bool TryNext(out Batch? batch)
    {
        lock (gate)
        {
            ref var place = ref ring[left % ring.Length];
            batch = place.Batch;
            if (!place.IsDone)
            {
                handingOn = false;
                return false;
            }

            place = default;
            left++;
            return true;
        }
    }

    private readonly record struct Done(bool IsDone, Batch? Batch);
}
