namespace StreamEngine.Sinks.WebSockets.Access;

/// <summary>What a credential opens.</summary>
/// <param name="Name">Who holds it, for logs: the name of the key, or the token's subject.</param>
/// <param name="ExpiresAt">When it ends, the clock skew included: whoever is admitted is so until then. Null for never.</param>
/// <param name="Channels">What may be read.</param>
/// <param name="Bytes">Memory that it takes beyond what the options take.</param>
internal sealed record Grant(string Name, DateTimeOffset? ExpiresAt, ChannelScope Channels, int Bytes = 0)
{
    /// <summary>Whether nothing was shown for it.</summary>
    public bool IsAnonymous { get; init; }

    /// <summary>How long a connection may have no other; for ever unless it is anonymous and opens nothing.</summary>
    public TimeSpan Within { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>What may be read without showing anything, and so with this too; null for nothing.</summary>
    public ChannelScope? Free { get; init; }

    /// <summary>Whether a channel, or everything that a pattern can match, may be read. It doesn't look at the time.</summary>
    public bool Allows(ChannelName channel) => Channels.Covers(channel) || (Free?.Covers(channel) ?? false);
}
