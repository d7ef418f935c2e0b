namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// The bound of a link, in records and payload bytes: many small batches and a few large ones cost the same memory. What is larger
/// than the whole bound passes alone. Senders that wait are let in in the order they came. Where each batch has a price whatever
/// it holds, batches are bounded too: a source that waits makes larger ones.
/// </summary>
/// <param name="maxRecords">The most records that wait, or that the stage's only worker works on; several workers hold a few batches more.</param>
/// <param name="maxBytes">The same in payload bytes.</param>
/// <param name="maxBatches">The same in batches.</param>
internal sealed class LinkBudget(int maxRecords, int maxBytes, int maxBatches = int.MaxValue)
{
    private readonly Lock gate = new();
    private readonly Queue<Waiter> waiters = new();
    private long records;
    private long bytes;
    private int batches;

    public int MaxRecords { get; } = maxRecords;

    /// <summary>Takes room, waiting until there is some.</summary>
    public ValueTask EnterAsync(in Load load)
    {
        lock (gate)
        {
            if (waiters.Count == 0 && Fits(load))
            {
                Take(load);
                return ValueTask.CompletedTask;
            }

            var waiter = new Waiter(load);
            waiters.Enqueue(waiter);
            return new ValueTask(waiter.Task);
        }
    }

    /// <summary>Takes room without waiting.</summary>
    /// <param name="load">How much.</param>
    /// <param name="force">Takes it although there is none.</param>
    /// <returns>False when there is none.</returns>
    public bool TryEnter(in Load load, bool force)
    {
        lock (gate)
        {
            var fits = force || Fits(load);
            if (fits)
            {
                Take(load);
            }

            return fits;
        }
    }

    /// <summary>Gives room back.</summary>
    public void Leave(in Load load)
    {
        lock (gate)
        {
            records -= load.Records;
            bytes -= load.Bytes;
            batches--;
            while (waiters.TryPeek(out var waiter) && Fits(waiter.Load))
            {
                waiters.Dequeue();
                Take(waiter.Load);
                waiter.SetResult();
            }
        }
    }

    private bool Fits(in Load load) =>
        records == 0 || (records + load.Records <= MaxRecords && bytes + load.Bytes <= maxBytes && batches < maxBatches);

    private void Take(in Load load)
    {
        records += load.Records;
        bytes += load.Bytes;
        batches++;
    }

    private sealed class Waiter(Load load) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public Load Load { get; } = load;
    }
}

/// <summary>What a batch takes of a link's bound.</summary>
/// <param name="Records">Records and confirmations; at least one.</param>
/// <param name="Bytes">Payload bytes.</param>
internal readonly record struct Load(int Records, int Bytes);
