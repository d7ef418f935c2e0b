using System.Buffers.Binary;
using System.Text;

namespace StreamEngine.Tests;

/// <summary>A WebSocket frame as a client writes it, whether the protocol allows it or not.</summary>
/// <param name="Opcode">What it is, 0 to 15.</param>
/// <param name="Payload">What it carries, not masked yet.</param>
internal sealed record ClientFrame(int Opcode, byte[] Payload)
{
    public const int Continuation = 0;
    public const int Text = 1;
    public const int Binary = 2;
    public const int Close = 8;
    public const int Ping = 9;
    public const int Pong = 10;

    private const int FinalBit = 0x80;
    private const int MaskBit = 0x80;

    /// <summary>Whether its message ends with it.</summary>
    public bool Final { get; init; } = true;

    /// <summary>The three reserved bits: 4, 2 and 1.</summary>
    public int Reserved { get; init; }

    /// <summary>Null sends the payload as it is and says so.</summary>
    public uint? Mask { get; init; } = 0x8F3A5C71;

    /// <summary>How many more bytes the length takes: 0, 2 or 8; null as few as possible.</summary>
    public int? LengthBytes { get; init; }

    /// <summary>The length that its head tells; null the right one.</summary>
    public ulong? Length { get; init; }

    public static ClientFrame OfText(string text) => new(Text, Encoding.UTF8.GetBytes(text));

    public static ClientFrame OfClose(int code, string reason = "") => new(Close, [(byte)(code >> 8), (byte)code, .. Encoding.UTF8.GetBytes(reason)]);

    /// <summary>A text in two frames, cut after so many bytes.</summary>
    public static ClientFrame[] InTwo(byte[] text, int cut) => [new(Text, text[..cut]) { Final = false }, new(Continuation, text[cut..])];

    public byte[] ToBytes()
    {
        var length = Length ?? (ulong)Payload.Length;
        var more = LengthBytes ?? (length < 126 ? 0 : length <= ushort.MaxValue ? 2 : 8);
        Span<byte> head = stackalloc byte[14];
        head[0] = (byte)((Final ? FinalBit : 0) | (Reserved << 4) | Opcode);
        head[1] = (byte)((Mask is null ? 0 : MaskBit) | (more == 0 ? (int)length : more == 2 ? 126 : 127));
        if (more == 2)
        {
            BinaryPrimitives.WriteUInt16BigEndian(head[2..], (ushort)length);
        }
        else if (more == 8)
        {
            BinaryPrimitives.WriteUInt64BigEndian(head[2..], length);
        }

        if (Mask is not { } mask)
        {
            return [.. head[..(2 + more)], .. Payload];
        }

        var key = head.Slice(2 + more, 4);
        BinaryPrimitives.WriteUInt32BigEndian(key, mask);
        byte[] bytes = [.. head[..(6 + more)], .. Payload];
        for (var i = 0; i < Payload.Length; i++)
        {
            bytes[6 + more + i] ^= key[i % 4];
        }

        return bytes;
    }
}
