using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>
/// Permits under several sliding windows at once. The provider sees a request at some instant between its sending and its
/// answer, so a permit's slot is free again one window after the answer: then no window can be exceeded, whatever the
/// network does. Waiting requests are served in order.
/// </summary>
internal sealed class SlidingThrottle : IDisposable
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly Lock @lock = new();
    private readonly TimeProvider time;
    private readonly long start;
    private readonly long timeout;
    private readonly int capacity;
    private readonly SlidingWindow[] windows;
    private readonly LinkedList<TaskCompletionSource> waiters = new();
    private readonly ITimer timer;
    private long heldUntil;
    private int unanswered;
    private long granted;
    private long denied;
    private long tooManyRequests;

    public SlidingThrottle(ThrottleOptions options, TimeSpan timeout, TimeProvider time)
    {
        this.time = time;
        this.timeout = timeout.Ticks;
        start = time.GetTimestamp();
        capacity = options.Queue;
        windows =
        [
            .. new (string Name, int? Limit, TimeSpan Length)[]
            {
                ("second", options.PerSecond, TimeSpan.FromSeconds(1)),
                ("minute", options.PerMinute, TimeSpan.FromMinutes(1)),
                ("hour", options.PerHour, TimeSpan.FromHours(1)),
            }.Where(w => w.Limit is not null).Select(w => new SlidingWindow(w.Name, w.Limit!.Value, w.Length)),
        ];
        timer = time.CreateTimer(static state => ((SlidingThrottle)state!).Serve(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private long Now => time.GetElapsedTime(start).Ticks;

    public ThrottleStatus Status
    {
        get
        {
            lock (@lock)
            {
                var now = Now;
                var clock = time.GetUtcNow();
                var status = windows.Select(w => new WindowStatus(w.Name, w.Limit, w.Used(now, unanswered), w.NextFree is { } at ? clock.AddTicks(at - now) : null));
                return new ThrottleStatus([.. status], waiters.Count, capacity, granted, denied, tooManyRequests);
            }
        }
    }

    /// <summary>Waits for a permit. It must be given back by exactly one of the three ways below.</summary>
    /// <returns>False when too many wait already.</returns>
    public async ValueTask<bool> AcquireAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LinkedListNode<TaskCompletionSource> waiter;
        lock (@lock)
        {
            if (waiters.Count == 0 && TryGrant_NeedsLock())
            {
                return true;
            }

            if (waiters.Count >= capacity)
            {
                denied++;
                return false;
            }

            waiter = waiters.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            SetTimer_NeedsLock();
        }

        using (cancellationToken.UnsafeRegister((_, token) => Leave(waiter, token), null))
        {
            await waiter.Value.Task.ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>The provider answered.</summary>
    public void Answered() => GiveBack(seen: 0);

    /// <summary>No answer came. The provider may see the request yet, but not later than one timeout from now.</summary>
    public void Unanswered() => GiveBack(timeout);

    /// <summary>Nothing was sent.</summary>
    public void Unsent() => GiveBack(seen: null);

    /// <summary>The provider answered 429 and asked to be left alone for a while.</summary>
    public void TooManyRequests(TimeSpan? hold)
    {
        lock (@lock)
        {
            tooManyRequests++;
            heldUntil = Math.Max(heldUntil, Now + (hold?.Ticks ?? 0));
        }
    }

    private void GiveBack(long? seen)
    {
        lock (@lock)
        {
            unanswered--;
            if (seen is { } later)
            {
                var at = Now + later;
                foreach (var window in windows)
                {
                    window.Keep(at);
                }
            }
            else
            {
                granted--;
            }
        }

        Serve();
    }

    private void Leave(LinkedListNode<TaskCompletionSource> waiter, CancellationToken cancellationToken)
    {
        lock (@lock)
        {
            if (waiter.List is not null)
            {
                waiters.Remove(waiter);
                waiter.Value.TrySetCanceled(cancellationToken);
            }
        }
    }

    private void Serve()
    {
        lock (@lock)
        {
            while (waiters.First is { } first && TryGrant_NeedsLock())
            {
                waiters.RemoveFirst();
                first.Value.TrySetResult();
            }

            SetTimer_NeedsLock();
        }
    }

    private bool TryGrant_NeedsLock()
    {
        var now = Now;
        if (now < heldUntil || Array.Exists(windows, w => w.Used(now, unanswered) >= w.Limit))
        {
            return false;
        }

        unanswered++;
        granted++;
        return true;
    }

    private void SetTimer_NeedsLock()
    {
        if (waiters.Count == 0)
        {
            return;
        }

        var now = Now;
        var next = heldUntil;
        foreach (var window in windows)
        {
            if (window.Used(now, unanswered) < window.Limit)
            {
                continue;
            }

            if (window.NextFree is not { } at)
            {
                // Every slot waits for its answer; the first answer serves the queue.
                return;
            }

            next = Math.Max(next, at);
        }

        // Timers count whole milliseconds and cut off the rest: rounding up saves a wake-up that comes too early.
        var wait = TimeSpan.FromMilliseconds(Math.Ceiling(TimeSpan.FromTicks(next - now).TotalMilliseconds));
        timer.Change(wait > ShortestWait ? wait : ShortestWait, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => timer.Dispose();
}
