namespace StreamEngine.Pipeline.Runtime;

/// <summary>Waits between restarts: 1 s, doubling to 30 s, and from the start again after a minute without a failure.</summary>
internal sealed class BackOff(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Healthy = TimeSpan.FromMinutes(1);

    private TimeSpan next = First;
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
            next = First;
            InARow = 0;
        }

        InARow++;
        lastFailure = time.GetTimestamp();
        Count++;
        var wait = next;
        next = next * 2 < Longest ? next * 2 : Longest;
        return wait;
    }
}
