using System.Text;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>Translates keys by tables alone.</summary>
/// <param name="source">The tables.</param>
/// <param name="unknown">What becomes of keys in none of them: pass, filter or deadLetter.</param>
internal sealed class IdentifyStep(ICrosswalkSource source, string unknown) : IStep
{
    public static BlockType BlockType { get; } = BlockType.Transform<IdentifyOptions>(
        "identify",
        "By tables alone it keeps no state: while they are the same, the same key always becomes the same key. With 'match' or 'park' what it knows of ids, and the records that wait, are in memory and in checkpoints.",
        Create,
        Check,
        options => options.IsStateful ? Scaling.Single : Scaling.MakesKeys);

    public string? Problem => source.Problem;

    public void Process(Part part, StepTime now)
    {
        var crosswalk = source.Current;
        foreach (var row in part)
        {
            if (crosswalk.IsCanonical(row.Key))
            {
                continue;
            }

            if (crosswalk.TryTranslate(row.Key, out var ours))
            {
                row.SetKey(ours);
                row.Head.Confidence = Confidence.Certain;
                continue;
            }

            switch (unknown)
            {
                case "filter":
                    row.Filter(Doubts.Reason(Doubt.Unknown));
                    break;
                case "deadLetter":
                    row.Dead(Doubts.Reason(Doubt.Unknown), $"no crosswalk table has '{Encoding.UTF8.GetString(row.Key)}'");
                    break;
            }
        }
    }

    private static IStep Create(IdentifyOptions options, BlockContext context)
    {
        var files = context.Common(() => new CrosswalkFiles(options, context));
        return options.IsStateful ? new MatchStep(context.Schema, options, files) : new IdentifyStep(files, options.Unknown);
    }

    private static void Check(IdentifyOptions options, BlockCheck check)
    {
        var faults = 0;
        var crosswalk = CrosswalkLoader.Read(options, check.FullPath, (setting, message) =>
        {
            faults++;
            check.Error(setting, message);
        });
        if (options.Match.Count > 0 && faults == 0 && !crosswalk.HasNamespace)
        {
            check.Error("tables", "no table has a row yet, so nobody knows which namespace is ours; say what kind of entities a table names: { \"path\": \"...\", \"kind\": \"player\" }");
        }

        if (faults == 0)
        {
            KeysCheck.Run(options, crosswalk, check);
        }

        foreach (var (record, match) in options.Match)
        {
            var setting = $"match.{record}";
            if (check.Schema.Type(record) is not { } type)
            {
                check.Error(setting, $"no record '{record}' is declared; the records are {string.Join(", ", check.Schema.Types.Select(t => $"'{t.Name}'"))}");
                continue;
            }

            CheckField(type, match.Name, $"{setting}.name", "a text", [FieldType.String], check);
            if (match.BirthDate is { } birthDate)
            {
                CheckField(type, birthDate, $"{setting}.birthDate", "a time or a text", [FieldType.Time, FieldType.String], check);
            }

            for (var i = 0; i < match.Agree.Count; i++)
            {
                CheckField(type, match.Agree[i], $"{setting}.agree[{i}]", "a text or an enum", [FieldType.String, FieldType.Enum], check);
            }
        }
    }

    private static void CheckField(RecordType type, string field, string setting, string expected, FieldType[] types, BlockCheck check)
    {
        if (type.Field(field) is not { } info)
        {
            check.Error(setting, $"field '{field}' is not in record '{type.Name}'; {Configuration.Suggestion.Hint(field, type.Fields.Select(f => f.Name), "it has no fields")}");
        }
        else if (!types.Contains(info.Type))
        {
            check.Error(setting, $"field '{field}' of record '{type.Name}' is of type {info.Type.ToString().ToLowerInvariant()}; it must be {expected}");
        }
    }
}
