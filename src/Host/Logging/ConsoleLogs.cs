using System.Text.Encodings.Web;
using Microsoft.Extensions.Logging.Console;

namespace StreamEngine.Host.Logging;

/// <summary>Logs go to stderr, so that stdout stays for what the run has to say.</summary>
internal static class ConsoleLogs
{
    public static void Configure(ILoggingBuilder logging, bool json)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("System", LogLevel.Warning);

        // An unhandled exception of a request is logged by the API itself, without the request's headers.
        logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error);
        // It makes an activity and a scope for each request as long as it may log anything, and says nothing that is missed.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // A port that can't be opened is told in clear words by the run.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        logging.AddConsole(options =>
        {
            options.LogToStandardErrorThreshold = LogLevel.Trace;
            options.FormatterName = json ? ConsoleFormatterNames.Json : LineFormatter.FormatterName;
        });
        logging.AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
        logging.Services.Configure<JsonConsoleFormatterOptions>(options =>
        {
            options.TimestampFormat = "o";
            options.JsonWriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        });
    }
}
