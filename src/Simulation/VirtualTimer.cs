namespace StreamEngine.Simulation;

/// <summary>A timer of a <see cref="VirtualClock"/>. Its callback runs where the clock is driven, with the context that the timer was made in.</summary>
internal sealed class VirtualTimer : ITimer
{
    /// <summary>Not set.</summary>
    private const long None = -1;

    private readonly VirtualClock clock;
    private readonly TimerCallback callback;
    private readonly object? state;
    private readonly ExecutionContext? context;
    private TimeSpan period;
    private long setFor = None;
    private bool disposed;

    public VirtualTimer(VirtualClock clock, TimerCallback callback, object? state)
    {
        this.clock = clock;
        this.callback = callback;
        this.state = state;
        context = ExecutionContext.Capture();
    }

    /// <inheritdoc/>
    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, Timeout.InfiniteTimeSpan);
        ArgumentOutOfRangeException.ThrowIfLessThan(period, Timeout.InfiniteTimeSpan);
        if (Volatile.Read(ref disposed))
        {
            return false;
        }

        this.period = period;
        if (dueTime == Timeout.InfiniteTimeSpan)
        {
            SetFor(None);
        }
        else
        {
            clock.Schedule(this, dueTime);
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Volatile.Write(ref disposed, true);
        SetFor(None);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Says which of its settings holds; earlier ones don't any more.</summary>
    internal void SetFor(long order) => Volatile.Write(ref setFor, order);

    internal bool IsSetFor(long order) => Volatile.Read(ref setFor) == order;

    internal void Fire()
    {
        if (period > TimeSpan.Zero)
        {
            clock.Schedule(this, period);
        }
        else
        {
            SetFor(None);
        }

        if (context is null)
        {
            callback(state);
        }
        else
        {
            ExecutionContext.Run(context, static timer => ((VirtualTimer)timer!).callback(((VirtualTimer)timer).state), this);
        }
    }
}
