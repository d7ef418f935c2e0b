namespace StreamEngine.Simulation;

/// <summary>
/// What a <see cref="VirtualClock"/> drives: everything that carries its execution context. The runtime tells an <see cref="AsyncLocal{T}"/>
/// whenever a thread takes up such a context or leaves it, whatever scheduler or <c>ConfigureAwait</c> is used, so it is known how many
/// threads work in the world now. What waits in the pool is in no context yet, so the whole pool has to be at rest too.
/// </summary>
internal sealed class World
{
    /// <summary>How long nothing of the world may be seen before threads that are still at work in the pool are taken for others, which are blocked.</summary>
    private static readonly TimeSpan Blocked = TimeSpan.FromMilliseconds(500);

    /// <summary>Threads of the pool that are blocked for as long as the process lives.</summary>
    private static int blocked;

    private readonly AsyncLocal<World?> inside;
    private int working;
    private long entered;

    public World() => inside = new AsyncLocal<World?>(OnChange);

    /// <summary>Starts something that belongs to the world.</summary>
    public T Run<T>(Func<T> start)
    {
        T? result = default;
        var context = ExecutionContext.Capture() ?? throw new InvalidOperationException("The flow of the execution context is suppressed here, so nothing could be told apart from the world.");
        ExecutionContext.Run(
            context,
            _ =>
            {
                inside.Value = this;
                result = start();
            },
            null);
        return result!;
    }

    /// <summary>Waits until nothing works.</summary>
    /// <param name="holds">How many wait for something that can't be seen.</param>
    /// <param name="patience">How long, in real time.</param>
    /// <remarks>It looks from a thread of its own: one of the pool's would see itself at work, and wake others.</remarks>
    public Task SettleAsync(Func<int> holds, TimeSpan patience) => Task.Factory.StartNew(
        () => Settle(holds, patience),
        CancellationToken.None,
        TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
        TaskScheduler.Default);

    private void Settle(Func<int> holds, TimeSpan patience)
    {
        var time = TimeProvider.System;
        var began = time.GetTimestamp();
        var since = (Time: began, Entered: -1L, Busy: int.MaxValue);
        for (var wait = default(SpinWait); ; wait.SpinOnce(sleep1Threshold: -1))
        {
            // A thread that has taken an item from the pool and not yet taken up its context is seen in the pool only; so nobody may work there
            // at all. Then nothing can have been begun between the looks, unless someone came and went.
            var before = Interlocked.Read(ref entered);
            var busy = BusyThreads();
            var isSeen = Volatile.Read(ref working) > 0 || holds() > 0 || ThreadPool.PendingWorkItemCount > 0;
            if (!isSeen && busy <= blocked && BusyThreads() <= blocked && Interlocked.Read(ref entered) == before)
            {
                return;
            }

            if (isSeen || before != since.Entered)
            {
                since = (time.GetTimestamp(), before, busy);
            }
            else if (time.GetElapsedTime(since.Time) > Blocked)
            {
                blocked = since.Busy;
                return;
            }

            since.Busy = Math.Min(since.Busy, busy);
            if (time.GetElapsedTime(began) > patience)
            {
                throw new TimeoutException(
                    $"The virtual world does not come to rest within {patience.TotalSeconds:0.#} s: {Volatile.Read(ref working)} threads work in it, {holds()} holds are taken, "
                    + $"{BusyThreads()} threads of the process's pool are at work and {ThreadPool.PendingWorkItemCount} items wait there. Nothing else may run in the process meanwhile.");
            }
        }
    }

    private static int BusyThreads()
    {
        ThreadPool.GetMaxThreads(out var most, out _);
        ThreadPool.GetAvailableThreads(out var available, out _);
        return most - available;
    }

    private void OnChange(AsyncLocalValueChangedArgs<World?> change)
    {
        if (change.CurrentValue == this && change.PreviousValue != this)
        {
            Interlocked.Increment(ref entered);
            Interlocked.Increment(ref working);
        }
        else if (change.PreviousValue == this && change.CurrentValue != this)
        {
            Interlocked.Decrement(ref working);
        }
    }
}
