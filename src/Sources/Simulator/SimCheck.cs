using System.Buffers;
using System.Text.Json;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Simulator;

/// <summary>What a pretended provider's settings must be beyond their declarations.</summary>
internal static class SimCheck
{
    /// <summary>Below it the provider itself is asked and told.</summary>
    public const string Control = "/_sim";

    private static readonly SearchValues<char> HeaderName =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public static void Check(SimOptions options, SettingsCheck check)
    {
        if (SimAddress.Parse(options.Url) is null)
        {
            check.Error("url", $"'{options.Url}' is not an address to listen on; write it like http://127.0.0.1:8790");
        }

        check.Throttle("throttle", options.Throttle);
        if (options.Tells is { } tells)
        {
            Check(tells, options, check);
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Paths.Count; i++)
        {
            Check(options.Paths[i], $"paths[{i}]", seen, check);
        }

        Check(options.Faults, "faults", check);
    }

    /// <param name="faults">A script.</param>
    /// <param name="path">Where it stands; empty for the root.</param>
    /// <param name="check">Where faults are reported.</param>
    public static void Check(IReadOnlyList<SimFaultOptions> faults, string path, SettingsCheck check)
    {
        for (var i = 0; i < faults.Count; i++)
        {
            if (!check.IsMisbound($"{path}[{i}]"))
            {
                Check(faults[i], $"{path}[{i}]", check);
            }
        }
    }

    private static void Check(SimTellsOptions tells, SimOptions options, SettingsCheck check)
    {
        var names = options.Throttle.Limits().Select(l => l.Name).ToList();
        if (tells.Window is { } window && !names.Contains(window))
        {
            check.Error("tells.window", $"there is no window '{window}'; there are: {string.Join(", ", names)}");
        }

        foreach (var (setting, name) in new[] { ("limit", tells.Limit), ("remaining", tells.Remaining), ("used", tells.Used), ("reset", tells.Reset) })
        {
            if (name is not null && (name.Length == 0 || name.AsSpan().ContainsAnyExcept(HeaderName)))
            {
                check.Error($"tells.{setting}", $"'{name}' is no name of a header; write one like X-RateLimit-Limit, or null for none");
            }
        }
    }

    private static void Check(SimPathOptions path, string at, HashSet<string> seen, SettingsCheck check)
    {
        if (check.IsMisbound(at))
        {
            return;
        }

        if (!path.Path.StartsWith('/') || path.Path.StartsWith(Control, StringComparison.Ordinal) || path.Path.AsSpan().ContainsAny('?', '#'))
        {
            check.Error($"{at}.path", $"must begin with '/' but not with '{Control}', without a query, found '{path.Path}'");
        }
        else if (!seen.Add(path.Path))
        {
            check.Error($"{at}.path", $"'{path.Path}' is given twice; keep one of them");
        }

        var answers = (path.Json.ValueKind != JsonValueKind.Undefined ? 1 : 0) + (path.File is not null ? 1 : 0) + (path.Items is not null ? 1 : 0);
        if (answers != 1)
        {
            check.Error(at, $"has {(answers == 0 ? "no answer" : "several answers")}; give one of json, file and items");
        }

        foreach (var (name, isGiven) in new[] { ("every", path.Every is not null), ("in", path.In is not null) })
        {
            if (isGiven && path.Items is null)
            {
                check.Error($"{at}.{name}", "is for made-up items; remove it, or give \"items\"");
            }
        }

        if (path.Items is not null && path.Path.EndsWith('*'))
        {
            check.Error($"{at}.path", "items need a path of their own; leave out the '*'");
        }

        if (path.File is { } file && StaticAnswer.Read(check.FullPath(file), out var problem) is null)
        {
            check.Error($"{at}.file", $"'{file}' {problem}");
        }
    }

    private static void Check(SimFaultOptions fault, string at, SettingsCheck check)
    {
        if (fault.Path != "*" && !fault.Path.StartsWith('/'))
        {
            check.Error($"{at}.path", $"must begin with '/', or be '*', found '{fault.Path}'");
        }

        Only("retryAfter", fault.RetryAfter is not null, SimFaultKind.TooManyRequests, SimFaultKind.Throttled);
        Only("retryAfterAs", fault.RetryAfterAs != SimFaultOptions.InSeconds, SimFaultKind.TooManyRequests);
        Only("status", fault.Status is not null, SimFaultKind.Status);
        Only("json", fault.Json.ValueKind != JsonValueKind.Undefined, SimFaultKind.Status, SimFaultKind.Error, SimFaultKind.Throttled);
        Only("size", fault.Size is not null, SimFaultKind.GzipBomb);
        Only("by", fault.By is not null, SimFaultKind.Backwards);
        Only("pause", fault.Pause is not null, SimFaultKind.SlowBody);

        void Only(string setting, bool isGiven, params SimFaultKind[] kinds)
        {
            if (isGiven && !kinds.Contains(fault.Kind))
            {
                check.Error($"{at}.{setting}", $"has no meaning for '{SimReport.NameOf(fault.Kind)}'; it is for {string.Join(", ", kinds.Select(SimReport.NameOf))}");
            }
        }
    }
}
