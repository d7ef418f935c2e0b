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
/// <param name="Conflated">Updates that slow listeners did not get because a newer one took their place.</param>
/// <param name="Lagging">Listeners that are behind now.</param>
/// <param name="Errors">Messages from listeners that were answered with an error.</param>
public sealed record HubStats(
    int Listeners, int Subscriptions, int Channels, long Accepted, long Refused, long Published, long FramesSent, long BytesSent, long Conflated, int Lagging, long Errors);
