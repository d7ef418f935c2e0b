using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>What the options of a merge alone can't say.</summary>
internal static class MergeCheck
{
    private const string Twice = "each of priority, quality, freshness and agreement decides at most once";

    public static void Check(MergeOptions options, BlockCheck check)
    {
        CheckTwice(options.Prefer, "prefer", check);
        foreach (var (name, prefer) in options.Fields)
        {
            var path = SettingPath.Child("fields", name);
            CheckTwice(prefer, path, check);
            if (Unknown(name, check.Schema) is { } unknown)
            {
                check.Error(path, unknown);
            }
        }

        foreach (var (name, rule) in options.Events)
        {
            CheckEvent(SettingPath.Child("events", name), rule, check);
        }
    }

    private static void CheckTwice(IReadOnlyList<string> prefer, string path, BlockCheck check)
    {
        if (prefer.Distinct().Count() != prefer.Count)
        {
            check.Error(path, Twice);
        }
    }

    private static string? Unknown(string name, RecordSchema schema)
    {
        var at = name.IndexOf('.', StringComparison.Ordinal);
        var kind = at < 0 ? name : name[..at];
        if (schema.Type(kind) is not { } type)
        {
            return NoRecord(kind, schema);
        }

        return at < 0 || type.Field(name[(at + 1)..]) is not null
            ? null
            : $"field '{name[(at + 1)..]}' is not in record '{kind}'{Suggestion.Remedy(name[(at + 1)..], [.. type.Fields.Select(f => f.Name)])}";
    }

    private static void CheckEvent(string path, MergeEventOptions rule, BlockCheck check)
    {
        if (check.Schema.Type(rule.Record) is not { } type)
        {
            check.Error($"{path}.record", NoRecord(rule.Record, check.Schema));
        }
        else if (!RecordCondition.TryParseChange(rule.When, type, out _, out var error))
        {
            check.Error($"{path}.when", error);
        }
    }

    private static string NoRecord(string kind, RecordSchema schema) =>
        $"there is no record '{kind}'{Suggestion.Remedy(kind, [.. schema.Types.Select(t => t.Name)])}";
}
