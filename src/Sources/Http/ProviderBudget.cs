using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Http;

/// <summary>Compares what schedules ask with what a provider allows.</summary>
internal static class ProviderBudget
{
    /// <summary>Requests a minute that all windows allow for long.</summary>
    public static double PerMinute(ThrottleOptions throttle) => new[]
    {
        throttle.PerSecond * 60.0, throttle.PerMinute, throttle.PerHour / 60.0,
    }.Min() ?? double.PositiveInfinity;

    /// <summary>Requests a minute that a source makes at most; of requests not known yet, one counts.</summary>
    public static double PerMinute(HttpSourceOptions source) => Requests(source) * 60 / source.Every.Shortest.TotalSeconds;

    /// <summary>How many requests it makes, as far as the config tells.</summary>
    public static int Requests(HttpSourceOptions source) => source.For is null ? source.Request.Count : source.MaxRequests ?? 1;
}
