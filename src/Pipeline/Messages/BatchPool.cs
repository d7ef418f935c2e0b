using System.Collections.Concurrent;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Messages;

/// <summary>
/// The batches of one pipeline, bounded: when all are leased, sources wait. A slow holder is backpressure, not memory.
/// </summary>
public sealed class BatchPool : IDisposable
{
    /// <summary>Payload bytes that a returning batch may keep; it may keep four times as much for its rows, and for what they were encoded to.</summary>
    private const int KeepBytes = 128 * 1024;

    /// <summary>Memory of batches kept for later; more than that is in use only when many small ones wait, and is soon made anew.</summary>
    internal const int MaxIdleBytes = 32 << 20;

    private readonly RecordSchema schema;
    private readonly SemaphoreSlim free;
    private readonly ConcurrentBag<Batch> idle = [];
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
        if (Interlocked.Add(ref idling, batch.Capacity) <= MaxIdleBytes)
        {
            idle.Add(batch);
        }
        else
        {
            Interlocked.Add(ref idling, -batch.Capacity);
        }

        if (Interlocked.Decrement(ref overdrawn) < 0)
        {
            Interlocked.Increment(ref overdrawn);
            free.Release();
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
        Batch batch;
        if (idle.TryTake(out var known))
        {
            Interlocked.Add(ref idling, -known.Capacity);
            batch = known;
        }
        else
        {
            batch = new Batch(this, schema);
        }

        batch.Lease();
        Interlocked.Increment(ref leased);
        return batch;
    }

    /// <inheritdoc/>
    public void Dispose() => free.Dispose();
}
