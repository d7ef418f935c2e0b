using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;
using StreamEngine.Sinks.WebSockets.Access;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>Pushes every change of a record to the listeners of its channel. A pipeline has at most one.</summary>
public sealed record WebSocketSinkOptions : SinkOptions
{
    /// <summary>A connection of the web server with its two loops, measured, in bytes.</summary>
    private const int ConnectionBytes = 24 << 10;

    /// <summary>A listener that was sent nothing for so long gets a ping; dead connections are found within twice this time.</summary>
    [Between("1s", "10m")]
    public Duration Heartbeat { get; init; } = Duration.Seconds(30);

    /// <summary>Most listeners at once; more are refused with close code 4029.</summary>
    [Between("1", "1000000")]
    public int MaxListeners { get; init; } = 10_000;

    /// <summary>Most subscriptions of one listener.</summary>
    [Between("1", "100000")]
    public int MaxSubscriptions { get; init; } = 1000;

    /// <summary>
    /// Frames that may wait for one listener. One that falls further behind gets the latest value of each channel instead of
    /// every update, and is told how many it missed.
    /// </summary>
    [Between("1", "1000000")]
    public int Queue { get; init; } = 1024;

    /// <summary>Largest message a listener may send; a larger one ends the connection with close code 1009.</summary>
    [Between("256B", "16MB")]
    public ByteSize MaxMessage { get; init; } = new(64 << 10);

    /// <summary>Web pages that may connect, such as <c>https://scores.example</c>; empty lets all. Programs that send no Origin always may.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>Who may listen to what; absent, everybody to everything.</summary>
    public ListenerAccessOptions? Auth { get; init; }

    /// <summary>Channels whose current value is kept for new listeners; past it, the one longest without news leaves.</summary>
    [Between("1", "10000000")]
    public int MaxChannels { get; init; } = 100_000;

    /// <summary>Memory that these values may take; past it, too, the one longest without news leaves.</summary>
    [Between("64KB", "1024GB")]
    public ByteSize MaxBytes { get; init; } = new(128L << 20);

    /// <summary>
    /// Memory that all listeners may take together with what waits for them and what they subscribed to; frames that wait for several count once. While
    /// it is full, those that are behind get the latest values only, new subscriptions are refused with <c>server_full</c>, and the listener
    /// for which most waits is cut off with close code 4108; it may come back at once.
    /// </summary>
    [Between("64KB", "1024GB")]
    public ByteSize ListenerBytes { get; init; } = new(128L << 20);

    /// <summary>How long a channel's value is kept for new listeners after it was last changed or confirmed.</summary>
    [Between("1s", "365d")]
    public Duration Keep { get; init; } = new(TimeSpan.FromHours(1));

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> Memory(MemoryTerms terms) =>
    [
        new MemoryNeed("current values", MaxBytes.Bytes, "maxBytes"),
        new MemoryNeed("what waits for listeners, and their subscriptions", ListenerBytes.Bytes, "listenerBytes"),
        new MemoryNeed("connections", MaxListeners * (long)ConnectionBytes, "maxListeners"),
    ];
}
