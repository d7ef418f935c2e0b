using Microsoft.Extensions.Logging;

namespace StreamEngine.Pipeline.Transforms.Identify;

internal static partial class IdentifyLog
{
    [LoggerMessage(1, LogLevel.Information, "Transform '{Block}': its tables were read again; they name {Ids} ids")]
    public static partial void Reloaded(ILogger logger, string block, int ids);

    [LoggerMessage(2, LogLevel.Warning, "Transform '{Block}': changed tables were not taken, the ones before stay: {Fault}")]
    public static partial void NotReloaded(ILogger logger, string block, string fault);

    [LoggerMessage(3, LogLevel.Information, "Transform '{Block}': {Report}")]
    public static partial void Known(ILogger logger, string block, string report);
}
