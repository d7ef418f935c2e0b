using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>Whether two sources say the same of a field: the same value, or numbers within its tolerance.</summary>
internal sealed class FieldAgreement(RecordSchema schema)
{
    /// <summary>Decimals such as 0.1 are no doubles: what differs by just the tolerance would sometimes be outside.</summary>
    private const double Slack = 1 + 1e-9;

    private readonly double[][] tolerances = [.. schema.Types.Select(t => t.Fields.Select(f => f.Tolerance * Slack).ToArray())];

    public bool Agree(int type, int slot, in Contribution a, in Contribution b)
    {
        var (one, other) = (a.Get(slot), b.Get(slot));
        return CellValues.Same(one, a.Data, other, b.Data)
            || (tolerances[type][slot] is > 0 and var tolerance
                && Math.Abs(Decimals.ToDouble(one, a.Data) - Decimals.ToDouble(other, b.Data)) <= tolerance);
    }
}
