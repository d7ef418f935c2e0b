using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Filter;

/// <summary>Keeps the records for which a condition holds.</summary>
internal sealed class FilterStep(RecordSchema schema, string where) : IStep
{
    // A field that another kind of record has counts as missing here.
    private readonly RecordCondition[] conditions = [.. schema.Types.Select(t =>
        RecordCondition.TryParse(where, t, lenient: true, out var condition, out var error) ? condition : throw new InvalidOperationException(error))];

    public static BlockType BlockType { get; } = BlockType.Transform<FilterOptions>(
        "filter",
        "Keeps no state: whether a record passes depends on the record alone.",
        (options, context) => new FilterStep(context.Schema, options.Where),
        Check,
        Scaling.Anywhere);

    public void Process(Part part, StepTime now)
    {
        foreach (var row in part)
        {
            if (row.Head.Op == RowOp.Update && !conditions[row.Head.Type].Holds(row))
            {
                row.Filter("where");
            }
        }
    }

    private static void Check(FilterOptions options, BlockCheck check)
    {
        string? first = null;
        foreach (var type in check.Schema.Types)
        {
            if (!RecordCondition.TryParse(options.Where, type, lenient: true, out _, out var error))
            {
                check.Error("where", error);
                return;
            }

            if (RecordCondition.TryParse(options.Where, type, out _, out error))
            {
                return;
            }

            first ??= error;
        }

        if (first is not null)
        {
            check.Error("where", first);
        }
    }
}
