using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>The fields of a record type that only grow.</summary>
internal sealed class MonotonicFields
{
    private readonly (int Slot, int While)[] fields;

    private MonotonicFields(RecordType type) => fields = [.. type.Fields.Where(f => f.Monotonic is not null).Select(f => (f.Slot, f.Monotonic!.Value))];

    /// <summary>Those of each record type, by its index; null for one that has none.</summary>
    public static MonotonicFields?[] Of(RecordSchema schema) =>
        [.. schema.Types.Select(t => t.Fields.Any(f => f.Monotonic is not null) ? new MonotonicFields(t) : null)];

    /// <summary>The fields of which a row says less than its source did, although they count within the same.</summary>
    public FieldSet Lower(in Contribution said, Row row)
    {
        var lower = default(FieldSet);
        var both = said.Present & row.Head.Present;
        foreach (var (slot, within) in fields)
        {
            if (both.Has(slot)
                && (within == slot || (both.Has(within) && CellValues.Same(said.Get(within), said.Data, row.Cells[within], row.Batch.Bytes)))
                && row.Double(slot) < Decimals.ToDouble(said.Get(slot), said.Data))
            {
                lower.Add(slot);
            }
        }

        return lower;
    }
}
