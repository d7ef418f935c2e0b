namespace StreamEngine.Sinks.WebSockets;

/// <summary>That a listener wants a channel, or those of a pattern.</summary>
/// <param name="listener">Who.</param>
/// <param name="name">What.</param>
internal sealed class Subscription(Listener listener, ChannelName name)
{
    public Listener Listener { get; } = listener;

    public ChannelName Name { get; } = name;

    /// <summary>The least time between two updates of one channel of states; zero for none.</summary>
    public TimeSpan Interval { get; set; }

    /// <summary>Memory that it takes, in bytes.</summary>
    public int Weight => ListenerMemory.Subscription + (4 * sizeof(char) * Name.Text.Length);
}
