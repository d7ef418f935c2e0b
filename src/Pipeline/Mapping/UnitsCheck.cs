using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Finds numbers that one mapping converts and another takes as they come: perhaps nobody thought of their unit there.</summary>
internal static class UnitsCheck
{
    /// <summary>Looks at the fields of a mapping that say nothing of units.</summary>
    /// <param name="mapping">The mapping.</param>
    /// <param name="all">All mappings of the pipeline, by their files.</param>
    /// <param name="schema">Knows in which units fields are declared.</param>
    /// <param name="warning">Takes a place inside the mapping and what may be wrong there.</param>
    public static void Run(
        IReadOnlyList<MappingRuleOptions> mapping, IReadOnlyList<(string File, IReadOnlyList<MappingRuleOptions> Rules)> all, RecordSchema schema, Action<string, string> warning)
    {
        for (var i = 0; i < mapping.Count; i++)
        {
            foreach (var (name, field) in mapping[i].Fields)
            {
                if (Written(field) is null && field.Const is null && schema.Type(mapping[i].Record)?.Field(name)?.Unit is { } unit
                    && Converted(mapping[i].Record, name, unit, all) is var (file, from))
                {
                    warning($"[{i}].fields.{name}", $"'{file}' converts this field from {from}, but here it is taken for {unit.Name}, in which it is declared; write \"unit\": \"{unit.Name}\" if it is, or the unit that it has");
                }
            }
        }
    }

    private static string? Written(MappingFieldOptions field) => field.Unit ?? field.As;

    private static (string File, string From)? Converted(string record, string name, Unit unit, IReadOnlyList<(string File, IReadOnlyList<MappingRuleOptions> Rules)> all)
    {
        foreach (var (file, rules) in all)
        {
            foreach (var rule in rules)
            {
                if (rule.Record == record && rule.Fields.TryGetValue(name, out var field) && Written(field) is { } from && from != unit.Name)
                {
                    return (file, from);
                }
            }
        }

        return null;
    }
}
