using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>The form of the records in the hub's files.</summary>
/// <remarks>
/// All numbers are little endian. The checksums are XxHash3, seeded with the place of the record in its file: bytes that are right, but not here,
/// are damage too.
/// <list type="table">
/// <item><term>0</term><description>4 bytes: length of the body</description></item>
/// <item><term>4</term><description>4 bytes: checksum of these 4; so the length of a record that a kill has cut off is told from one that is damaged</description></item>
/// <item><term>8</term><description>8 bytes: checksum of the body</description></item>
/// <item><term>16</term><description>the body; its first byte says what it is</description></item>
/// </list>
/// The body of an entry: kind, op (1), offset (8), UTC ticks (8), sequence (8), ordinal (4), length of the channel (4) and of the source (4), both in
/// UTF-8, the data. That of a state has before the data the count of positions (4), and of each the length of the source (4), sequence (8), ordinal
/// (4), the source. That of a forgotten channel: kind, the channel.
/// </remarks>
internal static class JournalRecord
{
    public const int HeadLength = 16;

    /// <summary>The first of a file: <see cref="JournalHead"/>.</summary>
    public const byte Head = (byte)'h';

    /// <summary>How a channel stands.</summary>
    public const byte State = (byte)'s';

    /// <summary>Something that happened in a channel.</summary>
    public const byte Entry = (byte)'e';

    /// <summary>A channel was forgotten.</summary>
    public const byte Forgotten = (byte)'f';

    /// <summary>The end of a file that was written to its end.</summary>
    public const byte End = (byte)'z';

    private const int EntryHead = 38;
    private const int PositionHead = 16;

    /// <summary>Writes an entry, or a state.</summary>
    /// <exception cref="ArgumentException">It is larger than entries may be.</exception>
    public static void Write(IBufferWriter<byte> output, long position, byte kind, in JournalEntry entry, ReadOnlySpan<JournalPosition> positions)
    {
        var record = Begin(output, Measure(kind, entry, positions));
        var body = record[HeadLength..];
        body[0] = kind;
        body[1] = (byte)entry.Op;
        BinaryPrimitives.WriteInt64LittleEndian(body[2..], entry.Offset);
        BinaryPrimitives.WriteInt64LittleEndian(body[10..], entry.At.UtcTicks);
        BinaryPrimitives.WriteInt64LittleEndian(body[18..], entry.Sequence);
        BinaryPrimitives.WriteInt32LittleEndian(body[26..], entry.Ordinal);
        var channel = Encoding.UTF8.GetBytes(entry.Channel, body[EntryHead..]);
        var source = Encoding.UTF8.GetBytes(entry.Source, body[(EntryHead + channel)..]);
        BinaryPrimitives.WriteInt32LittleEndian(body[30..], channel);
        BinaryPrimitives.WriteInt32LittleEndian(body[34..], source);
        body = body[(EntryHead + channel + source)..];
        if (kind == State)
        {
            BinaryPrimitives.WriteInt32LittleEndian(body, positions.Length);
            body = body[sizeof(int)..];
            foreach (var (name, sequence, ordinal) in positions)
            {
                var length = Encoding.UTF8.GetBytes(name, body[PositionHead..]);
                BinaryPrimitives.WriteInt32LittleEndian(body, length);
                BinaryPrimitives.WriteInt64LittleEndian(body[4..], sequence);
                BinaryPrimitives.WriteInt32LittleEndian(body[12..], ordinal);
                body = body[(PositionHead + length)..];
            }
        }

        entry.Data.CopyTo(body);
        Seal(output, record, position);
    }

    /// <summary>Writes a record of another kind.</summary>
    public static void Write(IBufferWriter<byte> output, long position, byte kind, ReadOnlySpan<byte> content)
    {
        var record = Begin(output, 1 + content.Length);
        record[HeadLength] = kind;
        content.CopyTo(record[(HeadLength + 1)..]);
        Seal(output, record, position);
    }

    /// <summary>Reads the body of an entry or a state.</summary>
    /// <returns>False when it makes no sense.</returns>
    public static bool TryRead(ReadOnlySpan<byte> body, JournalNames names, List<JournalPosition> positions, out JournalEntry entry)
    {
        entry = default;
        positions.Clear();
        if (body.Length < EntryHead
            || BinaryPrimitives.ReadInt64LittleEndian(body[10..]) is var ticks && (ulong)ticks > (ulong)DateTimeOffset.MaxValue.UtcTicks)
        {
            return false;
        }

        var rest = body[EntryHead..];
        if (!TryTake(ref rest, BinaryPrimitives.ReadInt32LittleEndian(body[30..]), out var channel)
            || !TryTake(ref rest, BinaryPrimitives.ReadInt32LittleEndian(body[34..]), out var source)
            || (body[0] == State && !TryRead(ref rest, names, positions)))
        {
            return false;
        }

        entry = new JournalEntry
        {
            Op = (JournalOp)body[1],
            Offset = BinaryPrimitives.ReadInt64LittleEndian(body[2..]),
            At = new DateTimeOffset(ticks, TimeSpan.Zero),
            Sequence = BinaryPrimitives.ReadInt64LittleEndian(body[18..]),
            Ordinal = BinaryPrimitives.ReadInt32LittleEndian(body[26..]),
            Channel = names.Get(channel),
            Source = names.Get(source),
            Data = rest,
        };
        return true;
    }

    /// <summary>The checksum of a record's length.</summary>
    public static uint LengthSum(ReadOnlySpan<byte> head, long position) => (uint)XxHash3.HashToUInt64(head[..sizeof(int)], position);

    private static bool TryRead(ref ReadOnlySpan<byte> rest, JournalNames names, List<JournalPosition> positions)
    {
        if (!TryTake(ref rest, sizeof(int), out var count))
        {
            return false;
        }

        for (var left = BinaryPrimitives.ReadInt32LittleEndian(count); left > 0; left--)
        {
            if (!TryTake(ref rest, PositionHead, out var head) || !TryTake(ref rest, BinaryPrimitives.ReadInt32LittleEndian(head), out var name))
            {
                return false;
            }

            positions.Add(new JournalPosition(names.Get(name), BinaryPrimitives.ReadInt64LittleEndian(head[4..]), BinaryPrimitives.ReadInt32LittleEndian(head[12..])));
        }

        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, int length, out ReadOnlySpan<byte> taken)
    {
        if (length < 0 || length > rest.Length)
        {
            taken = default;
            return false;
        }

        taken = rest[..length];
        rest = rest[length..];
        return true;
    }

    private static int Measure(byte kind, in JournalEntry entry, ReadOnlySpan<JournalPosition> positions)
    {
        var length = (long)EntryHead + Encoding.UTF8.GetByteCount(entry.Channel) + Encoding.UTF8.GetByteCount(entry.Source) + entry.Data.Length;
        if (kind == State)
        {
            length += sizeof(int);
            foreach (var position in positions)
            {
                length += PositionHead + Encoding.UTF8.GetByteCount(position.Source);
            }
        }

        return length <= JournalEntry.MostBytes
            ? (int)length
            : throw new ArgumentException($"an entry of channel '{entry.Channel}' has {length} bytes, more than the {JournalEntry.MostBytes} that can be kept", nameof(entry));
    }

    private static Span<byte> Begin(IBufferWriter<byte> output, int length) => output.GetSpan(HeadLength + length)[..(HeadLength + length)];

    private static void Seal(IBufferWriter<byte> output, Span<byte> record, long position)
    {
        BinaryPrimitives.WriteInt32LittleEndian(record, record.Length - HeadLength);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], LengthSum(record, position));
        BinaryPrimitives.WriteUInt64LittleEndian(record[8..], XxHash3.HashToUInt64(record[HeadLength..], position));
        output.Advance(record.Length);
    }
}
