using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Blocks;

/// <summary>Where records leave the pipeline.</summary>
/// <remarks>
/// Calls never overlap. A sink that throws is given the same batch again after a back-off, so it must leave nothing half
/// written behind or be able to repeat itself.
/// </remarks>
public interface ISink : IAsyncDisposable
{
    /// <summary>Takes the records of a batch. Rows that are confirmations only extend what is known.</summary>
    /// <param name="batch">A sealed batch, leased for the duration of the call; <see cref="Batch.Retain"/> keeps it longer.</param>
    /// <param name="cancellationToken">Ends a wait when the drain timeout has passed.</param>
    ValueTask WriteAsync(Batch batch, CancellationToken cancellationToken);

    /// <summary>Gives up what it has taken in and not written yet, when the drain timeout has passed; nothing more is asked of it.</summary>
    /// <returns>How many records that were.</returns>
    long GiveUp() => 0;

    /// <summary>All input has been written: makes it durable.</summary>
    ValueTask CompleteAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Whether it is empty after a restart, and wants to be told what the pipeline knew: once, in batches that are
    /// <see cref="Batch.IsRestored"/>, before anything new. What it holds already must not be taken for news.
    /// </summary>
    bool BeginsEmpty => false;

    /// <summary>What is wrong now, in words for an operator; null when all is well.</summary>
    string? Problem => null;
}
