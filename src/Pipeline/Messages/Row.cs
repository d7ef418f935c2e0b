using System.Buffers.Text;
using System.Text;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Messages;

/// <summary>
/// One record as a transform sees it: fields by slot, edited in place. It lives on the stack and can't be kept by mistake;
/// <see cref="Detach"/> copies what must live on.
/// </summary>
public readonly ref struct Row
{
    private readonly Part part;
    private readonly Batch batch;

    internal Row(Part part, Batch batch, int index)
    {
        this.part = part;
        this.batch = batch;
        Index = index;
    }

    /// <summary>Position in the batch.</summary>
    public int Index { get; }

    /// <summary>The batch the row stands in.</summary>
    public Batch Batch => batch;

    /// <summary>Identity, times and verdicts.</summary>
    public ref RowHead Head => ref batch.Head(Index);

    /// <summary>All cells by slot; those not in <see cref="RowHead.Present"/> hold garbage.</summary>
    public Span<Cell> Cells => batch.Cells(Index);

    /// <summary>The record type.</summary>
    public RecordType Type => batch.Schema.Types[Head.Type];

    /// <summary>The source.</summary>
    public SourceInfo Source => batch.Schema.Sources[Head.Source];

    /// <summary>The entity's key, UTF-8.</summary>
    public ReadOnlySpan<byte> Key => batch.Slice(Head.KeyOffset, Head.KeyLength);

    /// <summary>Whether the field has a value.</summary>
    public bool Has(int slot) => Head.Present.Has(slot);

    /// <summary>The field's cell; <see cref="CellKind.Missing"/> when it has no value.</summary>
    public Cell Get(int slot) => Has(slot) ? Cells[slot] : default;

    /// <summary>The field as a double; NaN when it has none or is not a number.</summary>
    public double Double(int slot) =>
        Get(slot) is { Kind: CellKind.Number or CellKind.BigNumber } cell ? Decimals.ToDouble(cell, batch.Bytes) : double.NaN;

    /// <summary>The field as unescaped UTF-8; empty when it has none or is not text.</summary>
    public ReadOnlySpan<byte> Text(int slot) =>
        Get(slot) is { Kind: CellKind.Text } cell ? batch.Slice(cell.Offset, (int)cell.Bits) : default;

    /// <summary>Sets the field to a cell whose offset already points into this batch.</summary>
    public void Set(int slot, in Cell cell)
    {
        Cells[slot] = cell;
        Head.Present.Add(slot);
    }

    /// <summary>Sets the field to a whole number.</summary>
    public void Set(int slot, long value) => Set(slot, new Cell { Kind = CellKind.Number, Bits = value });

    /// <summary>Sets the field to true or false.</summary>
    public void Set(int slot, bool value) => Set(slot, new Cell { Kind = CellKind.Bool, Bits = value ? 1 : 0 });

    /// <summary>Sets the field to an instant.</summary>
    public void Set(int slot, DateTimeOffset value) => Set(slot, new Cell { Kind = CellKind.Time, Bits = value.UtcTicks });

    /// <summary>Sets the field to a number, in its shortest exact form. Not-a-number clears it.</summary>
    public void Set(int slot, double value)
    {
        Span<byte> digits = stackalloc byte[32];
        if (!double.IsFinite(value) || !Utf8Formatter.TryFormat(value, digits, out var written))
        {
            Clear(slot);
            return;
        }

        Set(slot, Decimals.TryParse(digits[..written], out var mantissa, out var scale)
            ? new Cell { Kind = CellKind.Number, Bits = mantissa, Scale = scale }
            : new Cell { Kind = CellKind.BigNumber, Offset = batch.Append(digits[..written]), Length = (ushort)written });
    }

    /// <summary>Sets the field to text, copying it.</summary>
    /// <param name="slot">The field.</param>
    /// <param name="value">Unescaped UTF-8.</param>
    public void Set(int slot, ReadOnlySpan<byte> value) => Set(slot, new Cell
    {
        Kind = CellKind.Text,
        Offset = batch.Append(value),
        Bits = value.Length,
        Scale = (sbyte)(RecordEncoder.NeedsEscaping(value) ? 1 : 0),
    });

    /// <summary>Takes the field's value away.</summary>
    public void Clear(int slot) => Head.Present.Remove(slot);

    /// <summary>Sets the entity's key, copying it.</summary>
    public void SetKey(ReadOnlySpan<byte> key)
    {
        var offset = batch.Append(key);
        ref var head = ref Head;
        (head.KeyOffset, head.KeyLength) = (offset, key.Length);
        head.KeyHash = KeyHash.Of(batch.Slice(offset, head.KeyLength));
    }

    /// <summary>Says of a removal that the entity goes on under another key, copying that.</summary>
    public void SetAlias(ReadOnlySpan<byte> key)
    {
        var offset = batch.Append(key);
        ref var head = ref Head;
        (head.AliasOffset, head.AliasLength) = (offset, key.Length);
    }

    /// <summary>Takes the record out of the flow by a rule. The reason is counted; it comes from a small fixed set.</summary>
    public void Filter(string reason) => part.Leave(Index, RowState.Filtered, reason);

    /// <summary>Ends the record here because it only changed a step's state. The reason is counted.</summary>
    public void Absorb(string reason) => part.Leave(Index, RowState.Absorbed, reason);

    /// <summary>Gives the record up because a bound was reached. The reason is counted.</summary>
    public void Drop(string reason) => part.Leave(Index, RowState.Dropped, reason);

    /// <summary>Sends the record and its slice of the payload to the dead letter. The reason is counted.</summary>
    /// <param name="reason">What is wrong, from a small fixed set.</param>
    /// <param name="detail">More for the person who reads the dead letter; not counted apart.</param>
    public void Dead(string reason, string? detail = null) => part.Leave(Index, RowState.Dead, reason, detail);

    /// <summary>
    /// Turns the record into the statement that what was said before still holds. As a record it counts as filtered for
    /// the reason; the row travels on as a control record.
    /// </summary>
    public void Confirm(string reason) => part.Confirm(Index, reason);

    /// <summary>Copies the record, encoded as JSON, so that it outlives the batch.</summary>
    public Update Detach()
    {
        ref readonly var head = ref Head;
        byte[] data;
        if (head is { Op: RowOp.Update, DataLength: > 0 })
        {
            data = batch.DataOf(Index).ToArray();
        }
        else
        {
            var writer = new System.Buffers.ArrayBufferWriter<byte>();
            RecordEncoder.Write(this, writer);
            data = writer.WrittenSpan.ToArray();
        }

        return new Update(
            Encoding.UTF8.GetString(Key),
            Type.Name,
            Source.Name,
            head.Op,
            new DateTimeOffset(head.EventTime, TimeSpan.Zero),
            new DateTimeOffset(head.ReceivedTime, TimeSpan.Zero),
            head.Sequence,
            head.Revision,
            data);
    }
}
