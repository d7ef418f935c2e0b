using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>A sink that can go back to where it stood at a checkpoint, so that what is written again is written once.</summary>
/// <remarks>Calls never overlap with each other or with those of <see cref="ISink"/>.</remarks>
public interface ICheckpointedSink : ISink
{
    /// <summary>Makes durable what came before, and writes where it stands. A failure is tried again after a back-off.</summary>
    /// <param name="state">The sink's part of the checkpoint; empty at each try.</param>
    /// <param name="cancellationToken">Ends a wait when the drain timeout has passed.</param>
    ValueTask CheckpointAsync(StateWriter state, CancellationToken cancellationToken);

    /// <summary>The last checkpoint it wrote to is complete: what it covers may be made visible.</summary>
    /// <param name="cancellationToken">Ends a wait when the drain timeout has passed.</param>
    ValueTask CommitAsync(CancellationToken cancellationToken);

    /// <summary>Goes back to a checkpoint: what was written after it is undone. Called once, before the first batch.</summary>
    /// <param name="state">The sink's part of the checkpoint.</param>
    /// <param name="cancellationToken">Ends a wait.</param>
    ValueTask RestoreAsync(StateReader state, CancellationToken cancellationToken);
}
