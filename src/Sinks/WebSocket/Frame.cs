using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using StreamEngine.Sinks.WebSockets.Wire;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>
/// One frame, its head included. An update's bytes are made once and shared by all who receive it. Those who get server-sent events get the JSON
/// in it.
/// </summary>
internal sealed class Frame
{
    /// <summary>What the object, its array and their heads take.</summary>
    private const int Overhead = 136;

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly byte[] wire;
    private readonly int headLength;
    private int places;

    private Frame(byte[] wire, int headLength)
    {
        this.wire = wire;
        this.headLength = headLength;
    }

    private static ReadOnlySpan<byte> BeforeData => ",\"data\":"u8;

    /// <summary>All of it.</summary>
    public ReadOnlySpan<byte> Wire => wire;

    /// <summary>Its JSON, UTF-8; empty for control frames.</summary>
    public ReadOnlySpan<byte> Json => IsText ? wire.AsSpan(headLength) : [];

    /// <summary>Whether it is a text frame and not one of the protocol's own.</summary>
    public bool IsText { get; private init; } = true;

    /// <summary>The channel it tells about; null for what concerns one connection only.</summary>
    public HubChannel? Channel { get; private init; }

    /// <summary>What a newer frame of the same takes the place of, when the listener is behind; null for what never makes way.</summary>
    public object? Topic { get; private init; }

    /// <summary>Its position in the channel.</summary>
    public long Offset { get; private init; }

    /// <summary>When it was published, by the clock's timestamps; 0 for what is not measured.</summary>
    public long PublishedAt { get; private init; }

    /// <summary>Whether it goes out as it happens, and not to one who catches up.</summary>
    public bool IsNews => PublishedAt != 0;

    /// <summary>Whether the connection is over once it is sent.</summary>
    public bool IsClose { get; private init; }

    /// <summary>What it ends the connection with.</summary>
    public WebSocketCloseStatus Status { get; private init; }

    /// <summary>Memory that it takes, in bytes.</summary>
    public int Weight => Overhead + wire.Length;

    public static Frame Ping { get; } = OfText("{\"type\":\"ping\"}"u8);

    /// <summary>The ping that a WebSocket answers by itself.</summary>
    public static Frame WirePing { get; } = Control(Opcode.Ping, []);

    /// <summary>Both in one.</summary>
    public static Frame BothPings { get; } = new([.. WirePing.wire, .. Ping.wire], WirePing.wire.Length + Ping.headLength);

    public static Frame Pong { get; } = OfText("{\"type\":\"pong\"}"u8);

    /// <summary>It waits in one more place.</summary>
    /// <returns>Whether that is the only one.</returns>
    public bool Enter() => Interlocked.Increment(ref places) == 1;

    /// <summary>It waits in one place less.</summary>
    /// <returns>Whether it waits nowhere any more.</returns>
    public bool Leave() => Interlocked.Decrement(ref places) == 0;

    /// <summary>The same for one who comes later: no news, so that its way is not measured.</summary>
    public Frame Again() => new(wire, headLength) { Channel = Channel, Topic = Topic, Offset = Offset };

    /// <summary>One of the protocol's own.</summary>
    public static Frame Control(Opcode opcode, ReadOnlySpan<byte> payload) => new(Wires(opcode, payload), 0) { IsText = false };

    /// <summary>The last one.</summary>
    public static Frame Ending(WebSocketCloseStatus status, string reason)
    {
        var payload = new byte[2 + Encoding.UTF8.GetByteCount(reason)];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)status);
        Encoding.UTF8.GetBytes(reason, payload.AsSpan(2));
        return new Frame(Wires(Opcode.Close, payload.AsSpan(0, Math.Min(payload.Length, WireFrame.LongestControl))), 0) { IsText = false, IsClose = true, Status = status };
    }

    /// <summary>A channel's new value.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="offset">The value's position in it.</param>
    /// <param name="data">JSON, UTF-8.</param>
    /// <param name="publishedAt">When, by the clock's timestamps; 0 when it is not news.</param>
    public static Frame Update(HubChannel channel, long offset, ReadOnlySpan<byte> data, long publishedAt = 0)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(offset, digits, out var written);
        var length = channel.UpdateHead.Length + written + BeforeData.Length + data.Length + 1;
        var head = WireFrame.HeadLength(length);
        var wire = GC.AllocateUninitializedArray<byte>(head + length);
        WireFrame.WriteHead(wire, Opcode.Text, length);
        var to = wire.AsSpan(head);
        channel.UpdateHead.CopyTo(to);
        to = to[channel.UpdateHead.Length..];
        digits[..written].CopyTo(to);
        BeforeData.CopyTo(to[written..]);
        data.CopyTo(to[(written + BeforeData.Length)..]);
        wire[^1] = (byte)'}';
        return new Frame(wire, head) { Channel = channel, Topic = TopicOf(channel), Offset = offset, PublishedAt = publishedAt };
    }

    /// <summary>The channel's entity is gone.</summary>
    public static Frame Removed(HubChannel channel, long offset, long publishedAt = 0) =>
        OfChannel(channel, offset, publishedAt, new JsonObject { ["type"] = "removed", ["channel"] = channel.Name, ["offset"] = offset });

    /// <summary>The channel's entity goes on in another one.</summary>
    public static Frame Alias(HubChannel channel, string now, long offset, long publishedAt = 0) =>
        OfChannel(channel, offset, publishedAt, new JsonObject { ["type"] = "alias", ["channel"] = channel.Name, ["now"] = now, ["offset"] = offset });

    /// <summary>Whether the channel's value can still be relied on.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="stale">Whether it can't.</param>
    /// <param name="asOf">When it was last changed or confirmed.</param>
    public static Frame OfStatus(HubChannel channel, bool stale, DateTimeOffset asOf)
    {
        var text = Write(new JsonObject { ["type"] = "status", ["channel"] = channel.Name, ["stale"] = stale, ["asOf"] = TimeText(asOf) });
        return new Frame(Wires(Opcode.Text, text), WireFrame.HeadLength(text.Length)) { Channel = channel, Topic = channel.StatusTopic, Offset = channel.Offset };
    }

    public static Frame Established(string connection, TimeSpan heartbeat, long maxMessage) => OfAnswer(new JsonObject
    {
        ["type"] = "connection_established",
        ["connection_id"] = connection,
        ["version"] = 1,
        ["heartbeat"] = heartbeat.TotalSeconds,
        ["maxMessage"] = maxMessage,
    });

    public static Frame Subscribed(string? id, string channel, string epoch, long? offset, string mode)
    {
        var answer = Answer("subscribed", id);
        answer["channel"] = channel;
        answer["epoch"] = epoch;
        if (offset is { } at)
        {
            answer["offset"] = at;
        }

        answer["mode"] = mode;
        return OfAnswer(answer);
    }

    public static Frame Unsubscribed(string? id, string channel)
    {
        var answer = Answer("unsubscribed", id);
        answer["channel"] = channel;
        return OfAnswer(answer);
    }

    public static Frame Authenticated(string? id, DateTimeOffset? expires)
    {
        var answer = Answer("authenticated", id);
        if (expires is { } at)
        {
            answer["expires"] = TimeText(at);
        }

        return OfAnswer(answer);
    }

    public static Frame Error(string? id, string code, string message, bool retry = false, string? channel = null)
    {
        var answer = Answer("error", id);
        if (channel is not null)
        {
            answer["channel"] = channel;
        }

        answer["code"] = code;
        answer["message"] = message;
        answer["retry"] = retry;
        return OfAnswer(answer);
    }

    public static Frame Lagging(long conflated) => OfAnswer(new JsonObject { ["type"] = "lagging", ["conflated"] = conflated });

    public static Frame Bye(int code, int retryAfter) =>
        OfAnswer(new JsonObject { ["type"] = "bye", ["code"] = code, ["retryAfter"] = retryAfter });

    private static string TimeText(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static HubChannel? TopicOf(HubChannel channel) => channel.IsEvent ? null : channel;

    private static Frame OfChannel(HubChannel channel, long offset, long publishedAt, JsonObject json)
    {
        var text = Write(json);
        return new Frame(Wires(Opcode.Text, text), WireFrame.HeadLength(text.Length)) { Channel = channel, Topic = TopicOf(channel), Offset = offset, PublishedAt = publishedAt };
    }

    private static Frame OfAnswer(JsonObject json) => OfText(Write(json));

    private static Frame OfText(ReadOnlySpan<byte> text) => new(Wires(Opcode.Text, text), WireFrame.HeadLength(text.Length));

    private static byte[] Wires(Opcode opcode, ReadOnlySpan<byte> payload) => WireFrame.Make(opcode, payload);

    private static JsonObject Answer(string type, string? id)
    {
        var answer = new JsonObject { ["type"] = type };
        if (id is not null)
        {
            answer["id"] = JsonNode.Parse(id);
        }

        return answer;
    }

    private static byte[] Write(JsonObject frame) => Encoding.UTF8.GetBytes(frame.ToJsonString(Relaxed));
}
