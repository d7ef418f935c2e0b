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

    [LoggerMessage(5, LogLevel.Warning, "Source {Source}: a patch of {Url} can't be used, the whole document is asked for: {Fault}")]
    public static partial void PatchUnusable(this ILogger logger, string source, string url, string fault);

    [LoggerMessage(6, LogLevel.Warning, "Source {Source}: there is no room to keep {Url} for patches, so it is asked for whole; raise patch.maxBytes")]
    public static partial void NoRoomForPatches(this ILogger logger, string source, string url);

    [LoggerMessage(7, LogLevel.Warning, "Source {Source}: nothing stands at patch.since in {Url}, so no patch can be asked for")]
    public static partial void NoVersion(this ILogger logger, string source, string url);
}
