using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers.Ledger;

namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>
/// Permits under several windows at once. The provider sees a request at some instant between its sending and its answer, so what a permit
/// takes of a sliding window is free again one window after the answer, and of fixed ones it counts in each that it may have been seen in: then
/// no window can be exceeded, whatever the network does. Waiting requests are served by their class and in fairness between sources.
/// </summary>
internal sealed partial class ProviderThrottle : IDisposable
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    /// <summary>It looks again after this time at the latest: a clock that is set moves the borders of fixed windows.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);

    private readonly Lock @lock = new();
    private readonly TimeProvider time;
    private readonly long start;
    private readonly TimeSpan timeout;
    private readonly int capacity;
    private readonly LimitWindow[] windows;
    private readonly FairQueue queue = new();
    private readonly Pace? pace;
    private readonly ITimer timer;
    private long heldUntil;
    private long lastId;
    private long granted;
    private long denied;
    private long tooManyRequests;

    public ProviderThrottle(ThrottleOptions options, TimeSpan timeout, TimeProvider time)
    {
        this.time = time;
        this.timeout = timeout;
        start = time.GetTimestamp();
        capacity = options.Queue;
        windows = [.. options.Limits().Select(LimitWindow.Of)];
        if (options.Adapt && windows.Where(IsPaced).Select(w => w.Limit.Length).DefaultIfEmpty().Min() is var shortest && shortest > TimeSpan.Zero)
        {
            pace = new Pace(Max(shortest, ShortestQuiet).Ticks);
        }

        timer = time.CreateTimer(static state => ((ProviderThrottle)state!).Serve(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Is told what has to be remembered over a restart, under the throttle's lock.</summary>
    public Action<LedgerLine>? Note { get; init; }

    /// <summary>Is told what changes the limits.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The provider, for logs.</summary>
    public string Name { get; init; } = "";

    /// <summary>Entries that all windows keep together.</summary>
    internal int Slots
    {
        get
        {
            lock (@lock)
            {
                return windows.Sum(w => w.Slots);
            }
        }
    }

    private Moment Now => new(time.GetElapsedTime(start).Ticks, time.GetUtcNow());

    public ThrottleStatus Status
    {
        get
        {
            lock (@lock)
            {
                var now = Now;
                Grow_NeedsLock(now);
                return new ThrottleStatus([.. windows.Select(w => w.Status(now))], queue.Count, capacity, granted, denied, tooManyRequests)
                {
                    Pace = (pace?.Sixteenths ?? Pace.Full) / (double)Pace.Full,
                    HeldUntil = heldUntil > now.Ticks ? now.Utc.AddTicks(heldUntil - now.Ticks) : null,
                    QueuedByClass = new(queue.CountOf(RequestClass.OnDemand), queue.CountOf(RequestClass.Live), queue.CountOf(RequestClass.Reference)),
                };
            }
        }
    }

    /// <summary>Most bytes that its windows take.</summary>
    public static long MostMemory(ThrottleOptions options) => options.Limits().Where(l => !l.IsFixed).Sum(l => SlidingWindow.MostMemory(l));

    /// <summary>The window that a request of this cost has no room in even when it is empty; null when there is none.</summary>
    public RateLimit? TooSmallFor(int credits) => Array.Find(windows, w => w.Limit.Units(credits) > w.Limit.Limit)?.Limit;

    /// <summary>Counts what was spent before the start. Nothing may have been asked for yet.</summary>
    public void Restore(LedgerContent before)
    {
        lock (@lock)
        {
            var now = Now;
            lastId = before.LastId;

            // Not for longer than it could be anew: the clock may have been set back.
            var (held, longest) = ((before.HeldUntil ?? now.Utc) - now.Utc, windows.Select(w => w.Limit.Length).Append(LongestHold).Max());
            heldUntil = now.Ticks + (held < longest ? held : longest).Ticks;
            if (pace is not null && before.Limits.TryGetValue(0, out var kept))
            {
                pace.Restore(kept.Limit, now.Ticks + (kept.Since - now.Utc).Ticks);
                SetPace_NeedsLock();
            }

            foreach (var window in windows)
            {
                if (before.Limits.TryGetValue(window.Key, out var stated))
                {
                    window.State(now, stated.Limit);
                }

                foreach (var more in before.Corrections.Where(c => c.Window == window.Key))
                {
                    window.Count(now, more.Until < now.Utc + window.Limit.Length ? more.Until : now.Utc + window.Limit.Length, more.Units);
                }

                foreach (var spent in before.Spent)
                {
                    window.Keep(now, spent.From, spent.Until, window.Limit.CountsRequests ? spent.Requests : spent.Credits);
                }

                // Nobody knows what else was spent then. A day or a month of silence would be too much for a damaged line.
                foreach (var hole in before.Holes.Where(_ => window.Limit.Length < Day))
                {
                    window.Keep(now, hole, hole, window.Limit.Limit);
                }
            }
        }
    }

    /// <summary>Waits for a permit. It must be given back by exactly one of the three ways below.</summary>
    /// <param name="call">The request; some window may be too small for what it costs, for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when too many wait, at once or when one comes that has to be let in instead.</returns>
    public async ValueTask<Permit?> AcquireAsync(GateCall call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Waiter waiter;
        lock (@lock)
        {
            if (queue.Count == 0 && TryGrant_NeedsLock(call.Credits) is { } permit)
            {
                return permit;
            }

            if (queue.Count >= capacity)
            {
                denied++;
                if (queue.Displace(call, capacity) is not { } displaced)
                {
                    return null;
                }

                displaced.TrySetResult(null);
            }

            waiter = queue.Add(call);
            Serve_NeedsLock();
        }

        using (cancellationToken.UnsafeRegister((_, token) => Leave(waiter, token), null))
        {
            return await waiter.Task.ConfigureAwait(false);
        }
    }

    /// <summary>The provider answered.</summary>
    /// <returns>When it can have seen the request last.</returns>
    public DateTimeOffset Answered(Permit permit) => GiveBack(permit, TimeSpan.Zero);

    /// <summary>No answer came. The provider may see the request yet, but not later than one timeout from now.</summary>
    /// <returns>When it can have seen the request last.</returns>
    public DateTimeOffset Unanswered(Permit permit) => GiveBack(permit, timeout);

    /// <summary>Nothing was sent.</summary>
    public void Unsent(Permit permit) => GiveBack(permit, seen: null);

    public void Dispose() => timer.Dispose();

    private DateTimeOffset GiveBack(Permit permit, TimeSpan? seen)
    {
        DateTimeOffset until;
        lock (@lock)
        {
            var now = Now;
            until = now.Utc + (seen ?? TimeSpan.Zero);
            foreach (var window in windows)
            {
                if (seen is not null)
                {
                    // Windows that are over by now don't matter any more, so what it took of them is not told here.
                    window.Keep(now, now.Utc, until, window.Limit.Units(permit.Credits));
                }

                window.GiveBack(permit.Credits);
            }

            granted -= seen is null ? 1 : 0;
        }

        Serve();
        return until;
    }

    private void Leave(Waiter waiter, CancellationToken cancellationToken)
    {
        lock (@lock)
        {
            if (queue.Remove(waiter))
            {
                waiter.TrySetCanceled(cancellationToken);

                // The one behind may cost less.
                Serve_NeedsLock();
            }
        }
    }

    private void Serve()
    {
        lock (@lock)
        {
            Serve_NeedsLock();
        }
    }

    private void Serve_NeedsLock()
    {
        while (queue.Choose() is { } next)
        {
            if (TryGrant_NeedsLock(next.Call.Credits) is not { } permit)
            {
                SetTimer_NeedsLock(next.Call.Credits);
                return;
            }

            queue.Serve(next);
            next.TrySetResult(permit);
        }
    }

    private Permit? TryGrant_NeedsLock(int credits)
    {
        var now = Now;
        Grow_NeedsLock(now);
        if (now.Ticks < heldUntil || Array.Exists(windows, w => !(w.FreeAt(now, credits) <= now.Ticks)))
        {
            return null;
        }

        // Before it is taken: it may be given back unsent.
        var marks = Array.ConvertAll(windows, w => w.Mark(now));
        foreach (var window in windows)
        {
            window.Take(credits);
        }

        granted++;
        return new Permit(++lastId, credits) { At = now.Ticks, Marks = marks };
    }

    private void SetTimer_NeedsLock(int credits)
    {
        var now = Now;
        var next = heldUntil;
        foreach (var window in windows)
        {
            // Where slots wait for answers, the next answer serves the queue.
            next = Math.Max(next, window.FreeAt(now, credits) ?? long.MaxValue);
        }

        // There may be room sooner when the pace has grown.
        next = Math.Min(next, Math.Max(heldUntil, pace?.GrowsAt ?? long.MaxValue));
        if (next == long.MaxValue)
        {
            return;
        }

        // Timers count whole milliseconds and cut off the rest: rounding up saves a wake-up that comes too early.
        var wait = TimeSpan.FromMilliseconds(Math.Ceiling(TimeSpan.FromTicks(next - now.Ticks).TotalMilliseconds));
        timer.Change(wait < ShortestWait ? ShortestWait : wait > LongestWait ? LongestWait : wait, Timeout.InfiniteTimeSpan);
    }
}
