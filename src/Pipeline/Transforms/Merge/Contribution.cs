using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>What one source said last about one key, copied out of its batch. Its memory is used again.</summary>
/// <remarks>
/// All stands in one array: the head, what its owner has put behind that, and the values in the order of their slots, which are a
/// word each, then two bytes each for kind and scale, then the texts. A text's word is its length and where it starts.
/// </remarks>
internal partial struct Contribution
{
    private const int Step = 16;

    /// <summary>How finely agreement is held; 0 stands for nothing to compare.</summary>
    private const int Grades = byte.MaxValue - 1;

    private byte[] memory;

    /// <summary>Makes one of a source that has said nothing yet.</summary>
    /// <param name="source">The source.</param>
    /// <param name="start">Where values start.</param>
    public Contribution(short source, int start)
    {
        memory = new byte[start];
        (Own.Source, Own.Start) = (source, start);
    }

    /// <summary>Makes one of a source that has said nothing yet.</summary>
    public Contribution(short source)
        : this(source, HeadSize)
    {
    }

    public Contribution()
        : this(0)
    {
    }

    /// <summary>The contribution that stands in an array.</summary>
    public Contribution(byte[] memory) => this.memory = memory;

    public static int HeadSize => Unsafe.SizeOf<Head>();

    public readonly short Source => Own.Source;

    public readonly long EventTime => Own.EventTime;

    public readonly long Sequence => Own.Sequence;

    /// <summary>When the source last said or confirmed it.</summary>
    public readonly long Received => Own.Received;

    public readonly float Score => Own.Score;

    public readonly bool IsScored => Own.IsScored;

    /// <summary>What lowered its score when it was said.</summary>
    public readonly QualityMarks Marks => Own.Marks;

    /// <summary>Share of the values that other fresh sources gave too, when this was last compared, with which they agreed; null when there were none.</summary>
    public readonly double? Agreement => Own.Agreed == 0 ? null : (Own.Agreed - 1) / (double)Grades;

    /// <summary>Share of the source's last updates of the key that were neither refused nor took a count back; those that never came count as good ones.</summary>
    public readonly double Consistency => 1 - (BitOperations.PopCount(Own.Faults) / 8.0);

    /// <summary>How surely the source's id was matched to the key.</summary>
    public readonly Confidence Confidence => Own.Confidence;

    /// <summary>Whether its source has said something since that was refused: what it confirms is not this.</summary>
    public readonly bool IsDisputed => Own.IsDisputed;

    public readonly FieldSet Present => Own.Present;

    public readonly FieldSet Invalid => Own.Invalid;

    /// <summary>The array it stands in; another one when it has outgrown that.</summary>
    public readonly byte[] Memory => memory;

    /// <summary>What values point into.</summary>
    public readonly ReadOnlySpan<byte> Data => memory;

    // No array is shorter than the head: all come from the constructors and from Reserve.
    private readonly ref Head Own => ref Unsafe.As<byte, Head>(ref MemoryMarshal.GetArrayDataReference(memory));

    private readonly HeldValues Values => new(memory, Own.Start, Own.Present.Count);

    /// <summary>The value of a field that is present, pointing into <see cref="Data"/>.</summary>
    public readonly Cell Get(int slot) => Values.Get(Own.Present.Rank(slot));

    /// <summary>Whether it is later than what a row of its source says.</summary>
    public readonly bool IsAfter(Row row)
    {
        ref readonly var head = ref row.Head;
        ref readonly var own = ref Own;
        return head.EventTime < own.EventTime || (head.EventTime == own.EventTime && head.Sequence < own.Sequence);
    }

    /// <summary>Takes over all that a row says.</summary>
    /// <returns>The slots in which the row differed.</returns>
    public FieldSet Replace(Row row)
    {
        ref readonly var head = ref row.Head;
        if (head.Present == Own.Present)
        {
            if (Values.Exchange(row, head.Present, out var different))
            {
                CopyHead(head);
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
        ref readonly var head = ref row.Head;
        var cells = row.Cells;
        var texts = 0;
        foreach (var slot in head.Present)
        {
            texts += CellValues.TextLength(cells[slot]);
        }

        Reserve(HeldValues.Size(head.Present.Count) + texts);
        CopyHead(head);
        Values.Fill(row, head.Present);
    }

    /// <summary>Sets a field of a row to the value that it has here.</summary>
    public readonly void CopyTo(Row row, int slot)
    {
        var cell = Get(slot);
        if (CellValues.TextLength(cell) is > 0 and var length)
        {
            cell.Offset = row.Batch.Append(Data.Slice(cell.Offset, length));
        }

        row.Set(slot, cell);
    }

    /// <summary>Takes over another one, in memory of its own.</summary>
    public void Copy(in Contribution other)
    {
        if (memory.Length < other.memory.Length)
        {
            memory = new byte[other.memory.Length];
        }

        other.memory.CopyTo(memory, 0);
    }

    /// <summary>Takes over the values of one whose values start somewhere else.</summary>
    public void CopyValues(in Contribution other)
    {
        var (from, start) = (other.Own.Start, Own.Start);
        Reserve(other.memory.Length - from);
        Own = other.Own;
        Own.Start = start;
        other.memory.AsSpan(from).CopyTo(memory.AsSpan(start));
        Values.Move(start - from);
    }

    /// <summary>Confirmed: known as of this time.</summary>
    public readonly void Confirm(long received)
    {
        if (!Own.IsDisputed)
        {
            Own.Received = Math.Max(Own.Received, received);
        }
    }

    /// <summary>What the source says now was refused.</summary>
    public readonly void Dispute() => Own.IsDisputed = true;

    /// <summary>Another update of the source has come.</summary>
    /// <param name="holds">Whether it is neither refused nor takes a count back.</param>
    public readonly void Judge(bool holds) => Own.Faults = (byte)((Own.Faults << 1) | (holds ? 0 : 1));

    /// <summary>It was compared with what other sources say.</summary>
    /// <param name="same">Values about which they agree.</param>
    /// <param name="all">Values that they give too.</param>
    public readonly void Compared(int same, int all) => Own.Agreed = (byte)(all == 0 ? 0 : 1 + (same * Grades / all));

    /// <summary>Makes room for values and their texts. Without an upper bound every key would in time hold as much as the longest it ever had.</summary>
    private void Reserve(int values)
    {
        var start = Own.Start;
        var length = start + values;
        if (memory.Length < length || memory.Length > (length * 4) + Step)
        {
            var other = new byte[(length + Step - 1) / Step * Step];
            memory.AsSpan(0, start).CopyTo(other);
            memory = other;
        }
    }

    private readonly void CopyHead(in RowHead head)
    {
        ref var own = ref Own;
        own.Present = head.Present;
        own.Invalid = head.Invalid;
        own.EventTime = head.EventTime;
        own.Sequence = head.Sequence;
        own.Received = head.ReceivedTime;
        own.Score = head.Quality.Score;
        own.Source = head.Source;
        own.IsScored = head.Quality.Level != QualityLevel.Unscored;
        own.Marks = head.Quality.Marks;
        own.IsDisputed = false;
        own.Confidence = head.Confidence;
    }

    /// <summary>The slots in which a row differs from this.</summary>
    public readonly FieldSet Differences(Row row)
    {
        var (held, present) = (Own.Present, row.Head.Present);
        var different = (held - present) | (present - held);
        var cells = row.Cells;
        foreach (var slot in held & present)
        {
            if (!CellValues.Same(Get(slot), memory, cells[slot], row.Batch.Bytes))
            {
                different.Add(slot);
            }
        }

        return different;
    }

    private struct Head
    {
        public FieldSet Present;
        public FieldSet Invalid;
        public long EventTime;
        public long Sequence;
        public long Received;
        public float Score;
        public int Start;
        public short Source;
        public bool IsScored;
        public QualityMarks Marks;
        public byte Agreed;
        public bool IsDisputed;
        public Confidence Confidence;

        /// <summary>One bit for each of the last updates, the latest lowest: whether something was wrong with it.</summary>
        public byte Faults;
    }
}
