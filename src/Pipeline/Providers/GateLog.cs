using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Providers;

internal static partial class GateLog
{
    [LoggerMessage(1, LogLevel.Warning, "Provider {Provider}: breaker opened after {Reason}, next try in {Recovery}; last: {Error}")]
    public static partial void BreakerOpened(this ILogger logger, string provider, string? reason, Duration recovery, string? error);

    [LoggerMessage(2, LogLevel.Warning, "Provider {Provider}: breaker tripped by hand; it stays open until it is reset")]
    public static partial void BreakerTripped(this ILogger logger, string provider);

    [LoggerMessage(3, LogLevel.Information, "Provider {Provider}: breaker half open, one request tries")]
    public static partial void BreakerHalfOpen(this ILogger logger, string provider);

    [LoggerMessage(4, LogLevel.Information, "Provider {Provider}: breaker closed")]
    public static partial void BreakerClosed(this ILogger logger, string provider);

    [LoggerMessage(5, LogLevel.Debug, "Provider {Provider}: attempt {Attempt} failed, next in {Delay}: {Error}")]
    public static partial void Retrying(this ILogger logger, string provider, int attempt, Duration delay, string? error);

    [LoggerMessage(6, LogLevel.Warning, "Provider {Provider} asks for fewer requests: they wait {Delay}")]
    public static partial void HeldBack(this ILogger logger, string provider, Duration delay);

    [LoggerMessage(12, LogLevel.Warning, "Provider {Provider} refused what its limits allow: they are kept to {Pace} of what is configured")]
    public static partial void Slower(this ILogger logger, string provider, double pace);

    [LoggerMessage(13, LogLevel.Information, "Provider {Provider}: its limits are used in full again")]
    public static partial void FullPace(this ILogger logger, string provider);

    [LoggerMessage(14, LogLevel.Warning, "Provider {Provider} allows {Stated} in its window '{Window}' by its own word, and {Limit} are configured: the lower one is kept to")]
    public static partial void AllowsLess(this ILogger logger, string provider, int stated, string window, int limit);

    [LoggerMessage(7, LogLevel.Warning, "Provider {Provider}: a request was refused, {Queued} others wait for a permit")]
    public static partial void QueueFull(this ILogger logger, string provider, int queued);

    [LoggerMessage(8, LogLevel.Warning, "Provider {Provider}: source {Source} is left alone for {Recovery}: {Problem}")]
    public static partial void SourceHeld(this ILogger logger, string provider, string source, Duration recovery, string problem);

    [LoggerMessage(9, LogLevel.Information, "Provider {Provider}: source {Source} tries again")]
    public static partial void SourceTried(this ILogger logger, string provider, string source);

    [LoggerMessage(10, LogLevel.Information, "Provider {Provider}: source {Source} moves again")]
    public static partial void SourceMoves(this ILogger logger, string provider, string source);

    [LoggerMessage(11, LogLevel.Information, "Provider {Provider}: breaker open, as it was before the restart")]
    public static partial void BreakerRestored(this ILogger logger, string provider);
}
