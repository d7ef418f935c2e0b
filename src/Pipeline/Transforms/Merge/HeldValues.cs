using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>The values of a <see cref="Contribution"/>, by their ranks: words, then kinds and scales, then texts.</summary>
/// <param name="memory">What they stand in; long enough for the words and tags.</param>
/// <param name="start">Where they start.</param>
/// <param name="count">How many there are.</param>
internal readonly ref struct HeldValues(byte[] memory, int start, int count)
{
    private const int Word = sizeof(long);
    private const int Tag = sizeof(ushort);
    private const int MostDecimals = 100;

    private readonly ref byte words = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(memory), start);
    private readonly ref byte tags = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(memory), start + (count * Word));

    /// <summary>How many bytes values take without their texts.</summary>
    public static int Size(int count) => count * (Word + Tag);

    /// <summary>One of the values.</summary>
    public Cell Get(int rank) => Read(WordAt(rank), TagAt(rank));

    /// <summary>Takes over a row's values, for which there is room.</summary>
    public void Fill(Row row, FieldSet present)
    {
        var cells = row.Cells;
        var text = start + Size(count);
        var rank = 0;
        foreach (var slot in present)
        {
            ref readonly var cell = ref cells[slot];
            var bits = cell.Bits;
            if (CellValues.TextLength(cell) is > 0 and var length)
            {
                row.Batch.Slice(cell.Offset, length).CopyTo(memory.AsSpan(text));
                bits = ((long)text << 32) | (uint)length;
                text += length;
            }

            WordAt(rank) = bits;
            TagAt(rank) = TagOf(cell);
            rank++;
        }
    }

    /// <summary>Takes over some of another contribution's values, for which there is room.</summary>
    /// <param name="from">The other one.</param>
    /// <param name="present">The fields that it has, by their slots here.</param>
    /// <param name="slots">By slot here, the one there.</param>
    public void Fill(in Contribution from, FieldSet present, ReadOnlySpan<short> slots)
    {
        var text = start + Size(count);
        var rank = 0;
        foreach (var slot in present)
        {
            var cell = from.Get(slots[slot]);
            var bits = cell.Bits;
            if (CellValues.TextLength(cell) is > 0 and var length)
            {
                from.Data.Slice(cell.Offset, length).CopyTo(memory.AsSpan(text));
                bits = ((long)text << 32) | (uint)length;
                text += length;
            }

            WordAt(rank) = bits;
            TagAt(rank) = TagOf(cell);
            rank++;
        }
    }

    /// <summary>Whether values from outside make sense: texts lie behind the tags, and all can be written.</summary>
    public bool AreSound()
    {
        for (var rank = 0; rank < count; rank++)
        {
            var cell = Get(rank);
            var isSound = cell.Kind switch
            {
                CellKind.Missing or CellKind.Bool => true,
                CellKind.Number => Math.Abs((int)cell.Scale) <= MostDecimals,
                CellKind.Time => Contribution.IsTime(cell.Bits),
                CellKind.Text => IsInside(cell),
                CellKind.BigNumber => cell.Bits == cell.Length && IsInside(cell)
                    && double.TryParse(memory.AsSpan(cell.Offset, cell.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out _),
                _ => false,
            };
            if (!isSound)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Tells texts that they have been moved.</summary>
    public void Move(int distance)
    {
        for (var rank = 0; rank < count; rank++)
        {
            if (IsText(TagAt(rank)) && (uint)WordAt(rank) > 0)
            {
                WordAt(rank) += (long)distance << 32;
            }
        }
    }

    /// <summary>Takes over the values of a row that has the same fields, as long as its texts are as long as those held.</summary>
    /// <param name="row">The row.</param>
    /// <param name="present">Its fields.</param>
    /// <param name="different">The slots in which the row differed.</param>
    /// <returns>Whether they are; else some values have been taken over and some have not.</returns>
    public bool Exchange(Row row, FieldSet present, out FieldSet different)
    {
        var slots = Unsafe.BitCast<FieldSet, UInt128>(present);
        var bytes = row.Batch.Bytes;
        var fits = true;
        var rank = 0;
        var low = Exchange((ulong)slots, row.Cells, bytes, ref rank, ref fits);
        var upper = (ulong)(slots >> 64);
        var high = upper == 0 ? 0 : Exchange(upper, row.Cells[64..], bytes, ref rank, ref fits);
        different = Unsafe.BitCast<UInt128, FieldSet>(new UInt128(high, low));
        return fits;
    }

    // Apart and with little that lives through the loop, so that it stays in registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private ulong Exchange(ulong slots, ReadOnlySpan<Cell> cells, ReadOnlySpan<byte> bytes, ref int rank, ref bool fits)
    {
        var different = 0UL;
        var at = rank;
        for (var left = slots; left != 0; left &= left - 1)
        {
            ref readonly var cell = ref cells[BitOperations.TrailingZeroCount(left)];
            var slot = left & (0 - left);
            if (TagAt(at) == TagOf(cell) && !IsText(TagAt(at)))
            {
                // Arithmetic, since the compiler makes a branch of a condition in a loop: which values of a record change can't be foretold.
                var change = WordAt(at) ^ cell.Bits;
                WordAt(at) = cell.Bits;
                different |= slot & (ulong)((change | -change) >> 63);
            }
            else
            {
                different |= ExchangeOther(at, cell, bytes, ref fits) ? 0 : slot;
            }

            at++;
        }

        rank = at;
        return different;
    }

    /// <summary>Takes over a text, or a value of another kind or scale.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool ExchangeOther(int rank, in Cell cell, ReadOnlySpan<byte> bytes, ref bool fits)
    {
        ref var word = ref WordAt(rank);
        ref var tag = ref TagAt(rank);
        if (tag == TagOf(cell))
        {
            var length = CellValues.TextLength(cell);
            if ((uint)word != (uint)length)
            {
                fits = false;
                return false;
            }

            var held = memory.AsSpan((int)(word >> 32), length);
            var text = bytes.Slice(cell.Offset, length);
            if (CellValues.Same(ref MemoryMarshal.GetReference(held), ref MemoryMarshal.GetReference(text), length))
            {
                return true;
            }

            text.CopyTo(held);
            return false;
        }

        var same = CellValues.Same(Read(word, tag), memory, cell, bytes);
        if (IsText(tag) || IsText(TagOf(cell)))
        {
            fits = false;
            return same;
        }

        (word, tag) = (cell.Bits, TagOf(cell));
        return same;
    }

    // A text of nothing stands nowhere: where it is copied to, its place is not set anew.
    private bool IsInside(in Cell cell) => cell.Bits == 0
        ? cell.Offset == 0
        : cell.Offset >= start + Size(count) && cell.Offset <= memory.Length && cell.Bits <= memory.Length - cell.Offset;

    private ref long WordAt(int rank) => ref Unsafe.As<byte, long>(ref Unsafe.Add(ref words, rank * Word));

    private ref ushort TagAt(int rank) => ref Unsafe.As<byte, ushort>(ref Unsafe.Add(ref tags, rank * Tag));

    // Kind and scale are neighbours.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort TagOf(in Cell cell) => Unsafe.As<CellKind, ushort>(ref Unsafe.AsRef(in cell.Kind));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsText(ushort tag) => (uint)((byte)tag - (int)CellKind.BigNumber) <= CellKind.Text - CellKind.BigNumber;

    private static Cell Read(long bits, ushort tag)
    {
        var cell = new Cell { Bits = bits, Kind = (CellKind)(byte)tag, Scale = (sbyte)(tag >> 8) };
        if (IsText(tag))
        {
            (cell.Offset, cell.Bits) = ((int)(bits >> 32), (uint)bits);
            cell.Length = cell.Kind == CellKind.BigNumber ? (ushort)bits : (ushort)0;
        }

        return cell;
    }
}
