using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace StreamEngine.Tests;

/// <summary>A WebSocket frame that a server sent. Reading it fails when it is not as a server's must be.</summary>
internal sealed record ServerFrame(int Opcode, byte[] Payload)
{
    private const int Largest = 16 << 20;

    /// <summary>What a text frame says.</summary>
    public JsonElement Json => JsonElement.Parse(Payload);

    /// <summary>The code of a close frame; 1005 when it has none.</summary>
    public int Code => Payload.Length == 0 ? 1005 : BinaryPrimitives.ReadUInt16BigEndian(Payload);

    /// <summary>The next frame; null when the stream ends, in the middle of a frame too.</summary>
    public static async Task<ServerFrame?> ReadAsync(Stream from, CancellationToken cancellationToken)
    {
        var head = new byte[8];
        if (!await FillAsync(from, head.AsMemory(0, 2), cancellationToken))
        {
            return null;
        }

        var opcode = head[0] & 0x0F;
        Assert.True(head[0] >> 4 == 8, $"a frame in pieces or with reserved bits: {head[0]:x2}");
        Assert.Contains(opcode, new[] { ClientFrame.Text, ClientFrame.Close, ClientFrame.Ping, ClientFrame.Pong });
        Assert.True(head[1] < 0x80, "a server's frame has no mask");
        long length = head[1];
        if (length >= 126)
        {
            Assert.True(opcode == ClientFrame.Text, "a control frame has at most 125 bytes");
            var bytes = length == 126 ? 2 : 8;
            if (!await FillAsync(from, head.AsMemory(0, bytes), cancellationToken))
            {
                return null;
            }

            length = bytes == 2 ? BinaryPrimitives.ReadUInt16BigEndian(head) : BinaryPrimitives.ReadInt64BigEndian(head);
            Assert.InRange(length, bytes == 2 ? 126 : ushort.MaxValue + 1, Largest);
        }

        var payload = new byte[length];
        if (!await FillAsync(from, payload, cancellationToken))
        {
            return null;
        }

        var frame = new ServerFrame(opcode, payload);
        if (opcode == ClientFrame.Text)
        {
            Assert.NotEqual("", frame.Json.GetProperty("type").GetString());
        }
        else if (opcode == ClientFrame.Close)
        {
            Assert.NotEqual(1, payload.Length);
            _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(payload.AsSpan(Math.Min(2, payload.Length)));
        }

        return frame;
    }

    /// <summary>In a word or two, such as <c>subscribed 7</c>, <c>error bad_json</c>, <c>pong frame abc</c>.</summary>
    public override string ToString() => Opcode switch
    {
        ClientFrame.Text => string.Join(' ', ((string[])["type", "code", "id"]).Where(n => Json.TryGetProperty(n, out _)).Select(n => Json.GetProperty(n).ToString())),
        ClientFrame.Close => $"close {Code}",
        _ => $"{(Opcode == ClientFrame.Ping ? "ping" : "pong")} frame {Encoding.Latin1.GetString(Payload)}",
    };

    private static async Task<bool> FillAsync(Stream from, Memory<byte> to, CancellationToken cancellationToken)
    {
        try
        {
            return await from.ReadAtLeastAsync(to, to.Length, throwOnEndOfStream: false, cancellationToken) == to.Length;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
