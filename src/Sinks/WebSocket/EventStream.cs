using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>Writes frames as server-sent events (HTML Living Standard, 9.2): JSON has no line breaks, so each is one line of data.</summary>
/// <param name="epoch">Of the hub, for the events' ids.</param>
/// <param name="hasIds">Whether an event's id tells where to go on: when there is one channel only.</param>
internal sealed class EventStream(string epoch, bool hasIds)
{
    private const int LongestOffset = 20;

    private readonly byte[] idHead = Encoding.UTF8.GetBytes($"id: {epoch}:");

    private static ReadOnlySpan<byte> DataHead => "data: "u8;

    private static ReadOnlySpan<byte> LineEnd => "\n"u8;

    /// <summary>What a stream begins with: how long a client waits before it connects again.</summary>
    public static byte[] Retry(int milliseconds) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"retry: {milliseconds}\n\n"));

    /// <summary>The most bytes that a frame takes.</summary>
    public int LengthOf(Frame frame) => idHead.Length + LongestOffset + DataHead.Length + frame.Json.Length + 3;

    /// <summary>Writes a frame.</summary>
    /// <returns>How many bytes it took.</returns>
    public int Write(Frame frame, Span<byte> to)
    {
        var length = 0;
        if (hasIds && frame is { Channel: not null, Offset: > 0 })
        {
            idHead.CopyTo(to);
            Utf8Formatter.TryFormat(frame.Offset, to[idHead.Length..], out var digits);
            length = idHead.Length + digits;
            LineEnd.CopyTo(to[length..]);
            length++;
        }

        DataHead.CopyTo(to[length..]);
        length += DataHead.Length;
        frame.Json.CopyTo(to[length..]);
        length += frame.Json.Length;
        LineEnd.CopyTo(to[length..]);
        LineEnd.CopyTo(to[(length + 1)..]);
        return length + 2;
    }
}
