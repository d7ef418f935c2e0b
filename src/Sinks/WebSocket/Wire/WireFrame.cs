using System.Buffers.Binary;

namespace StreamEngine.Sinks.WebSockets.Wire;

/// <summary>Frames as a server sends them: whole messages, not masked (RFC 6455, 5.2).</summary>
internal static class WireFrame
{
    /// <summary>The most that a control frame may carry, in bytes.</summary>
    public const int LongestControl = 125;

    private const byte Final = 0x80;
    private const byte TwoBytes = 126;
    private const byte EightBytes = 127;

    /// <summary>Length of the head of a frame with so many bytes of payload.</summary>
    public static int HeadLength(int payload) => payload <= LongestControl ? 2 : payload <= ushort.MaxValue ? 4 : 10;

    /// <summary>Writes a frame's head.</summary>
    public static void WriteHead(Span<byte> to, Opcode opcode, int payload)
    {
        to[0] = (byte)(Final | (byte)opcode);
        if (payload <= LongestControl)
        {
            to[1] = (byte)payload;
        }
        else if (payload <= ushort.MaxValue)
        {
            to[1] = TwoBytes;
            BinaryPrimitives.WriteUInt16BigEndian(to[2..], (ushort)payload);
        }
        else
        {
            to[1] = EightBytes;
            BinaryPrimitives.WriteUInt64BigEndian(to[2..], (ulong)payload);
        }
    }

    /// <summary>A whole frame.</summary>
    public static byte[] Make(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        var head = HeadLength(payload.Length);
        var frame = new byte[head + payload.Length];
        WriteHead(frame, opcode, payload.Length);
        payload.CopyTo(frame.AsSpan(head));
        return frame;
    }
}
