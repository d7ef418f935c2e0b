using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Deduplicate;

/// <summary>64-bit hashes of what a record says, whatever its payload looked like. Not thread safe.</summary>
/// <remarks>
/// Hashed are: the key's hash, which slots have a value, a word of each value (a text's length), a byte of each value's kind or
/// scale, and the texts one after the other. So no two different contents give the same bytes.
/// </remarks>
/// <param name="schema">The record types; their volatile fields are left out.</param>
internal sealed class ContentHash(RecordSchema schema)
{
    // Scales lie between -100 and 100; kinds are told apart from them by values in between.
    private const int KindTag = 110;

    private const int Header = 24;

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

    /// <summary>The hash of a key, its row's fields and of whether it is a removal.</summary>
    public ulong Of(Row row, ulong key)
    {
        ref readonly var head = ref row.Head;
        var present = head.Present - volatiles[head.Type];
        var tag = Header + (present.Count * sizeof(long));
        var length = tag + present.Count + 1;
        if (buffer.Length < length)
        {
            buffer = new byte[length * 2];
        }

        // Words and tags lie below the length that was just made sure of; texts make sure of their own.
        ref var start = ref MemoryMarshal.GetArrayDataReference(buffer);
        Unsafe.WriteUnaligned(ref start, key);
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref start, sizeof(long)), present);
        Unsafe.Add(ref start, tag++) = (byte)head.Op;
        var word = Header;
        var cells = row.Cells;
        foreach (var slot in present)
        {
            ref readonly var cell = ref cells[slot];
            var (bits, kind) = (cell.Bits, (byte)(KindTag + (int)cell.Kind));
            if (cell.Kind == CellKind.Number)
            {
                var scale = cell.Scale;
                if (scale != 0)
                {
                    Decimals.Canonical(ref bits, ref scale);
                }

                kind = (byte)scale;
            }
            else if (CellValues.TextLength(cell) is > 0 and var text)
            {
                if (buffer.Length - length < text)
                {
                    Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + text));
                    start = ref MemoryMarshal.GetArrayDataReference(buffer);
                }

                row.Batch.Slice(cell.Offset, text).CopyTo(buffer.AsSpan(length));
                length += text;
                bits = text;
            }

            Unsafe.WriteUnaligned(ref Unsafe.Add(ref start, word), bits);
            Unsafe.Add(ref start, tag++) = kind;
            word += sizeof(long);
        }

        return XxHash3.HashToUInt64(buffer.AsSpan(0, length));
    }
}
