using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>What every stage needs.</summary>
/// <param name="Time">The clock.</param>
/// <param name="IsEventTime">Whether records live at their own event times in the transforms.</param>
/// <param name="Logger">For the runtime's own messages.</param>
/// <param name="DeadLetters">Where dead records go.</param>
/// <param name="Taps">Windows by block name.</param>
/// <param name="Health">Told when a restart has lost what was remembered.</param>
/// <param name="Supervisor">Decides what is done about a block that throws.</param>
/// <param name="Broken">Ends the run: a shell has failed.</param>
/// <param name="Abort">Signalled when the drain timeout has passed: nothing waits any longer.</param>
internal sealed record StageServices(
    TimeProvider Time,
    bool IsEventTime,
    ILogger Logger,
    DeadLetterFile DeadLetters,
    IReadOnlyDictionary<string, Tap> Taps,
    SourceHealth Health,
    Supervisor Supervisor,
    CancellationTokenSource Broken,
    CancellationToken Abort)
{
    /// <summary>What time it is for the transforms.</summary>
    public StepTime Now => IsEventTime ? StepTime.Event : new StepTime(Time.GetUtcNow().UtcTicks);
}

/// <summary>Messages of the stages.</summary>
internal static partial class StageLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "{Failure}. Its stage '{Stage}' is made anew in {Wait}; the record is in the dead letter, the others go on")]
    public static partial void Restarting(ILogger logger, Exception exception, string failure, string stage, Duration wait);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Failure}. The pipeline goes back to the last checkpoint in {Wait}; the record will be in the dead letter, the others come again")]
    public static partial void GoingBack(ILogger logger, Exception exception, string failure, Duration wait);

    [LoggerMessage(Level = LogLevel.Error, Message = "Stage '{Stage}' can't be rebuilt; trying again in {Wait}")]
    public static partial void Unbuildable(ILogger logger, Exception exception, string stage, Duration wait);

    [LoggerMessage(Level = LogLevel.Error, Message = "Sink '{Sink}' can't write: {Error}. Nothing is lost; trying again in {Wait}")]
    public static partial void SinkWaits(ILogger logger, string sink, string error, Duration wait);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sink '{Sink}' writes again")]
    public static partial void SinkRecovered(ILogger logger, string sink);

    [LoggerMessage(Level = LogLevel.Error, Message = "Sink '{Sink}' could not finish: {Error}")]
    public static partial void SinkUnfinished(ILogger logger, string sink, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "Source '{Source}' failed; restarting it in {Wait}")]
    public static partial void SourceRestarting(ILogger logger, Exception exception, string source, Duration wait);

    [LoggerMessage(Level = LogLevel.Error, Message = "Source '{Source}' failed and, being finite, is not started again: {Error}")]
    public static partial void SourceFailed(ILogger logger, string source, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Source '{Source}' could not acknowledge what is safe: {Error}. It will come again after a restart, and be left out")]
    public static partial void NotAcknowledged(ILogger logger, string source, string error);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The shell of stage '{Stage}' failed; the run ends")]
    public static partial void ShellFailed(ILogger logger, Exception exception, string stage);
}
