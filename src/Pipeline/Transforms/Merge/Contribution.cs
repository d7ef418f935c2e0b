using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>What one source said last about one key, copied out of its batch. Its memory is used again.</summary>
internal sealed class Contribution
{
    private const int Step = 16;

    private Cell[] cells = [];
    private byte[] text = [];

    public short Source { get; private set; }

    public long EventTime { get; private set; }

    public long Sequence { get; private set; }

    /// <summary>When the source last said or confirmed it.</summary>
    public long Received { get; set; }

    public Quality Quality { get; private set; }

    public FieldSet Present { get; private set; }

    public FieldSet Invalid { get; private set; }

    /// <summary>The field's value, pointing into <see cref="Text"/>.</summary>
    public ref readonly Cell this[int slot] => ref cells[slot];

    public ReadOnlySpan<byte> Text => text;

    /// <summary>Takes over all that a row says.</summary>
    public void Copy(Row row)
    {
        ref readonly var head = ref row.Head;
        Source = head.Source;
        EventTime = head.EventTime;
        Sequence = head.Sequence;
        Received = head.ReceivedTime;
        Quality = head.Quality;
        Present = head.Present;
        Invalid = head.Invalid;
        var from = row.Cells;
        var length = 0;
        var last = -1;
        foreach (var slot in Present)
        {
            length += CellValues.TextLength(from[slot]);
            last = slot;
        }

        if (cells.Length <= last)
        {
            cells = new Cell[row.Type.Fields.Count];
        }

        // Memory goes from record to record: without the upper bound every one would in time hold as much as the largest.
        if (text.Length < length || text.Length > (length * 4) + Step)
        {
            text = new byte[(length + Step - 1) / Step * Step];
        }

        Fill(from, row.Batch.Bytes);
    }

    private void Fill(Span<Cell> from, ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        foreach (var slot in Present)
        {
            var cell = from[slot];
            var length = CellValues.TextLength(cell);
            if (length > 0)
            {
                bytes.Slice(cell.Offset, length).CopyTo(text.AsSpan(at));
                cell.Offset = at;
                at += length;
            }
            else
            {
                // A number's own digits are enough; its token stays behind.
                cell.Offset = 0;
                cell.Length = 0;
            }

            cells[slot] = cell;
        }
    }
}
