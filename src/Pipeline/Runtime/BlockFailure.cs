using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>A transform threw.</summary>
/// <param name="Block">The block's name.</param>
/// <param name="Step">Its place in the stage.</param>
/// <param name="Exception">What it threw.</param>
/// <param name="Culprit">What it stood on; null when that was nothing in particular.</param>
internal sealed record BlockFailure(string Block, int Step, Exception Exception, Culprit? Culprit)
{
    /// <summary>What happened, for an operator.</summary>
    public string Words => $"block '{Block}' failed{(Culprit is null ? "" : $" on {Culprit.Words}")}: {Exception.Message}";
}

/// <summary>Ends a stage whose failure is undone by going back to the last checkpoint.</summary>
/// <param name="failure">What happened.</param>
internal sealed class BlockFailedException(BlockFailure failure) : Exception(failure.Words, failure.Exception)
{
    public BlockFailure Failure { get; } = failure;
}

/// <summary>Ends a run whose block fails again and again.</summary>
/// <param name="message">What happened, and what to do.</param>
/// <param name="failure">The last failure.</param>
internal sealed class RepeatedFailureException(string message, BlockFailure failure) : Exception(message, failure.Exception);
