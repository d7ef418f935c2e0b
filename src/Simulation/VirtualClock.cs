namespace StreamEngine.Simulation;

/// <summary>
/// Time that moves only when told, from one deadline to the next: now is set to the next deadline, one timer fires, and everything it set going
/// comes to rest before the clock moves again. Hours pass in milliseconds, and when something happens does not depend on how fast the machine is.
/// </summary>
/// <remarks>
/// What is started with <see cref="Run"/> lives in the clock's world: its tasks, their continuations and the timers' callbacks. The world is
/// quiet when no thread works in it and the process's thread pool is at rest, so nothing else may run in the process: tests that use it don't
/// run side by side. The clock knows nothing of sockets and disks: whoever waits for such a thing takes a <see cref="Hold"/>. One caller drives it, from outside its world.
/// </remarks>
public sealed class VirtualClock : TimeProvider
{
    private readonly Lock gate = new();
    private readonly PriorityQueue<VirtualTimer, (long Due, long Order)> timers = new();
    private readonly World world = new();
    private readonly DateTimeOffset start;
    private long now;
    private long jumped;
    private long order;
    private int holds;

    /// <summary>Makes a clock.</summary>
    /// <param name="start">What time it is at first.</param>
    public VirtualClock(DateTimeOffset start) => this.start = start.ToUniversalTime();

    /// <summary>The time of a clock that was given none.</summary>
    public static DateTimeOffset Epoch { get; } = new(2026, 4, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A clock that starts at <see cref="Epoch"/>.</summary>
    public VirtualClock()
        : this(Epoch)
    {
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How long the world may work at one moment of its time before the clock calls it stuck, in real time.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Timers that are set.</summary>
    public int Timers
    {
        get
        {
            lock (gate)
            {
                DropStale_NeedsLock();
                return timers.UnorderedItems.Count(t => t.Element.IsSetFor(t.Priority.Order));
            }
        }
    }

    /// <summary>When the next timer fires; null when none is set.</summary>
    public DateTimeOffset? NextDeadline
    {
        get
        {
            lock (gate)
            {
                DropStale_NeedsLock();
                return timers.TryPeek(out _, out var at) ? At(at.Due) : null;
            }
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => At(Volatile.Read(ref now));

    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref now);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Starts something in the clock's world.</summary>
    public Task Run(Func<Task> start)
    {
        ArgumentNullException.ThrowIfNull(start);
        return world.Run(() => Task.Run(start));
    }

    /// <summary>Starts something in the clock's world.</summary>
    public Task<T> Run<T>(Func<Task<T>> start)
    {
        ArgumentNullException.ThrowIfNull(start);
        return world.Run(() => Task.Run(start));
    }

    /// <summary>The world is not quiet until this is disposed: something is under way that the clock can't see, such as an answer over a socket.</summary>
    public IDisposable Hold()
    {
        Interlocked.Increment(ref holds);
        return new Held(this);
    }

    /// <summary>What a step of the machine's clock does, as NTP or an operator sets it: the time of day jumps, timers and timestamps don't notice.</summary>
    /// <param name="by">Forward, or back when negative.</param>
    public void Jump(TimeSpan by) => Interlocked.Add(ref jumped, by.Ticks);

    /// <summary>Waits until the world is quiet. Time stands still.</summary>
    /// <exception cref="TimeoutException">It does not come to rest.</exception>
    public Task SettleAsync() => world.SettleAsync(() => Volatile.Read(ref holds), Patience);

    /// <summary>Lets the world come to rest, sets the time to the next deadline, fires one timer, and lets the world come to rest again.</summary>
    /// <returns>False when no timer is set.</returns>
    /// <exception cref="TimeoutException">The world does not come to rest.</exception>
    public Task<bool> FireNextAsync() => FireNextAsync(long.MaxValue);

    /// <summary>Moves on, deadline by deadline.</summary>
    /// <param name="by">How far; every timer that is due by then fires at its own time.</param>
    /// <exception cref="TimeoutException">The world does not come to rest.</exception>
    public async Task AdvanceAsync(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var until = checked(Volatile.Read(ref now) + by.Ticks);
        while (await FireNextAsync(until).ConfigureAwait(false))
        {
        }

        Volatile.Write(ref now, until);
    }

    /// <summary>Moves on, deadline by deadline, until something holds.</summary>
    /// <param name="holds">Asked whenever the world is quiet.</param>
    /// <param name="atMost">The longest it may take, in the clock's time; a day when null.</param>
    /// <exception cref="TimeoutException">It does not hold by then, no timer is set, or the world does not come to rest.</exception>
    public async Task AdvanceUntilAsync(Func<bool> holds, TimeSpan? atMost = null)
    {
        ArgumentNullException.ThrowIfNull(holds);
        var limit = atMost ?? TimeSpan.FromDays(1);
        var until = checked(Volatile.Read(ref now) + limit.Ticks);
        await SettleAsync().ConfigureAwait(false);
        while (!holds())
        {
            if (!await FireNextAsync(until).ConfigureAwait(false))
            {
                throw new TimeoutException(NextDeadline is null
                    ? "It does not hold, and no timer is set that could change that."
                    : $"It does not hold within {limit} of the clock's time.");
            }
        }
    }

    internal void Schedule(VirtualTimer timer, TimeSpan due)
    {
        lock (gate)
        {
            var at = (Due: checked(now + due.Ticks), Order: ++order);
            timer.SetFor(at.Order);
            timers.Enqueue(timer, at);
        }
    }

    private async Task<bool> FireNextAsync(long until)
    {
        await SettleAsync().ConfigureAwait(false);
        VirtualTimer timer;
        lock (gate)
        {
            DropStale_NeedsLock();
            if (!timers.TryPeek(out _, out var next) || next.Due > until)
            {
                return false;
            }

            timer = timers.Dequeue();
            Volatile.Write(ref now, next.Due);
        }

        timer.Fire();
        await SettleAsync().ConfigureAwait(false);
        return true;
    }

    private void DropStale_NeedsLock()
    {
        while (timers.TryPeek(out var timer, out var at) && !timer.IsSetFor(at.Order))
        {
            timers.Dequeue();
        }
    }

    private DateTimeOffset At(long ticks) => start.AddTicks(ticks + Interlocked.Read(ref jumped));

    private sealed class Held(VirtualClock clock) : IDisposable
    {
        private int isOver;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref isOver, 1) == 0)
            {
                Interlocked.Decrement(ref clock.holds);
            }
        }
    }
}
