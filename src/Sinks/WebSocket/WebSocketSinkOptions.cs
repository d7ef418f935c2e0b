using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;
using StreamEngine.Sinks.WebSockets.Access;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>Pushes every change of a record to the listeners of its channel. A pipeline has at most one.</summary>
public sealed record WebSocketSinkOptions : SinkOptions
{
    /// <summary>A connection of the web server with its loop, measured, in bytes.</summary>
    private const int ConnectionBytes = 20 << 10;

    /// <summary>A listener that was sent nothing for so long gets a ping as JSON; one that was not heard of for twice that time one that its WebSocket answers by itself.</summary>
    [Between("1s", "10m")]
    public Duration Heartbeat { get; init; } = Duration.Seconds(30);

    /// <summary>
    /// How long a listener may leave a ping without an answer, or take nothing of what it is sent, before it counts as gone (close code 4101). Long enough
    /// for one that stands still for a while.
    /// </summary>
    [Between("1s", "1h")]
    public Duration Timeout { get; init; } = Duration.Seconds(90);

    /// <summary>
    /// How long updates may wait for others, to be sent together, when there are many listeners. It is less the less there is to do, and nothing
    /// when there is little.
    /// </summary>
    [Between("0ms", "1s")]
    public Duration MaxDelay { get; init; } = new(TimeSpan.FromMilliseconds(45));

    /// <summary>
    /// Channels of events, as patterns such as <c>play:*</c>: every update counts there, and none is left out. A listener that is further behind than
    /// <c>queue</c> for a second is cut off with close code 4108 and may resume. All others are channels of states, of which a slow listener gets the latest.
    /// </summary>
    public IReadOnlyList<string> Events { get; init; } = [];

    /// <summary>
    /// Folder of what survives a restart: events, written before listeners are told, and at a clean stop the history of all channels. Relative to the
    /// config's folder; beside that of the checkpoints unless set, and nowhere when there are none: then a restart begins a new epoch.
    /// </summary>
    public string Log { get; init; } = "";

    /// <summary>How long what happened in a channel is kept for listeners that come back.</summary>
    [Between("0s", "7d")]
    public Duration History { get; init; } = new(TimeSpan.FromMinutes(5));

    /// <summary>The most updates of one channel that a listener gets when it comes back; one that missed more gets the current value.</summary>
    [Between("0", "1000000")]
    public int HistoryCount { get; init; } = 10_000;

    /// <summary>
    /// Memory that the history of all channels may take; past it the oldest leaves. From 64 MB on it is divided into 16 parts that channels share, so that
    /// one channel can have at most a sixteenth.
    /// </summary>
    [Between("64KB", "1024GB")]
    public ByteSize HistoryBytes { get; init; } = new(64L << 20);

    /// <summary>How long a value counts as fresh after it was last changed or confirmed; then its listeners are told that it is stale. 0s is for ever.</summary>
    [Between("0s", "365d")]
    public Duration StaleAfter { get; init; } = new(TimeSpan.FromMinutes(5));

    /// <summary>Most listeners at once; more are refused with close code 4029.</summary>
    [Between("1", "1000000")]
    public int MaxListeners { get; init; } = 10_000;

    /// <summary>Most listeners at once from one address; more are refused with close code 4029. Behind a proxy all have its address.</summary>
    [Between("1", "1000000")]
    public int MaxPerAddress { get; init; } = 1_000_000;

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
    /// three quarters of it are taken, new subscriptions are refused with <c>server_full</c>. While it is full, those that are behind get the latest
    /// values only, and the listener for which most waits is cut off with close code 4108; it may come back at once.
    /// </summary>
    [Between("64KB", "1024GB")]
    public ByteSize ListenerBytes { get; init; } = new(128L << 20);

    /// <summary>How long a channel's value is kept for new listeners after it was last changed or confirmed.</summary>
    [Between("1s", "365d")]
    public Duration Keep { get; init; } = new(TimeSpan.FromHours(1));

    /// <summary>Connections that there may be at once: listeners, and some that are being told that there are too many.</summary>
    public int MostConnections() => MaxListeners + (MaxListeners / 10) + 10;

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> Memory(MemoryTerms terms) =>
    [
        new MemoryNeed("current values", MaxBytes.Bytes, "maxBytes"),
        new MemoryNeed("history", HistoryBytes.Bytes, "historyBytes"),
        new MemoryNeed("what waits for listeners, and their subscriptions", ListenerBytes.Bytes, "listenerBytes"),
        new MemoryNeed("connections", MostConnections() * (long)ConnectionBytes, "maxListeners"),
    ];
}
