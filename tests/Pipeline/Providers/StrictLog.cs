using System.Globalization;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Tests.Providers;

/// <summary>A provider's own log of what arrived, held against its limits. It counts by itself: nothing of the throttle is used.</summary>
public sealed class StrictLog
{
    private readonly List<(DateTimeOffset At, int Credits)> arrivals = [];

    /// <summary>Requests that arrived.</summary>
    public int Count => arrivals.Count;

    /// <summary>Notes an arrival, by the provider's clock. They may come in any order.</summary>
    public void Add(DateTimeOffset at, int credits) => arrivals.Add((at, credits));

    /// <summary>What was exceeded, one line for each limit; empty when none was.</summary>
    public IReadOnlyList<string> Violations(IEnumerable<RateLimit> limits)
    {
        arrivals.Sort();
        return [.. limits.Select(l => l.IsFixed ? Fixed(l) : Sliding(l)).OfType<string>()];
    }

    private string? Sliding(RateLimit limit)
    {
        var (first, units) = (0, 0L);
        foreach (var (at, credits) in arrivals)
        {
            units += limit.CountsRequests ? 1 : credits;

            // Both ends of the window belong to it.
            for (; at - arrivals[first].At > limit.Length; first++)
            {
                units -= limit.CountsRequests ? 1 : arrivals[first].Credits;
            }

            if (units > limit.Limit)
            {
                return $"{limit.Name}: {units} instead of {limit.Limit} from {arrivals[first].At:O} to {at:O}";
            }
        }

        return null;
    }

    private string? Fixed(RateLimit limit) => arrivals
        .GroupBy(a => Window(limit, a.At))
        .Select(g => (Window: g.Key, Units: g.Sum(a => limit.CountsRequests ? 1L : a.Credits)))
        .Where(w => w.Units > limit.Limit)
        .Select(w => $"{limit.Name}: {w.Units} instead of {limit.Limit} in {w.Window}")
        .FirstOrDefault();

    private static string Window(RateLimit limit, DateTimeOffset at)
    {
        var local = TimeZoneInfo.ConvertTimeBySystemTimeZoneId(at, limit.Zone);
        return limit.IsMonth ? local.ToString("yyyy-MM", CultureInfo.InvariantCulture)
            : limit.Length == TimeSpan.FromDays(1) ? local.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
            : $"{limit.Length} number {(at - DateTimeOffset.UnixEpoch).Ticks / limit.Length.Ticks}";
    }
}
