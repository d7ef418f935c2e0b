using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Messages;

/// <summary>
/// The batches of one pipeline, bounded: when all are leased, sources wait. A slow holder is backpressure, not memory.
/// </summary>
public sealed class BatchPool : IDisposable
{
    /// <summary>Payload bytes that a returning batch may keep; what rows stood in is kept up to eight times as much.</summary>
    private const int KeepBytes = 128 * 1024;

    private const int KeepRowBytes = 8 * KeepBytes;

    /// <summary>Memory of batches kept for later; more than that is in use only when many small ones wait, and is soon made anew.</summary>
    internal const int MaxIdleBytes = 32 << 20;

    private readonly RecordSchema schema;
    private readonly SemaphoreSlim free;
    private readonly Lock gate = new();

    // What came back last is lent first: it is most likely still near.
    private readonly Stack<Batch> idle = [];
    private readonly Stack<RowMemory> idleRows = [];
    private int leased;
    private int overdrawn;
    private long idling;

    /// <summary>Makes a pool.</summary>
    /// <param name="schema">Record types and sources of the pipeline.</param>
    /// <param name="capacity">The most batches that may be leased to sources at once.</param>
    public BatchPool(RecordSchema schema, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        this.schema = schema;
        Capacity = capacity;
        free = new SemaphoreSlim(capacity, capacity);
    }

    /// <summary>The most batches that may be leased at once.</summary>
    public int Capacity { get; }

    /// <summary>Batches leased now.</summary>
    public int Leased => Volatile.Read(ref leased);

    /// <summary>Waits until a batch is free and leases it.</summary>
    public async ValueTask<Batch> RentAsync(CancellationToken cancellationToken)
    {
        await free.WaitAsync(cancellationToken).ConfigureAwait(false);
        return Take();
    }

    internal void Return(Batch batch)
    {
        batch.Reset(KeepBytes);
        Interlocked.Decrement(ref leased);
        Keep(idle, batch, batch.Capacity);
        if (Interlocked.Decrement(ref overdrawn) < 0)
        {
            Interlocked.Increment(ref overdrawn);
            free.Release();
        }
    }

    /// <summary>Memory for the rows of a batch, empty.</summary>
    internal RowMemory LendRows()
    {
        lock (gate)
        {
            if (idleRows.TryPop(out var known))
            {
                idling -= known.Bytes;
                return known;
            }
        }

        return new RowMemory(schema);
    }

    /// <summary>Takes memory of rows back that nobody reads any more.</summary>
    internal void TakeBack(RowMemory rows)
    {
        rows.Clear();
        if (rows.Bytes <= KeepRowBytes)
        {
            Keep(idleRows, rows, rows.Bytes);
        }
    }

    /// <summary>
    /// Leases a batch for a copy at a fan-out, without waiting: a waiting copy would hold its original, and with all batches
    /// held so nobody could go on. The number of copies is bounded by the links' capacity.
    /// </summary>
    internal Batch RentCopy()
    {
        if (!free.Wait(0, CancellationToken.None))
        {
            Interlocked.Increment(ref overdrawn);
        }

        return Take();
    }

    private Batch Take()
    {
        var batch = TakeIdle() ?? new Batch(this, schema);
        batch.Lease();
        Interlocked.Increment(ref leased);
        return batch;
    }

    private Batch? TakeIdle()
    {
        lock (gate)
        {
            if (idle.TryPop(out var known))
            {
                idling -= known.Capacity;
            }

            return known;
        }
    }

    private void Keep<T>(Stack<T> stack, T one, int bytes)
    {
        lock (gate)
        {
            if (idling + bytes <= MaxIdleBytes)
            {
                idling += bytes;
                stack.Push(one);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => free.Dispose();
}
