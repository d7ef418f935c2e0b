using System.Buffers;
using System.Buffers.Text;
using System.Net.WebSockets;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>One text frame. An update's bytes are made once and shared by all who receive it.</summary>
/// <param name="Bytes">JSON, UTF-8.</param>
/// <param name="Channel">The channel it tells about; null for what concerns one connection only.</param>
/// <param name="Offset">Its position in the channel.</param>
internal sealed record Frame(byte[] Bytes, HubChannel? Channel = null, long Offset = 0)
{
    /// <summary>What the object, its array and their heads take.</summary>
    private const int Overhead = 112;

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private int places;

    private static ReadOnlySpan<byte> BeforeData => ",\"data\":"u8;

    /// <summary>Not sent: the connection is closed when it comes up.</summary>
    public WebSocketCloseStatus? Close { get; private init; }

    public string? CloseReason { get; private init; }

    /// <summary>Memory that it takes, in bytes.</summary>
    public int Weight => Overhead + Bytes.Length;

    public static Frame Ping { get; } = new("{\"type\":\"ping\"}"u8.ToArray());

    public static Frame Pong { get; } = new("{\"type\":\"pong\"}"u8.ToArray());

    /// <summary>It waits in one more place.</summary>
    /// <returns>Whether that is the only one.</returns>
    public bool Enter() => Interlocked.Increment(ref places) == 1;

    /// <summary>It waits in one place less.</summary>
    /// <returns>Whether it waits nowhere any more.</returns>
    public bool Leave() => Interlocked.Decrement(ref places) == 0;

    public static Frame Ending(WebSocketCloseStatus status, string reason) => new([]) { Close = status, CloseReason = reason };

    public static Frame Update(HubChannel channel, long offset, ReadOnlySpan<byte> data)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(offset, digits, out var written);
        var bytes = GC.AllocateUninitializedArray<byte>(channel.UpdateHead.Length + written + BeforeData.Length + data.Length + 1);
        channel.UpdateHead.CopyTo(bytes);
        var to = bytes.AsSpan(channel.UpdateHead.Length);
        digits[..written].CopyTo(to);
        BeforeData.CopyTo(to[written..]);
        data.CopyTo(to[(written + BeforeData.Length)..]);
        bytes[^1] = (byte)'}';
        return new Frame(bytes, channel, offset);
    }

    public static Frame Removed(HubChannel channel, long offset) =>
        new(Write(new JsonObject { ["type"] = "removed", ["channel"] = channel.Name, ["offset"] = offset }), channel, offset);

    public static Frame Alias(HubChannel channel, string now, long offset) =>
        new(Write(new JsonObject { ["type"] = "alias", ["channel"] = channel.Name, ["now"] = now, ["offset"] = offset }), channel, offset);

    public static Frame Established(string connection, TimeSpan heartbeat, long maxMessage) => new(Write(new JsonObject
    {
        ["type"] = "connection_established",
        ["connection_id"] = connection,
        ["version"] = 1,
        ["heartbeat"] = heartbeat.TotalSeconds,
        ["maxMessage"] = maxMessage,
    }));

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
        return new Frame(Write(answer));
    }

    public static Frame Unsubscribed(string? id, string channel)
    {
        var answer = Answer("unsubscribed", id);
        answer["channel"] = channel;
        return new Frame(Write(answer));
    }

    public static Frame Error(string? id, string code, string message, bool retry = false)
    {
        var answer = Answer("error", id);
        answer["code"] = code;
        answer["message"] = message;
        answer["retry"] = retry;
        return new Frame(Write(answer));
    }

    public static Frame Lagging(long conflated) => new(Write(new JsonObject { ["type"] = "lagging", ["conflated"] = conflated }));

    public static Frame Bye(int code, int retryAfter) =>
        new(Write(new JsonObject { ["type"] = "bye", ["code"] = code, ["retryAfter"] = retryAfter }));

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

/// <summary>A channel with its current value. Guarded by the hub's lock; name and head never change.</summary>
internal sealed class HubChannel
{
    private const int Step = 64;

    /// <summary>What a channel takes besides its names and its value: its objects, and its places in the table and in the order of news.</summary>
    private const int Overhead = 300;

    private byte[] data = [];
    private int length;
    private Frame? last;
    private string? now;

    public HubChannel(string name, long offset)
    {
        Name = name;
        Offset = offset;
        Node = new LinkedListNode<HubChannel>(this);
        UpdateHead = Encoding.UTF8.GetBytes($"{{\"type\":\"update\",\"channel\":\"{JsonEncodedText.Encode(name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\",\"offset\":");
    }

    public string Name { get; }

    public byte[] UpdateHead { get; }

    public LinkedListNode<HubChannel> Node { get; }

    public long Offset { get; private set; }

    /// <summary>Whether the entity is gone.</summary>
    public bool Removed { get; private set; }

    /// <summary>Whether anything was published.</summary>
    public bool HasValue => Removed || length > 0;

    /// <summary>The newest value's frame. It is made when somebody wants it: most channels have no listener most of the time.</summary>
    public Frame Last => last ??= now is not null ? Frame.Alias(this, now, Offset) : Removed ? Frame.Removed(this, Offset) : Frame.Update(this, Offset, data.AsSpan(0, length));

    public DateTimeOffset TouchedAt { get; set; }

    /// <summary>Memory that it took when it was last counted, in bytes.</summary>
    public int Weight { get; private set; }

    /// <summary>Counts its memory anew, the frame of its value included.</summary>
    /// <returns>By how much it takes more.</returns>
    public int Reweigh()
    {
        var before = Weight;
        Weight = Overhead + (sizeof(char) * (Name.Length + (now?.Length ?? 0))) + UpdateHead.Length + data.Length + (last?.Weight ?? 0);
        return Weight - before;
    }

    /// <summary>Takes a new value, over the one before.</summary>
    public void Update(ReadOnlySpan<byte> value)
    {
        if (data.Length < value.Length)
        {
            data = GC.AllocateUninitializedArray<byte>((value.Length + Step - 1) / Step * Step);
        }

        value.CopyTo(data);
        (length, last, Removed, now) = (value.Length, null, false, null);
        Offset++;
    }

    /// <summary>The entity is gone.</summary>
    /// <param name="alias">The channel in which it goes on; null for none.</param>
    public void Remove(string? alias = null)
    {
        (data, length, last, Removed, now) = ([], 0, null, true, alias);
        Offset++;
    }
}
