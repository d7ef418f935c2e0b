namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// The machine's time of day, but it never goes back. A clock that is set forward is followed at once, as after a sleep of the machine. When it
/// is set back, this one goes on, a tenth slower, until the other has caught up: what waits for a time (a breaker's recovery, a record's
/// expiry, a provider's <c>Retry-After</c>, the rotation of a file) would otherwise wait that much longer.
/// </summary>
/// <param name="inner">The machine's time; its timestamps and timers are used as they are.</param>
public sealed class SteadyTime(TimeProvider inner) : TimeProvider
{
    private const double Slower = 0.9;

    private readonly Lock gate = new();
    private DateTimeOffset last = inner.GetUtcNow();
    private long stamp = inner.GetTimestamp();

    /// <inheritdoc/>
    public override long TimestampFrequency => inner.TimestampFrequency;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            var now = inner.GetTimestamp();
            var slow = last + (inner.GetElapsedTime(stamp, now) * Slower);
            var wall = inner.GetUtcNow();
            (last, stamp) = (wall > slow ? wall : slow, now);
            return last;
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => inner.GetTimestamp();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => inner.CreateTimer(callback, state, dueTime, period);
}
