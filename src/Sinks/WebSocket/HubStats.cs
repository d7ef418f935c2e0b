namespace StreamEngine.Sinks.WebSockets;

/// <summary>What the hub did and how it is.</summary>
/// <param name="Listeners">Connections now.</param>
/// <param name="Subscriptions">Subscriptions of all of them.</param>
/// <param name="Channels">Channels whose current value is kept.</param>
/// <param name="Accepted">Connections so far.</param>
/// <param name="Refused">Connections refused because there were too many.</param>
/// <param name="Published">Updates and removals published.</param>
/// <param name="FramesSent">Frames sent, all listeners together.</param>
/// <param name="BytesSent">Their size, in bytes.</param>
/// <param name="Writes">Writes that they were sent with; the fewer, the more frames in each.</param>
/// <param name="Conflated">Updates that slow listeners did not get because a newer one took their place.</param>
/// <param name="Lagging">Listeners that are behind now.</param>
/// <param name="Errors">Messages from listeners that were answered with an error.</param>
/// <param name="QueueBytes">Memory that listeners take with what waits for them and what they subscribed to, in bytes.</param>
/// <param name="HistoryBytes">Memory that history takes, in bytes.</param>
/// <param name="Resumes">Subscriptions of listeners that came back, by how they began: <c>recovered</c>, <c>snapshot</c> or <c>live</c>.</param>
/// <param name="Closes">Connections that ended, by close code; 0 for those that broke off.</param>
/// <param name="Latencies">By upper bound in seconds, how many updates were written so long after they were published; the last has no bound.</param>
public sealed record HubStats(
    int Listeners,
    int Subscriptions,
    int Channels,
    long Accepted,
    long Refused,
    long Published,
    long FramesSent,
    long BytesSent,
    long Writes,
    long Conflated,
    int Lagging,
    long Errors,
    long QueueBytes,
    long HistoryBytes,
    IReadOnlyDictionary<string, long> Resumes,
    IReadOnlyDictionary<int, long> Closes,
    IReadOnlyList<(double Bound, long Count)> Latencies);
