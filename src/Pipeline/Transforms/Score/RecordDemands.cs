using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Score;

/// <summary>What a record type's declaration demands of its records; compiled once.</summary>
internal sealed class RecordDemands
{
    private readonly RecordCondition[] rules;
    private readonly ValidRange[] ranges;
    private readonly FieldSet required;
    private readonly FieldSet declared;

    public RecordDemands(RecordType type)
    {
        rules = [.. type.Rules.Select(text => RecordCondition.TryParse(text, type, out var rule, out var error)
            ? rule
            : throw new InvalidOperationException($"Rule of record '{type.Name}': {error}"))];
        ranges = [.. type.Fields.Where(f => (f.Min ?? f.Max) is not null).Select(f => new ValidRange(f.Slot, f.Min, f.Max))];
        foreach (var field in type.Fields)
        {
            declared.Add(field.Slot);
            if (field.Required)
            {
                required.Add(field.Slot);
            }
        }

        TotalWeight = Weight(declared);
    }

    /// <summary>How many rules there are.</summary>
    public int Count => rules.Length;

    /// <summary>The rules of each record type, by its index.</summary>
    public static RecordDemands[] Of(RecordSchema schema) => [.. schema.Types.Select(t => new RecordDemands(t))];

    /// <summary>Takes out values outside their declared range and marks them invalid.</summary>
    public void CheckRanges(Row row)
    {
        ref var head = ref row.Head;
        var cells = row.Cells;
        foreach (var range in ranges)
        {
            if (head.Present.Has(range.Slot) && !range.Contains(cells[range.Slot], row))
            {
                head.Present.Remove(range.Slot);
                head.Invalid.Add(range.Slot);
            }
        }
    }

    /// <summary>One bit for each rule the row breaks.</summary>
    public ulong Broken(Row row)
    {
        var broken = 0UL;
        for (var i = 0; i < rules.Length; i++)
        {
            broken |= rules[i].IsBrokenBy(row) ? 1UL << i : 0;
        }

        return broken;
    }

    /// <summary>Declared slots without a value, those with an invalid one left out.</summary>
    public FieldSet Missing(in RowHead head) => declared - head.Present - head.Invalid;

    /// <summary>How many of the slots there are, required ones counted twice.</summary>
    public int Weight(FieldSet slots) => slots.Count + (slots & required).Count;

    /// <summary>How many slots are declared, required ones counted twice.</summary>
    public int TotalWeight { get; }

    /// <summary>The level of a row with this score and these broken rules.</summary>
    public QualityLevel Level(in RowHead head, double score, ulong brokenRules) =>
        brokenRules != 0 || head.Present.IsEmpty || !(required - head.Present).IsEmpty ? QualityLevel.Invalid
        : score >= 0.8 ? QualityLevel.High
        : score >= 0.5 ? QualityLevel.Medium
        : QualityLevel.Low;
}
