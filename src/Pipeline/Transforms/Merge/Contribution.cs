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
    public readonly Cell Get(int slot) => Read(Present.Rank(slot), Present.Count);

    /// <summary>The slots in which a row differs from this.</summary>
    public readonly FieldSet Differences(Row row)
    {
        var present = row.Head.Present;
        var different = (Present - present) | (present - Present);
        var cells = row.Cells;
        var (rank, count) = (0, Present.Count);
        foreach (var slot in Present)
        {
            if (present.Has(slot))
            {
                ref readonly var cell = ref cells[slot];
                var held = Read(rank, count);
                if (!CellValues.Same(held, data, cell, row.Batch))
                {
                    different.Add(slot);
                }
            }

            rank++;
        }

        return different;
    }

    /// <summary>Takes over all that a row says.</summary>
    public void Copy(Row row)
    {
        ref readonly var head = ref row.Head;
        Source = head.Source;
        EventTime = head.EventTime;
        Sequence = head.Sequence;
        Received = head.ReceivedTime;
        Score = head.Quality.Score;
        IsScored = head.Quality.Level != QualityLevel.Unscored;
        IsOld = head.Quality.Old;
        Present = head.Present;
        Invalid = head.Invalid;
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
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref start, tag), (ushort)((byte)cell.Kind | (cell.Scale << 8)));
            word += Word;
            tag += Tag;
        }
    }

    private readonly Cell Read(int rank, int count)
    {
        // The rank is below the count, and the array as long as the count needs.
        ref var start = ref MemoryMarshal.GetArrayDataReference(data);
        var bits = Unsafe.ReadUnaligned<long>(ref Unsafe.Add(ref start, rank * Word));
        var tag = Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref start, (count * Word) + (rank * Tag)));
        var cell = new Cell { Bits = bits, Kind = (CellKind)(byte)tag, Scale = (sbyte)(tag >> 8) };
        if (cell.Kind is CellKind.Text or CellKind.BigNumber)
        {
            (cell.Offset, cell.Bits) = ((int)(bits >> 32), (uint)bits);
            cell.Length = cell.Kind == CellKind.BigNumber ? (ushort)bits : (ushort)0;
        }

        return cell;
    }
}
