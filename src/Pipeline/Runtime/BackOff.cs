namespace StreamEngine.Pipeline.Runtime;

/// <summary>Waits between restarts, doubling from the first to the longest, and from the first again after a minute without a failure. Not thread safe.</summary>
/// <param name="time">The clock.</param>
/// <param name="first">The first wait; 1 s unless stated.</param>
/// <param name="longest">The longest wait; 30 s unless stated.</param>
public sealed class BackOff(TimeProvider time, TimeSpan? first = null, TimeSpan? longest = null)
{
    private static readonly TimeSpan Healthy = TimeSpan.FromMinutes(1);

    private readonly TimeSpan first = first ?? TimeSpan.FromSeconds(1);
    private readonly TimeSpan longest = longest ?? TimeSpan.FromSeconds(30);
    private TimeSpan next = first ?? TimeSpan.FromSeconds(1);
    private long lastFailure = long.MinValue;

    /// <summary>How often it was asked.</summary>
    public int Count { get; private set; }

    /// <summary>How many of the last failures came without a minute's rest in between.</summary>
    public int InARow { get; private set; }

    /// <summary>The wait after a failure now.</summary>
    public TimeSpan Next()
    {
        if (lastFailure != long.MinValue && time.GetElapsedTime(lastFailure) > Healthy + next)
        {
            next = first;
            InARow = 0;
        }

        InARow++;
        lastFailure = time.GetTimestamp();
        Count++;
        var wait = next;
        next = next * 2 < longest ? next * 2 : longest;
        return wait;
    }
}
