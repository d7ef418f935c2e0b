using Microsoft.Extensions.Logging;

namespace StreamEngine.Sinks.Files;

/// <summary>Tries until it works: a full disk makes the pipeline wait, and nothing is lost.</summary>
/// <param name="sink">The sink's name.</param>
/// <param name="folder">Gives the folder that is written to now.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Is told when it waits, and when it works again.</param>
internal sealed partial class DiskRetry(string sink, Func<string> folder, TimeProvider time, ILogger logger)
{
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);

    private volatile string? problem;

    /// <summary>What it waits for, in words for an operator; null when all is well.</summary>
    public string? Problem => problem;

    public static bool IsFault(Exception e) => e is IOException or UnauthorizedAccessException;

    public async ValueTask RunAsync(Func<CancellationToken, ValueTask> act, CancellationToken cancellationToken)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await act(cancellationToken).ConfigureAwait(false);
                if (problem is not null)
                {
                    problem = null;
                    LogWorksAgain(logger, sink);
                }

                return;
            }
            catch (Exception e) when (IsFault(e))
            {
                Report(e);
            }

            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask RunAsync(Action act, CancellationToken cancellationToken) => RunAsync(
        _ =>
        {
            act();
            return ValueTask.CompletedTask;
        },
        cancellationToken);

    /// <summary>All is well, without a word.</summary>
    public void Clear() => problem = null;

    public void Report(Exception e)
    {
        var text = DiskFault.Describe(sink, folder(), e);
        if (problem != text)
        {
            problem = text;
            LogWaiting(logger, text);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    private static partial void LogWaiting(ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "sink '{Name}': writing works again; nothing was lost")]
    private static partial void LogWorksAgain(ILogger logger, string name);
}
