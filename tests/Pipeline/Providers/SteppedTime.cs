namespace StreamEngine.Pipeline.Tests.Providers;

/// <summary>Time that goes from one deadline to the next on the caller's thread: each timer fires at its own time, and nothing else moves.</summary>
internal sealed class SteppedTime(DateTimeOffset start) : TimeProvider
{
    private readonly List<Timer> timers = [];
    private long now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Ticks since the start.</summary>
    public long Now => now;

    /// <summary>When the next timer fires; null when none is set.</summary>
    public long? Next => timers.Count == 0 ? null : timers.Min(t => t.Due);

    public override DateTimeOffset GetUtcNow() => start.AddTicks(now);

    public override long GetTimestamp() => now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Timer(this, () => callback(state));

    /// <summary>Goes to a time, which no timer that is set may be due before, and fires those that are due.</summary>
    public void GoTo(long ticks)
    {
        now = Math.Max(now, ticks);
        while (timers.Find(t => t.Due <= now) is { } due)
        {
            timers.Remove(due);
            due.Fire();
        }
    }

    private sealed class Timer(SteppedTime time, Action fire) : ITimer
    {
        public long Due { get; private set; }

        public Action Fire => fire;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            time.timers.Remove(this);
            if (dueTime >= TimeSpan.Zero)
            {
                Due = time.now + dueTime.Ticks;
                time.timers.Add(this);
            }

            return true;
        }

        public void Dispose() => time.timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
