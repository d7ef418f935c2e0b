namespace StreamEngine.Sinks.WebSockets;

/// <summary>How fast a listener may ask: as much at once as it takes to subscribe to all that it may, and then so many messages a second.</summary>
/// <param name="time">The clock.</param>
/// <param name="maxSubscriptions">Its limit of subscriptions.</param>
internal struct MessageRate(TimeProvider time, int maxSubscriptions)
{
    private const int PerSecond = 200;

    private readonly double most = maxSubscriptions + PerSecond;
    private double left = maxSubscriptions + PerSecond;
    private long countedAt = time.GetTimestamp();

    /// <summary>Counts messages.</summary>
    /// <returns>How long to wait before the next one is read; zero or less for not at all.</returns>
    public TimeSpan Count(int messages)
    {
        var now = time.GetTimestamp();
        left = Math.Min(most, left + (time.GetElapsedTime(countedAt, now).TotalSeconds * PerSecond)) - messages;
        countedAt = now;
        return TimeSpan.FromSeconds(-left / PerSecond);
    }
}
