using System.Text.Json;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;

namespace StreamEngine.Sources.WebSockets;

/// <summary>
/// Keeps a WebSocket to a provider open and subscribes; each message enters the pipeline as one payload. While the pipeline is full nothing is
/// read, so the network's buffers fill up, and then it is the provider's turn: it keeps the messages back, drops some, or closes the connection.
/// In messages to send, the texts inside an object may hold <c>{today}</c>, <c>{today:America/New_York}</c> and <c>{sequence}</c>; a text that is
/// nothing but <c>{sequence}</c> becomes the value itself. A message that is a text is sent as it stands.
/// </summary>
public sealed record WebSocketSourceOptions : SourceOptions, IUsesProvider
{
    /// <summary>
    /// The provider, by its name under <c>providers</c>: its breaker is asked before a connection is made, and its throttle gives a permit for
    /// it. An http address stands for ws, https for wss.
    /// </summary>
    [RequiredSetting]
    public string Provider { get; init; } = "";

    /// <summary>What is put after the provider's <c>baseUrl</c>: a path with its query; <c>{today}</c> as for http sources.</summary>
    public string Request { get; init; } = "";

    /// <summary>Headers sent with the connection request, besides the provider's. Values are treated as secrets.</summary>
    [Secret]
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Subprotocols that are offered, the preferred one first.</summary>
    public IReadOnlyList<string> Protocols { get; init; } = [];

    /// <summary>Messages sent after connecting, in this order.</summary>
    public IReadOnlyList<JsonElement> Subscribe { get; init; } = [];

    /// <summary>
    /// Which messages are payloads, as a condition over the message such as <c>type == 'update'</c> or <c>exists(type)</c>; the others are counted
    /// as filtered. All, unless stated. A message that is no JSON is a text here, and <c>@ == 'ping'</c> asks which; one that begins like JSON and is
    /// none is a payload all the same, and the mapping gives it to the dead letter.
    /// </summary>
    public string? When { get; init; }

    /// <summary>What is sent every so often, for providers that want to be told that somebody listens.</summary>
    public HeartbeatOptions? Heartbeat { get; init; }

    /// <summary>What is answered to messages that want an answer.</summary>
    public IReadOnlyList<ReplyOptions> Reply { get; init; } = [];

    /// <summary>
    /// How long nothing may be heard before the connection is given up and made again. Any message counts, but not the pings of the protocol
    /// itself. Time in which the pipeline is full doesn't count.
    /// </summary>
    [Between("100ms", "1d")]
    public Duration Silence { get; init; } = Duration.Seconds(60);

    /// <summary>Wait before a lost connection is made again, and the longest wait; in between it doubles, with up to half as much again by chance.</summary>
    public DurationRange Reconnect { get; init; } = new(Duration.Seconds(1), Duration.Seconds(30));

    /// <summary>The provider's sequence numbers: jumps show that messages did not arrive.</summary>
    public SequenceOptions? Sequence { get; init; }

    /// <summary>How to go on where the last connection ended, with providers that can.</summary>
    public ResumeOptions? Resume { get; init; }

    /// <summary>
    /// Http sources that say what this one may have missed. They are asked at once, within their providers' budgets: after a gap in <c>sequence</c>, and
    /// when a connection was made again without going on where the last one ended.
    /// </summary>
    public IReadOnlyList<string> Resync { get; init; } = [];

    /// <summary>The longest message accepted, all its fragments together; of a longer one the first 4 KB go to the dead letter.</summary>
    [Between("4KB", "64MB")]
    public ByteSize MaxMessage { get; init; } = new(1L << 20);

    /// <summary>Whether the provider counts messages sent to it like requests: then each takes a permit of its throttle.</summary>
    public bool ThrottleMessages { get; init; }

    IReadOnlyList<string> IUsesProvider.Schemes => [Uri.UriSchemeHttp, Uri.UriSchemeHttps, Uri.UriSchemeWs, Uri.UriSchemeWss];

    /// <inheritdoc/>
    public override long LargestPayload(PipelineOptions pipeline) => MaxMessage.Bytes;

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> Memory(MemoryTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        yield return new MemoryNeed("a message that is read", (MemoryTerms.Growth * MaxMessage.Bytes) + terms.Tokens, "maxMessage");
        if (Sequence?.Key is not null)
        {
            yield return new MemoryNeed("sequence numbers by key", SequenceWatch.MostMemory);
        }
    }
}

/// <summary>What is sent every so often.</summary>
public sealed record HeartbeatOptions
{
    /// <summary>How often.</summary>
    [RequiredSetting]
    [Between("100ms", "1d")]
    public Duration? Every { get; init; }

    /// <summary>The message.</summary>
    [RequiredSetting]
    public JsonElement Send { get; init; }
}

/// <summary>An answer to messages that want one.</summary>
public sealed record ReplyOptions
{
    /// <summary>Which messages are answered: a condition over the message.</summary>
    [RequiredSetting]
    public string When { get; init; } = "";

    /// <summary>The answer. Inside its texts <c>{path}</c> is a value of the message that is answered.</summary>
    [RequiredSetting]
    public JsonElement Send { get; init; }
}

/// <summary>Where the provider's sequence numbers stand.</summary>
[ShortForm(nameof(Path))]
public sealed record SequenceOptions
{
    /// <summary>What to do about a gap: nothing but telling it.</summary>
    public const string Report = "report";

    /// <summary>What to do about a gap: connect again, and resume or subscribe anew.</summary>
    public const string Again = "reconnect";

    /// <summary>
    /// Path of the number in a message, which grows by one. Where the value is no whole number it tells no gaps and serves <c>resume</c> only.
    /// Messages without it are not counted.
    /// </summary>
    [RequiredSetting]
    public string Path { get; init; } = "";

    /// <summary>
    /// Path of what is counted by itself, such as a channel; absent: the connection is counted as a whole. At most 65,536 keys are watched; a
    /// new one past that is not.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>
    /// What a gap leads to, besides being counted and logged. <c>report</c>: nothing. <c>reconnect</c>: the connection is made again, so that the
    /// provider sends what it says to new subscribers, or what is missing where it can resume.
    /// </summary>
    [OneOf(Report, Again)]
    public string OnGap { get; init; } = Report;
}

/// <summary>How to go on where the last connection ended.</summary>
public sealed record ResumeOptions
{
    /// <summary>Sent instead of <c>subscribe</c> when a sequence is known, also after a restart from a checkpoint; <c>{sequence}</c> is that of the last message handed on.</summary>
    [RequiredSetting]
    public IReadOnlyList<JsonElement> Send { get; init; } = [];

    /// <summary>Which message says that it is too late for that, as a condition over the message: then <c>subscribe</c> is sent after all.</summary>
    public string? Refused { get; init; }
}
