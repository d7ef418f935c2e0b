using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace StreamEngine.Benchmarks;

/// <summary>The client's side of RFC 6455, as far as a load generator needs it.</summary>
internal static class Wire
{
    public const int Text = 1;
    public const int Close = 8;
    public const int Ping = 9;
    public const int Pong = 10;

    public static byte[] Upgrade(int port, string path) => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"));

    public static byte[] Subscribe(int channel) =>
        Frame(Text, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"type":"subscribe","id":{{channel}},"channel":"c:{{channel}}"}""")));

    /// <summary>A masked frame whose mask is zero: what it carries stays as it is.</summary>
    public static byte[] Frame(int opcode, ReadOnlySpan<byte> payload)
    {
        var head = payload.Length < 126 ? 2 : 4;
        var frame = new byte[head + 4 + payload.Length];
        frame[0] = (byte)(0x80 | opcode);
        frame[1] = (byte)(0x80 | (head == 2 ? payload.Length : 126));
        if (head == 4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)payload.Length);
        }

        payload.CopyTo(frame.AsSpan(head + 4));
        return frame;
    }

    /// <summary>Finds the next whole frame.</summary>
    /// <param name="bytes">What was received.</param>
    /// <param name="opcode">The kind of frame.</param>
    /// <param name="payload">What it carries.</param>
    /// <returns>Its length with its head; 0 when its end has not come yet.</returns>
    public static int TryRead(ReadOnlySpan<byte> bytes, out int opcode, out ReadOnlySpan<byte> payload)
    {
        opcode = 0;
        payload = default;
        if (bytes.Length < 2)
        {
            return 0;
        }

        opcode = bytes[0] & 15;
        var (head, length) = (2, bytes[1] & 127L);
        if (length >= 126)
        {
            head = length == 126 ? 4 : 10;
            if (bytes.Length < head)
            {
                return 0;
            }

            length = head == 4 ? BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) : BinaryPrimitives.ReadInt64BigEndian(bytes[2..]);
        }

        if (bytes.Length < head + length)
        {
            return 0;
        }

        payload = bytes.Slice(head, (int)length);
        return head + (int)length;
    }
}
