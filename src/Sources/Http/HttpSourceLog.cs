using Microsoft.Extensions.Logging;

namespace StreamEngine.Sources.Http;

internal static partial class HttpSourceLog
{
    [LoggerMessage(1, LogLevel.Warning, "Source {Source}: {Url} failed: {Error}")]
    public static partial void RequestFailed(this ILogger logger, string source, string url, string error);

    [LoggerMessage(2, LogLevel.Information, "Source {Source}: {Url} answers again")]
    public static partial void RequestRecovered(this ILogger logger, string source, string url);

    [LoggerMessage(3, LogLevel.Warning, "Source {Source}: {Count} requests were found, more than maxRequests ({Max}); the rest is left out")]
    public static partial void TooManyRequests(this ILogger logger, string source, int count, int max);

    [LoggerMessage(4, LogLevel.Warning, "Source {Source} asks {Count} requests, {PerMinute:F0}/min; provider {Provider} allows {Allowed:F0}/min, so they are asked less often")]
    public static partial void OverBudget(this ILogger logger, string source, int count, double perMinute, string provider, double allowed);
}
