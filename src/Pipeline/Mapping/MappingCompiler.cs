using System.Text;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Makes rules from what the operator wrote, reporting all that is wrong with it.</summary>
/// <param name="schema">The record types.</param>
/// <param name="error">Takes a place inside the mapping, such as <c>[0].fields.hits</c>, and what is wrong there.</param>
/// <param name="table">Loads a table of values by the name that a mapping gives, and reports at the place it takes when it can't.</param>
/// <param name="isEventTime">Whether records live at their own event times: then each needs one.</param>
/// <param name="warning">Takes a place inside the mapping and what cannot be meant there, though it is allowed.</param>
internal sealed class MappingCompiler(RecordSchema schema, Action<string, string> error, TableLoader table, bool isEventTime = false, Action<string, string>? warning = null)
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
        Action<string, string> report = Error;
        var levels = Levels(at, options.Each);
        var place = $"{at}.when";
        var paths = new PathSet(levels.Length, p => Look(place, p, options.Each.Count));
        var when = options.When is null ? null : new PathGrammar(paths).Parse(options.When, out var fault).Or(fault, m => Error($"{at}.when", m));
        place = $"{at}.key";
        var keys = options.Key.Select(k => KeyTemplate.Parse(k, paths, out var keyFault).Or(keyFault, m => Error($"{at}.key", m))).OfType<KeyTemplate>().ToArray();
        if (options.Key.Count == 0)
        {
            Error($"{at}.key", "the key is empty; write one such as 'player:mlb:{id}'");
        }

        place = $"{at}.now";
        var now = options.Now is null ? null : KeyTemplate.Parse(options.Now, paths, out var nowFault).Or(nowFault, m => Error($"{at}.now", m));
        if (options.Now is not null && !options.Removes)
        {
            Error($"{at}.now", "says where what is gone goes on, and this rule takes nothing back; add \"removes\": true, or remove it");
        }

        place = $"{at}.eventTime";
        var eventTimes = (options.EventTime?.Path ?? []).Select(p => report.Path($"{at}.eventTime", p)).OfType<MappingPath>().Select(paths.Add).ToArray();
        var reader = report.Time($"{at}.eventTime", options.EventTime?.Format, options.EventTime?.Zone);
        var type = schema.Type(options.Record);
        if (type is null)
        {
            var kinds = schema.Types.Select(t => t.Name).ToList();
            Error($"{at}.record", $"record '{options.Record}' is not declared{Suggestion.Remedy(options.Record, kinds)}");
        }

        if (options.Removes != (options.Fields.Count == 0))
        {
            Error($"{at}.fields", options.Removes ? "what is gone has no fields; remove them, or 'removes'" : "must not be empty; name the record's fields");
        }

        var fields = new List<FieldReader>();
        var fieldCompiler = new FieldCompiler(report, table);
        foreach (var (name, field) in options.Fields)
        {
            place = $"{at}.fields.{name}";
            if (fieldCompiler.Compile(place, name, field, type, paths) is { } compiled)
            {
                fields.Add(compiled);
            }
            else
            {
                failed = true;
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
            Removes = options.Removes,
            Keys = keys,
            Now = now,
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

        Action<string, string> report = Error;
        var levels = new List<MappingPath>();
        for (var i = 0; i < each.Count; i++)
        {
            if (report.Path($"{at}.each[{i}]", each[i]) is not { } path)
            {
                continue;
            }

            if (path.IsNoPath)
            {
                Error($"{at}.each[{i}]", $"'{path}' is a single value and has no items");
                continue;
            }

            if (path.IsComputed)
            {
                Error($"{at}.each[{i}]", $"'{path}' computes a name; in 'each' paths say all their names");
            }

            levels.Add(path);
            Look($"{at}.each[{i}]", path, i);
        }

        return [.. levels];
    }

    /// <summary>Reports what a path can never find.</summary>
    /// <param name="at">Where it is written.</param>
    /// <param name="path">The path.</param>
    /// <param name="level">How many levels of <c>each</c> it stands below.</param>
    private void Look(string at, MappingPath path, int level)
    {
        if (path.Climb > level)
        {
            Error(at, $"'{path}' climbs above the document; {(level == 0 ? "no 'each' leads down to an item here, so leave out '^'" : $"'each' has {level} level{(level == 1 ? "" : "s")} here, so write {level} '^' at most")}");
        }
        else if (path.Root == PathRoot.Key && path.Climb == level)
        {
            Error(at, $"'{path}' is the name under which the document stands, and it stands under none; {(level == 0 ? "add 'each', whose items have names" : "remove a '^'")}");
        }

        foreach (var doubt in path.Doubts)
        {
            warning?.Invoke(at, doubt);
        }
    }

    private void Error(string at, string message)
    {
        failed = true;
        error(at, message);
    }
}
