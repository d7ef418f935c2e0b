using System.Buffers.Binary;
using System.IO.Hashing;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Deduplicate;

/// <summary>64-bit hashes of what a record says, whatever its payload looked like. Not thread safe.</summary>
/// <param name="schema">The record types; their volatile fields are left out.</param>
internal sealed class ContentHash(RecordSchema schema)
{
    private const int Header = 12;

    private readonly FieldSet[] volatiles = [.. schema.Types.Select(Volatiles)];
    private byte[] buffer = new byte[512];

    /// <summary>The slots whose change is not news.</summary>
    public static FieldSet Volatiles(RecordType type)
    {
        var slots = default(FieldSet);
        foreach (var field in type.Fields.Where(f => f.Volatile))
        {
            slots.Add(field.Slot);
        }

        return slots;
    }

    /// <summary>The hash of a row's fields and of whether it is a removal.</summary>
    public ulong Of(Row row)
    {
        ref readonly var head = ref row.Head;
        var bytes = row.Batch.Bytes;
        var cells = row.Cells;
        var length = 0;
        foreach (var slot in head.Present - volatiles[head.Type])
        {
            ref readonly var cell = ref cells[slot];
            var text = CellValues.TextLength(cell);
            if (buffer.Length - length < Header + text)
            {
                Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + Header + text));
            }

            var (bits, scale) = cell.Kind switch
            {
                CellKind.Number => Normal(cell),
                CellKind.BigNumber => (cell.Length, (sbyte)0),
                _ => (cell.Bits, (sbyte)0),
            };
            var room = buffer.AsSpan(length);
            room[0] = (byte)slot;
            room[1] = (byte)cell.Kind;
            room[2] = (byte)scale;
            room[3] = 0;
            BinaryPrimitives.WriteInt64LittleEndian(room[4..], bits);
            bytes.Slice(cell.Offset, text).CopyTo(room[Header..]);
            length += Header + text;
        }

        return XxHash3.HashToUInt64(buffer.AsSpan(0, length), (long)head.Op);
    }

    private static (long Bits, sbyte Scale) Normal(in Cell cell)
    {
        var (bits, scale) = (cell.Bits, cell.Scale);
        Decimals.Normalize(ref bits, ref scale);
        return (bits, scale);
    }
}
