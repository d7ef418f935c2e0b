namespace StreamEngine.Sinks.WebSockets.Access;

/// <summary>That whoever asks may listen, and to what. A request is given one once, as to verify a signature is work, and the keys may change meanwhile.</summary>
public sealed class Admission
{
    private static readonly ChannelName Everything = ChannelName.Parse("*", out _)!;

    internal Admission(Grant grant) => Grant = grant;

    /// <summary>Whether every channel is open to it.</summary>
    public bool OpensAll => Grant.Allows(Everything);

    internal Grant Grant { get; }

    /// <summary>Whether a channel is open to it.</summary>
    /// <param name="channel">The channel's name.</param>
    public bool Opens(string channel) => ChannelName.Parse(channel, out _) is { } name && Grant.Allows(name);
}
