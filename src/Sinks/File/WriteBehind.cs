using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sinks.Files;

/// <summary>
/// A few batches that were taken in and are written one after the other by the disk's own thread: handing over each on its own, and
/// waiting for it, would cost more than writing it.
/// </summary>
/// <remarks>One caller at a time. What fails is told to the next caller, and tried again when that comes back.</remarks>
/// <param name="write">Writes a batch, as often as it takes.</param>
/// <param name="disk">Whose thread it is.</param>
/// <param name="time">The clock.</param>
internal sealed class WriteBehind(Func<Batch, ValueTask> write, DiskRetry disk, TimeProvider time)
{
    /// <summary>Most batches that wait.</summary>
    public const int MostBatches = 4;

    /// <summary>Most bytes of their lines; a batch of more waits alone.</summary>
    public const int MostBytes = 256 << 10;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private readonly Lock gate = new();
    private readonly Queue<Batch> batches = new(MostBatches);
    private Action? pump;
    private TaskCompletionSource? change;
    private Exception? fault;
    private Batch? current;
    private long bytes;
    private bool isWriting;
    private bool isAbandoned;
    private bool isEnded;

    /// <summary>Whether somebody gave up waiting for what is still being written: what that uses must be left alone.</summary>
    public bool IsStuck
    {
        get
        {
            lock (gate)
            {
                return isAbandoned && isWriting && disk.IsBusy;
            }
        }
    }

    /// <summary>Takes a batch in, with a lease of its own; waits while there is no room.</summary>
    public ValueTask AddAsync(Batch batch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var size = batch.Lines.Length;
        lock (gate)
        {
            if (fault is null && HasRoom(size))
            {
                Take(batch, size);
                return ValueTask.CompletedTask;
            }
        }

        return WaitAsync(batch, size, cancellationToken);
    }

    /// <summary>Waits until all is written that was taken in.</summary>
    public ValueTask SettleAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (fault is null && Count == 0)
            {
                return ValueTask.CompletedTask;
            }
        }

        return WaitAsync(null, 0, cancellationToken);
    }

    /// <summary>Gives up what is not written.</summary>
    /// <returns>How many records that were.</returns>
    public long GiveUp()
    {
        lock (gate)
        {
            isEnded = true;
            var records = (long)(current?.Live ?? 0);
            while (batches.TryDequeue(out var batch))
            {
                records += batch.Live;
                batch.Release();
            }

            // What is being written keeps its lease until the disk has answered.
            if (!isWriting)
            {
                current?.Release();
                current = null;
            }

            return records;
        }
    }

    /// <summary>Waits until nothing is being written any more; not for a disk that somebody gave up waiting for.</summary>
    public async ValueTask EndAsync()
    {
        GiveUp();
        while (!IsStuck)
        {
            Task changed;
            lock (gate)
            {
                if (!isWriting)
                {
                    return;
                }

                changed = Changed_NeedsLock();
            }

            await Task.WhenAny(changed, Task.Delay(Look, time)).ConfigureAwait(false);
        }
    }

    private async ValueTask WaitAsync(Batch? batch, int size, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (gate)
            {
                if (fault is { } failed)
                {
                    fault = null;
                    throw new IOException(failed.Message, failed);
                }

                if (batch is not null && HasRoom(size))
                {
                    Take(batch, size);
                    return;
                }

                if (Count == 0)
                {
                    return;
                }

                Start_NeedsLock();
                changed = Changed_NeedsLock();
            }

            try
            {
                await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                lock (gate)
                {
                    isAbandoned = true;
                }

                throw;
            }
        }
    }

    private int Count => batches.Count + (current is null ? 0 : 1);

    private bool HasRoom(int size) => Count == 0 || (Count < MostBatches && bytes + size <= MostBytes);

    private void Take(Batch batch, int size)
    {
        batch.Retain();
        batches.Enqueue(batch);
        bytes += size;
        Start_NeedsLock();
    }

    private void Start_NeedsLock()
    {
        if (!isWriting && !isEnded)
        {
            isWriting = true;
            disk.Post(pump ??= () => _ = PumpAsync());
        }
    }

    private Task Changed_NeedsLock() => (change ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private async Task PumpAsync()
    {
        while (Next() is { } batch)
        {
            Exception? failure = null;
            try
            {
                await write(batch).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Whoever comes next is told.
            catch (Exception e)
            {
                failure = e;
            }
#pragma warning restore CA1031

            Done(batch, failure);
            if (!disk.IsHere)
            {
                // After a wait it goes on elsewhere, from where each batch would have to be handed over.
                disk.Post(pump!);
                return;
            }
        }
    }

    private Batch? Next()
    {
        lock (gate)
        {
            if (!isEnded && fault is null && (current is not null || batches.TryDequeue(out current)))
            {
                return current;
            }

            isWriting = false;
            Tell_NeedsLock();
            return null;
        }
    }

    private void Done(Batch batch, Exception? failure)
    {
        lock (gate)
        {
            if (failure is not null && !isEnded)
            {
                fault = failure;
                return;
            }

            current = null;
            bytes -= batch.Lines.Length;
            batch.Release();

            // Half of the room is enough to go on: each waking costs as much as a batch.
            if (batches.Count <= MostBatches / 2)
            {
                Tell_NeedsLock();
            }
        }
    }

    private void Tell_NeedsLock()
    {
        change?.TrySetResult();
        change = null;
    }
}
