using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Host.Running;

/// <summary>Messages of a run.</summary>
internal static partial class HostLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Stopping: the sources end, what was taken in is drained within {Timeout}")]
    public static partial void Draining(ILogger logger, Duration timeout);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    public static partial void TooSmall(ILogger logger, string warning);

    [LoggerMessage(Level = LogLevel.Error, Message = "An exception of a background task was not looked at by anyone")]
    public static partial void Unobserved(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The pipeline ended with an exception")]
    public static partial void Broken(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Part} could not be stopped cleanly")]
    public static partial void NotStopped(ILogger logger, Exception exception, string part);
}
