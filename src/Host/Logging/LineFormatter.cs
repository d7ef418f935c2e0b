using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace StreamEngine.Host.Logging;

/// <summary>One line per message: time, level, who, what. On a terminal it first clears the line that the status stands on.</summary>
internal sealed class LineFormatter() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "line";
    private const string ClearLine = "\r\e[K";
    private const int Frames = 4;

    private static readonly bool Terminal = !Console.IsErrorRedirected;
    private static readonly bool Colour = Terminal && Terminals.ColourWanted;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var (word, colour) = logEntry.LogLevel switch
        {
            LogLevel.Critical => ("fatal", "\e[1;31m"),
            LogLevel.Error => ("error", "\e[31m"),
            LogLevel.Warning => ("warn ", "\e[33m"),
            LogLevel.Information => ("info ", "\e[32m"),
            _ => ("debug", ""),
        };
        textWriter.Write(Terminal ? ClearLine : "");
        textWriter.Write(TimeProvider.System.GetLocalNow().ToString("HH:mm:ss.fff ", CultureInfo.InvariantCulture));
        textWriter.Write(Colour ? $"{colour}{word}\e[0m " : $"{word} ");
        textWriter.Write(logEntry.Category[(logEntry.Category.LastIndexOf('.') + 1)..]);
        textWriter.Write(": ");
        textWriter.Write(OneLine(logEntry.Formatter(logEntry.State, null)));
        if (logEntry.Exception is { } exception)
        {
            textWriter.Write($" ({OneLine(Describe(exception))})");
        }

        textWriter.WriteLine();
    }

    /// <summary>What an operator can act on is told in words; anything else is a defect, for which the place is needed.</summary>
    private static string Describe(Exception exception)
    {
        var words = $"{exception.GetType().Name}: {exception.Message}";
        for (var inner = exception.InnerException; inner is not null; inner = inner.InnerException)
        {
            words += $" <- {inner.GetType().Name}: {inner.Message}";
        }

        if (exception is IOException or UnauthorizedAccessException or HttpRequestException or TimeoutException)
        {
            return words;
        }

        var frames = (exception.StackTrace ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return string.Join(" ", frames.Take(Frames).Prepend(words));
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
