using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Planning;

namespace StreamEngine.Sources.Http;

/// <summary>Compares what schedules ask with what a provider allows.</summary>
internal static class ProviderBudget
{
    /// <summary>Requests a minute that all windows allow for long.</summary>
    /// <param name="throttle">The windows.</param>
    /// <param name="credits">What each request costs.</param>
    public static double PerMinute(ThrottleOptions throttle, int credits = 1) =>
        throttle.Limits().Select(l => PerMinute(l) / l.Units(credits)).DefaultIfEmpty(double.PositiveInfinity).Min();

    /// <summary>How much of the fullest window sources would take together: 1 is all of it.</summary>
    public static double Load(ThrottleOptions throttle, IReadOnlyList<HttpSourceOptions> sources)
    {
        var plans = sources.Select(s => SourcePlan.Of("", s)).ToList();
        return throttle.Limits().Select(l => plans.Sum(p => p.Needs(l)) / l.Limit).DefaultIfEmpty().Max();
    }

    /// <summary>What a request of a source costs at most, as far as the config tells.</summary>
    public static int Credits(HttpSourceOptions source) => source.Request.Select(r => source.Cost.Of(ProviderUrl.QueryOf(r))).DefaultIfEmpty(1).Max();

    /// <summary>Requests a minute that a source makes, as far as the config tells.</summary>
    public static double PerMinute(HttpSourceOptions source) => SourcePlan.Of("", source).PerSecond * 60;

    private static double PerMinute(RateLimit limit) => limit.Limit * 60.0 / limit.Length.TotalSeconds;
}
