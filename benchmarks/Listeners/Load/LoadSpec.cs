namespace StreamEngine.Benchmarks;

/// <summary>What a server speaks once the WebSocket is open.</summary>
internal enum Dialect
{
    /// <summary>Updates come at once.</summary>
    Plain,

    /// <summary>The engine's: channels are subscribed to, frames carry offsets.</summary>
    Hub,

    /// <summary>SignalR's JSON protocol.</summary>
    SignalR,
}

/// <summary>Whom the load generator plays.</summary>
/// <param name="Server">The process whose processor time is measured.</param>
/// <param name="Port">Its port on the loopback address.</param>
/// <param name="Path">Where the WebSocket is.</param>
/// <param name="Dialect">What it speaks.</param>
/// <param name="Listeners">How many connect.</param>
internal sealed record LoadSpec(int Server, int Port, string Path, Dialect Dialect, int Listeners)
{
    /// <summary>Updates go to these channels in turn.</summary>
    public int Channels { get; init; } = 1;

    /// <summary>Channels that each listens to: neighbours, the first one by the listener's number.</summary>
    public int PerListener { get; init; } = 1;

    /// <summary>How many of the listeners form the second group, which can stop reading.</summary>
    public int Second { get; init; }

    /// <summary>Deliveries that so many updates must cause when none is lost.</summary>
    public long Expected(long updates)
    {
        var listening = new long[Channels];
        for (var i = 0; i < Listeners * (long)PerListener; i++)
        {
            listening[((i / PerListener) + (i % PerListener)) % Channels]++;
        }

        return listening.Select((n, channel) => n * ((updates / Channels) + (channel < updates % Channels ? 1 : 0))).Sum();
    }
}
