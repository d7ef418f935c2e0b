using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Messages;

/// <content>Making rows, and where their values came from.</content>
public sealed partial class Batch
{
    /// <summary>Adds an empty live row of a type; its lineage is that of a document. From a confirmed document comes a confirmation.</summary>
    /// <exception cref="InvalidOperationException">The batch is split into shards: rows are made before records are exchanged by key.</exception>
    public Row AddRow(RecordType type, int document)
    {
        if (partCount > 0)
        {
            throw new InvalidOperationException("A step that runs on key shards can't add rows.");
        }

        ReserveRow();
        ref readonly var from = ref documents[document];
        ref var head = ref heads[RowCount];
        head = default;
        head.Type = (short)type.Index;
        head.Source = from.Source;
        head.Document = document;
        head.RawOffset = from.Offset;
        head.RawLength = from.Length;
        head.ReceivedTime = head.EventTime = from.ReceivedTime;
        head.Sequence = from.Sequence;
        head.Op = from.Confirmed ? RowOp.Confirmed : RowOp.Update;
        head.SoleOrigin = -1;
        Whole.Add(from.Confirmed);
        return new Row(Whole, this, RowCount++);
    }

    /// <summary>The cells of the row that comes next. What is put there counts when <see cref="AddRow"/> adds it, before any other row.</summary>
    internal Span<Cell> NextCells()
    {
        ReserveRow();
        return Cells(RowCount);
    }

    /// <summary>Names the source that a merged field's value came from, where the fields of the row come from several.</summary>
    public void SetOrigin(int row, int slot, short source)
    {
        ReserveOrigins();
        origins[(row * Schema.Stride) + slot] = source;
    }

    /// <summary>The source that a merged field's value came from; -1 when not merged.</summary>
    public short Origin(int row, int slot)
    {
        if (heads[row].SoleOrigin is >= 0 and var sole)
        {
            return sole;
        }

        var at = (row * Schema.Stride) + slot;
        return at < origins.Length ? origins[at] : (short)-1;
    }

    /// <summary>The sources that a row's merged values came from, by slot, where they come from several; empty when no row's do.</summary>
    internal ReadOnlySpan<short> Origins(int row)
    {
        var at = row * Schema.Stride;
        return at < origins.Length ? origins.AsSpan(at, Schema.Stride) : default;
    }

    /// <summary>Makes room for one more row.</summary>
    private void ReserveRow()
    {
        if (RowCount < heads.Length)
        {
            return;
        }

        if (heads.Length == 0)
        {
            memory = pool.LendRows();
        }
        else
        {
            memory.Grow(Schema);
        }

        (heads, cells) = (memory.Heads, memory.Cells);
    }

    private void GiveRowsBack()
    {
        if (heads.Length > 0)
        {
            pool.TakeBack(memory);
            memory = RowMemory.None;
            (heads, cells) = (memory.Heads, memory.Cells);
        }
    }

    private void ReserveOrigins()
    {
        if (origins.Length < cells.Length)
        {
            var known = origins.Length;
            Array.Resize(ref origins, cells.Length);
            origins.AsSpan(known).Fill(-1);
        }
    }
}
