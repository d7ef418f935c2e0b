using StreamEngine.Pipeline.Configuration;

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
    public static double Load(ThrottleOptions throttle, IReadOnlyList<HttpSourceOptions> sources) =>
        throttle.Limits().Select(l => sources.Sum(s => PerMinute(s) * l.Units(Credits(s))) / PerMinute(l)).DefaultIfEmpty().Max();

    /// <summary>What a request of a source costs at most, as far as the config tells.</summary>
    public static int Credits(HttpSourceOptions source) => source.Request.Select(r => source.Cost.Of(ProviderUrl.QueryOf(r))).DefaultIfEmpty(1).Max();

    /// <summary>Requests a minute that a source makes at most; of requests not known yet, one counts.</summary>
    public static double PerMinute(HttpSourceOptions source) => Requests(source) * 60 / source.Every.Shortest.TotalSeconds;

    /// <summary>How many requests it makes, as far as the config tells.</summary>
    public static int Requests(HttpSourceOptions source) => source.For is null ? source.Request.Count : source.MaxRequests ?? 1;

    private static double PerMinute(RateLimit limit) => limit.Limit * 60.0 / limit.Length.TotalSeconds;
}
