using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>
/// The headers by which most providers tell their own count, where they can mean one window only: <c>RateLimit</c> with <c>RateLimit-Policy</c>, which
/// names the window's length, and <c>RateLimit-*</c>, <c>X-RateLimit-*</c> and <c>X-Rate-Limit-*</c>, which name its limit.
/// </summary>
internal sealed class UsualHeaders(IReadOnlyList<RateLimit> limits, TimeProvider time)
{
    private static readonly string[] Prefixes = ["RateLimit-", "X-RateLimit-", "X-Rate-Limit-"];

    /// <summary>What they say.</summary>
    public List<BudgetReport> Read(HttpResponseMessage response)
    {
        var found = new List<BudgetReport>();
        var policies = Members(AnswerPath.HeaderOf(response, "RateLimit-Policy"));
        foreach (var (name, values) in Members(AnswerPath.HeaderOf(response, "RateLimit")))
        {
            if (policies.Find(p => p.Name == name).Values is { } policy
                && BudgetReader.Count(policy.GetValueOrDefault("w")) is { } length and < int.MaxValue
                && Only(limits.Where(l => !l.IsMonth && l.Length == TimeSpan.FromSeconds(length))) is { } window)
            {
                Add(found, window, values.GetValueOrDefault("r"), policy.GetValueOrDefault("q"), values.GetValueOrDefault("t"), response);
            }
        }

        foreach (var prefix in found.Count > 0 ? [] : Prefixes)
        {
            var limit = AnswerPath.HeaderOf(response, prefix + "Limit");
            var window = limit is null ? Only(limits) : BudgetReader.Count(limit) is { } stated ? Only(limits.Where(l => l.Limit == stated)) : null;
            if (window is not null && AnswerPath.HeaderOf(response, prefix + "Remaining") is { } remaining)
            {
                Add(found, window, remaining, limit, AnswerPath.HeaderOf(response, prefix + "Reset"), response);
                break;
            }
        }

        return found;
    }

    private void Add(List<BudgetReport> found, RateLimit window, string? remaining, string? limit, string? resets, HttpResponseMessage response)
    {
        if (BudgetReader.Count(remaining) is { } left)
        {
            found.Add(new BudgetReport(window.Name) { Remaining = left, Limit = BudgetReader.Count(limit), Resets = AnswerTime.Until(resets, response, time) });
        }
    }

    private static RateLimit? Only(IEnumerable<RateLimit> limits) => limits.Take(2).ToList() is [var only] ? only : null;

    /// <summary>The members of a list such as <c>"burst";r=50;t=30, "daily";r=900</c> (RFC 9651).</summary>
    private static List<(string Name, Dictionary<string, string> Values)> Members(string? header) =>
    [
        .. (header ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(member =>
        {
            var parts = member.Split(';', StringSplitOptions.TrimEntries);
            var values = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var pair in parts.Skip(1).Select(p => p.Split('=', 2)).Where(p => p.Length == 2))
            {
                values[pair[0]] = pair[1];
            }

            return (parts[0], values);
        }),
    ];
}
