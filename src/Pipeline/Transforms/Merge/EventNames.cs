using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>Which names the changes of a record type get; compiled once.</summary>
internal sealed class EventNames
{
    private readonly (RecordCondition When, short Event)[] rules;

    private EventNames((RecordCondition When, short Event)[] rules) => this.rules = rules;

    /// <summary>Those of each record type, by its index; null for one that has none.</summary>
    public static EventNames?[] Of(RecordSchema schema, IReadOnlyDictionary<string, MergeEventOptions> events) => [.. schema.Types.Select(type =>
    {
        var names = type.Events.ToList();
        var rules = events.Where(e => e.Value.Record == type.Name).Select(e => (Compile(e.Value.When, type), (short)(names.IndexOf(e.Key) + 1))).ToArray();
        return rules.Length > 0 ? new EventNames(rules) : null;
    })];

    /// <summary>Gives a merged record's change the first name that fits.</summary>
    public void Name(Row row)
    {
        foreach (var (when, name) in rules)
        {
            if (when.Holds(row))
            {
                row.Head.Event = name;
                return;
            }
        }
    }

    private static RecordCondition Compile(string when, RecordType type) =>
        RecordCondition.TryParseChange(when, type, out var condition, out var error) ? condition : throw new InvalidOperationException(error);
}
