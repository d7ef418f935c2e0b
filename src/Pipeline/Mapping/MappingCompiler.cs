using System.Text;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Makes rules from what the operator wrote, reporting all that is wrong with it.</summary>
/// <param name="schema">The record types.</param>
/// <param name="error">Takes a place inside the mapping, such as <c>[0].fields.hits</c>, and what is wrong there.</param>
/// <param name="isEventTime">Whether records live at their own event times: then each needs one.</param>
internal sealed class MappingCompiler(RecordSchema schema, Action<string, string> error, bool isEventTime = false)
{
    private bool failed;

    /// <summary>The rules, or null when something is wrong with them.</summary>
    public IReadOnlyList<MappingRule>? Compile(IReadOnlyList<MappingRuleOptions> options)
    {
        if (options.Count == 0)
        {
            Error("", "the mapping has no rules; it is a list of objects with 'record', 'key' and 'fields'");
        }

        var rules = new List<MappingRule>();
        for (var i = 0; i < options.Count; i++)
        {
            if (Rule($"[{i}]", options[i]) is { } rule)
            {
                rules.Add(rule);
            }
        }

        return failed ? null : rules;
    }

    private MappingRule? Rule(string at, MappingRuleOptions options)
    {
        var levels = Levels(at, options.Each);
        var paths = new PathSet(levels.Length);
        var when = options.When is null ? null : new PathGrammar(paths).Parse(options.When, out var fault).Or(fault, m => Error($"{at}.when", m));
        var keys = options.Key.Select(k => KeyTemplate.Parse(k, paths, out var keyFault).Or(keyFault, m => Error($"{at}.key", m))).OfType<KeyTemplate>().ToArray();
        if (options.Key.Count == 0)
        {
            Error($"{at}.key", "the key is empty; write one such as 'player:mlb:{id}'");
        }

        var eventTimes = (options.EventTime?.Path ?? []).Select(p => Path($"{at}.eventTime", p)).OfType<MappingPath>().Select(paths.Add).ToArray();
        var reader = Time($"{at}.eventTime", options.EventTime?.Format, options.EventTime?.Zone);
        var type = schema.Type(options.Record);
        if (type is null)
        {
            var kinds = schema.Types.Select(t => t.Name).ToList();
            Error($"{at}.record", $"record '{options.Record}' is not declared{Suggestion.Remedy(options.Record, kinds)}");
        }

        var fields = new List<FieldReader>();
        foreach (var (name, field) in options.Fields)
        {
            if (Field($"{at}.fields.{name}", name, field, type, paths) is { } compiled)
            {
                fields.Add(compiled);
            }
        }

        if (isEventTime)
        {
            CheckTimes(at, options, paths);
        }

        if (failed || type is null || reader is null)
        {
            return null;
        }

        var tries = paths.Compile();
        return new MappingRule
        {
            Levels = levels,
            Tries = tries,
            IsPlain = levels.Length == 0 && paths.IsPlain,
            Slots = paths.Count,
            Headers = [.. paths.Headers],
            When = when,
            Type = type,
            Keys = keys,
            EventTimes = eventTimes,
            EventTimeReader = reader,
            IsEventTimeNeeded = isEventTime,
            Fields = [.. fields.Where(f => !f.IsDirect)],
            DirectFields = [.. fields.Where(f => f.IsDirect).Select(f => new DirectField(f))],
        };
    }

    private void CheckTimes(string at, MappingRuleOptions options, PathSet paths)
    {
        if (options.EventTime is null)
        {
            Error(at, "it has no 'eventTime', at which its records live with \"clock\": \"event\"; name the path of one, or set \"clock\": \"wall\"");
        }

        if (paths.Uses(PathRoot.Fetched))
        {
            Error(at, "it reads '@fetched', which is another time whenever the payload is read again; take a time from the payload, or set \"clock\": \"wall\"");
        }
    }

    private MappingPath[] Levels(string at, IReadOnlyList<string> each)
    {
        if (each.Count > MappingScope.MaxLevels)
        {
            Error($"{at}.each", $"it has {each.Count} levels; {MappingScope.MaxLevels} is the most");
            return [];
        }

        var levels = new List<MappingPath>();
        for (var i = 0; i < each.Count; i++)
        {
            if (Path($"{at}.each[{i}]", each[i]) is not { } path)
            {
                continue;
            }

            if (path.IsNoPath)
            {
                Error($"{at}.each[{i}]", $"'{path}' is a single value and has no items");
            }

            if (path.IsComputed)
            {
                Error($"{at}.each[{i}]", $"'{path}' computes a name; in 'each' paths say all their names");
            }

            levels.Add(path);
            Climb($"{at}.each[{i}]", path, i);
        }

        return [.. levels];
    }

    private FieldReader? Field(string at, string name, MappingFieldOptions options, RecordType? type, PathSet set)
    {
        var given = (options.Path is null ? 0 : 1) + (options.First.Count == 0 ? 0 : 1) + (options.Const is null ? 0 : 1);
        if (given != 1)
        {
            Error(at, "exactly one of 'path', 'first' and 'const' says where the value comes from");
        }

        var paths = (options.Path is null ? options.First : [options.Path]).Select(p => Path(at, p)).OfType<MappingPath>().Select(set.Add).ToArray();
        var time = Time(at, options.Format, options.Zone);
        if (type is null)
        {
            return null;
        }

        var field = type.Field(name);
        if (field is null)
        {
            Error(at, $"field '{name}' is not in record '{type.Name}'{Suggestion.Remedy(name, [.. type.Fields.Select(f => f.Name)])}");
            return null;
        }

        CheckType(at, options, field);
        return time is null ? null : new FieldReader
        {
            Field = field,
            Paths = paths,
            Value = options.Const is null ? null : new Constant(options.Const),
            EqualTo = options.EqualTo is null ? null : new Constant(options.EqualTo),
            Missing = [.. options.Missing.Select(Encoding.UTF8.GetBytes)],
            Values = [.. options.Values.Select(v => (Encoding.UTF8.GetBytes(v.Key), Encoding.UTF8.GetBytes(v.Value)))],
            Otherwise = options.Otherwise is null ? null : Encoding.UTF8.GetBytes(options.Otherwise),
            Extract = options.Extract is null ? null : TextExtract.Compile(options.Extract, out var extractFault).Or(extractFault, m => Error($"{at}.extract", m)),
            Column = Column(at, options, paths, set),
            Innings = options.As == "innings",
            Time = time,
        };
    }

    private ColumnReader? Column(string at, MappingFieldOptions options, BoundPath[] paths, PathSet set)
    {
        if ((options.Column is null) != (options.Header is null))
        {
            Error(at, "'column' and 'header' belong together: the name of a column, and where the names stand");
            return null;
        }

        if (options.Header is null || Path($"{at}.header", options.Header) is not { } path)
        {
            return null;
        }

        var header = set.Add(path);
        foreach (var bound in paths.Append(header))
        {
            bound.NeedsNode = true;
            if (bound.Path.IsNoPath)
            {
                Error(at, $"'{bound}' is a single value and no row");
            }
        }

        return new ColumnReader(header, Encoding.UTF8.GetBytes(options.Column!));
    }

    private void CheckType(string at, MappingFieldOptions options, FieldInfo field)
    {
        var kind = field.Type.ToString().ToLowerInvariant();
        if (options.Otherwise is not null && options.Values.Count == 0)
        {
            Error(at, "'otherwise' is for what is none of 'values', and there are none");
        }

        if (options.EqualTo is not null && field.Type != FieldType.Bool)
        {
            Error(at, $"'equals' gives true or false, but field '{field.Name}' is declared as {kind}");
        }

        if (options.As is not null and not "innings")
        {
            Error(at, $"'as' knows no '{options.As}'; there is: innings");
        }

        if (options.As == "innings" && field.Type is not (FieldType.Int or FieldType.Number))
        {
            Error(at, $"'as': 'innings' gives a number of outs, but field '{field.Name}' is declared as {kind}");
        }

        if ((options.Format ?? options.Zone) is not null && field.Type != FieldType.Time)
        {
            Error(at, $"'format' and 'zone' are for times, but field '{field.Name}' is declared as {kind}");
        }

        if (field.Type == FieldType.Enum)
        {
            var values = field.Values.Select(Encoding.UTF8.GetString).ToList();
            foreach (var to in options.Values.Values.Concat(options.Const is string text ? [text] : []).Concat(options.Otherwise is { } other ? [other] : []).Where(v => !values.Contains(v)))
            {
                Error(at, $"'{to}' is no value of field '{field.Name}'{Suggestion.Remedy(to, values)}");
            }
        }
    }

    private void Climb(string at, MappingPath path, int level)
    {
        if (path.Climb > level)
        {
            Error(at, $"'{path}' climbs above the document");
        }
    }

    private MappingPath? Path(string at, string text) => MappingPath.TryParse(text, out var path, out var fault) ? path : path.Or(fault, m => Error(at, m));

    private TimeReader? Time(string at, string? format, string? zone) => TimeReader.Compile(format, zone, out var fault).Or(fault, m => Error(at, m));

    private void Error(string at, string message)
    {
        failed = true;
        error(at, message);
    }
}

internal static class CompiledExtensions
{
    /// <summary>The compiled thing; when there is none, the reason is reported.</summary>
    public static T? Or<T>(this T? compiled, string? fault, Action<string> report)
        where T : class
    {
        if (compiled is null)
        {
            report(fault ?? "it can't be read");
        }

        return compiled;
    }
}
