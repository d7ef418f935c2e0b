using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Transforms.Score;

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

        CheckScores(check);
        foreach (var (name, rule) in options.Events)
        {
            CheckEvent(SettingPath.Child("events", name), rule, check);
        }
    }

    /// <summary>A source's scores are completed in one way.</summary>
    private static void CheckScores(BlockCheck check)
    {
        foreach (var scores in ScoresBefore.Of(check.Pipeline, check.Name).GroupBy(s => s.Source))
        {
            if (scores.Any(s => s.Options.Weights.NeedsMerge) && scores.DistinctBy(s => (s.Options.Weights, s.Options.FlagBelow)).Count() > 1)
            {
                var blocks = string.Join(" and ", scores.Select(s => $"'{s.Block}'").Distinct());
                check.Error("from", $"records of source '{scores.Key}' come scored by {blocks}, so it can't be said how their scores are to be completed; give these the same weights and flagBelow, or let one score read all of them");
                return;
            }
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
