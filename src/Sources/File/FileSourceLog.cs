using Microsoft.Extensions.Logging;

namespace StreamEngine.Sources.File;

internal static partial class FileSourceLog
{
    [LoggerMessage(1, LogLevel.Warning, "Source {Source}: '{File}' was truncated: it has {Length} bytes and {Offset} were handed on. It is read from its beginning as a new file")]
    public static partial void Truncated(this ILogger logger, string source, string file, long length, long offset);

    [LoggerMessage(2, LogLevel.Information, "Source {Source}: '{File}' is gone, {Offset} bytes of it were handed on; if it had more, that is not read")]
    public static partial void Gone(this ILogger logger, string source, string file, long offset);

    [LoggerMessage(3, LogLevel.Warning, "{Problem} Trying again")]
    public static partial void Unreadable(this ILogger logger, string problem);
}
