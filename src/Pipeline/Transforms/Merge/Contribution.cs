using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>What one source said last about one key, copied out of its batch. Its memory is used again.</summary>
/// <remarks>
/// The values stand in one array in the order of their slots: a word each, then two bytes each for kind and scale, then the texts.
/// A text's word is its length and where it starts.
/// </remarks>
internal struct Contribution
{
    private const int Step = 16;
    private const int Word = sizeof(long);
    private const int Tag = sizeof(ushort);

    private byte[] data;

    public Contribution() => data = [];

    public Contribution(short source)
        : this() => Source = source;

    public short Source { get; private set; }

    public long EventTime { get; private set; }

    public long Sequence { get; private set; }

    /// <summary>When the source last said or confirmed it.</summary>
    public long Received { get; set; }

    public float Score { get; private set; }

    public bool IsScored { get; private set; }

    public bool IsOld { get; private set; }

    public FieldSet Present { get; private set; }

    public FieldSet Invalid { get; private set; }

    /// <summary>What values point into.</summary>
    public readonly ReadOnlySpan<byte> Data => data;

    /// <summary>The value of a field that is present, pointing into <see cref="Data"/>.</summary>
    public readonly Cell Get(int slot)
    {
        // The rank of a present slot is below their count, and the array as long as the count needs.
        var (rank, count) = (Present.Rank(slot), Present.Count);
        ref var start = ref MemoryMarshal.GetArrayDataReference(data);
        return Read(
            Unsafe.ReadUnaligned<long>(ref Unsafe.Add(ref start, rank * Word)),
            Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref start, (count * Word) + (rank * Tag))));
    }

    /// <summary>Takes over all that a row says.</summary>
    /// <returns>The slots in which the row differed.</returns>
    public FieldSet Replace(Row row)
    {
        if (row.Head.Present == Present)
        {
            var different = Exchange(row, out var fits);
            if (fits)
            {
                CopyHead(row.Head);
            }
            else
            {
                Copy(row);
            }

            return different;
        }

        var differences = Differences(row);
        Copy(row);
        return differences;
    }

    /// <summary>Takes over all that a row says.</summary>
    public void Copy(Row row)
    {
        CopyHead(row.Head);
        var cells = row.Cells;
        var length = Present.Count * (Word + Tag);
        foreach (var slot in Present)
        {
            length += CellValues.TextLength(cells[slot]);
        }

        // Without the upper bound every key would in time hold as much as the longest it ever had.
        if (data.Length < length || data.Length > (length * 4) + Step)
        {
            data = new byte[(length + Step - 1) / Step * Step];
        }

        Fill(cells, row.Batch);
    }

    /// <summary>Takes over another one, in memory of its own.</summary>
    public void Copy(in Contribution other)
    {
        var memory = data;
        this = other;
        data = memory.Length < other.data.Length ? new byte[other.data.Length] : memory;
        other.data.CopyTo(data, 0);
    }

    /// <summary>Confirmed: known as of this time.</summary>
    public void Confirm(long received) => Received = Math.Max(Received, received);

    private void CopyHead(in RowHead head)
    {
        Source = head.Source;
        EventTime = head.EventTime;
        Sequence = head.Sequence;
        Received = head.ReceivedTime;
        Score = head.Quality.Score;
        IsScored = head.Quality.Level != QualityLevel.Unscored;
        IsOld = head.Quality.Old;
        Present = head.Present;
        Invalid = head.Invalid;
    }

    /// <summary>The slots in which a row differs from this.</summary>
    private readonly FieldSet Differences(Row row)
    {
        var present = row.Head.Present;
        var different = (Present - present) | (present - Present);
        var cells = row.Cells;
        foreach (var slot in Present & present)
        {
            if (!CellValues.Same(Get(slot), data, cells[slot], row.Batch.Bytes))
            {
                different.Add(slot);
            }
        }

        return different;
    }

    /// <summary>Takes over the values of a row that has the same fields, as long as its texts are as long as those held.</summary>
    /// <param name="row">The row.</param>
    /// <param name="fits">Whether they are; else some values have been taken over and some have not.</param>
    /// <returns>The slots in which the row differed.</returns>
    private readonly FieldSet Exchange(Row row, out bool fits)
    {
        // The words and tags of all present slots stand in the array since these fields were taken over.
        ref var word = ref MemoryMarshal.GetArrayDataReference(data);
        ref var tag = ref Unsafe.Add(ref word, Present.Count * Word);
        var different = default(FieldSet);
        var cells = row.Cells;
        var batch = row.Batch;
        fits = true;
        foreach (var slot in Present)
        {
            ref readonly var cell = ref cells[slot];
            var bits = Unsafe.ReadUnaligned<long>(ref word);
            var kind = Unsafe.ReadUnaligned<ushort>(ref tag);
            if (CellValues.TextLength(cell) > 0 || IsText(kind))
            {
                var held = Read(bits, kind);
                if (!CellValues.Same(held, data, cell, batch.Bytes))
                {
                    different.Add(slot);
                    fits = false;
                }
            }
            else
            {
                if (bits != cell.Bits || kind != TagOf(cell))
                {
                    if (kind == TagOf(cell) || !CellValues.Same(Read(bits, kind), data, cell, data))
                    {
                        different.Add(slot);
                    }

                    Unsafe.WriteUnaligned(ref word, cell.Bits);
                    Unsafe.WriteUnaligned(ref tag, TagOf(cell));
                }
            }

            word = ref Unsafe.Add(ref word, Word);
            tag = ref Unsafe.Add(ref tag, Tag);
        }

        return different;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort TagOf(in Cell cell) => (ushort)((byte)cell.Kind | (cell.Scale << 8));

    private static bool IsText(ushort tag) => (CellKind)(byte)tag is CellKind.Text or CellKind.BigNumber;

    // Words and tags of all present slots fit: the length was made sure of with them.
    private readonly void Fill(Span<Cell> cells, Batch batch)
    {
        ref var start = ref MemoryMarshal.GetArrayDataReference(data);
        var word = 0;
        var tag = Present.Count * Word;
        var at = Present.Count * (Word + Tag);
        foreach (var slot in Present)
        {
            ref readonly var cell = ref cells[slot];
            var bits = cell.Bits;
            if (CellValues.TextLength(cell) is > 0 and var length)
            {
                batch.Slice(cell.Offset, length).CopyTo(data.AsSpan(at));
                bits = ((long)at << 32) | (uint)length;
                at += length;
            }

            Unsafe.WriteUnaligned(ref Unsafe.Add(ref start, word), bits);
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref start, tag), TagOf(cell));
            word += Word;
            tag += Tag;
        }
    }

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
