using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>Which preference decides about which fields of each record type.</summary>
internal sealed class FieldPolicy
{
    private readonly PolicyGroup[][] groups;

    public FieldPolicy(RecordSchema schema, MergeOptions options, Staleness staleness, FieldAgreement agreement, ScoreCompletion? completion = null) => groups = [.. schema.Types.Select(type => type.Fields
        .GroupBy(f => string.Join(',', Prefer(options, type, f)), (_, fields) => fields.ToList())
        .SelectMany(fields => Groups(fields, new Preference(schema, Prefer(options, type, fields[0]), staleness, agreement, completion)))
        .ToArray())];

    /// <summary>The groups of fields of a record type; each field is in one.</summary>
    public ReadOnlySpan<PolicyGroup> Of(int type) => groups[type];

    /// <summary>What decides about a field.</summary>
    public Preference Of(int type, int slot) => groups[type].First(g => g.Fields.Has(slot)).Preference;

    private static IReadOnlyList<string> Prefer(MergeOptions options, RecordType type, FieldInfo field) =>
        options.Fields.TryGetValue($"{type.Name}.{field.Name}", out var own) || options.Fields.TryGetValue(type.Name, out own) ? own : options.Prefer;

    private static IEnumerable<PolicyGroup> Groups(List<FieldInfo> fields, Preference preference)
    {
        if (preference.AsksValues)
        {
            return fields.Select(f => new PolicyGroup(Set([f]), f.Slot, preference));
        }

        return [new PolicyGroup(Set(fields), -1, preference)];
    }

    private static FieldSet Set(List<FieldInfo> fields)
    {
        var set = default(FieldSet);
        fields.ForEach(f => set.Add(f.Slot));
        return set;
    }
}

/// <summary>Fields about which the same source wins, as far as it has them.</summary>
/// <param name="Fields">The fields.</param>
/// <param name="Slot">The field, when its values decide; else -1.</param>
/// <param name="Preference">What decides.</param>
internal sealed record PolicyGroup(FieldSet Fields, int Slot, Preference Preference);
