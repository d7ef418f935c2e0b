namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>Where checkpoints are kept.</summary>
public interface ICheckpointStore
{
    /// <summary>
    /// Keeps a checkpoint: it is there as a whole or not at all, whenever the process or the machine dies. Older ones than the last few are
    /// deleted, but for what those need of them.
    /// </summary>
    /// <param name="checkpoint">The checkpoint; the store does not dispose it.</param>
    /// <param name="cancellationToken">Ends a wait.</param>
    /// <exception cref="IOException">It could not be kept; those before are untouched.</exception>
    ValueTask SaveAsync(CheckpointContent checkpoint, CancellationToken cancellationToken);

    /// <summary>Finds the last good checkpoint.</summary>
    /// <param name="pipeline">The pipeline's name; another one's checkpoints are not taken.</param>
    CheckpointSearch FindLast(string pipeline);
}

/// <summary>A checkpoint about to be kept.</summary>
/// <param name="Id">Its number, ever growing.</param>
/// <param name="Time">When it was begun.</param>
/// <param name="Pipeline">The pipeline's name.</param>
/// <param name="Parts">The blocks' state.</param>
public sealed record CheckpointContent(long Id, DateTimeOffset Time, string Pipeline, IReadOnlyList<CheckpointPart> Parts)
{
    /// <summary>The number of the last one before that is complete, on top of which fields with changes are; 0 for none.</summary>
    public long LastComplete { get; init; }
}

/// <summary>One block's state, or that of one of its shards.</summary>
/// <param name="Block">The block's name.</param>
/// <param name="Shard">The worker's number, from 0.</param>
/// <param name="Shards">How many workers share the keys.</param>
/// <param name="State">What was written.</param>
public sealed record CheckpointPart(string Block, int Shard, int Shards, StateWriter State);

/// <summary>What was found.</summary>
/// <param name="Checkpoint">The last good one; null when there is none.</param>
/// <param name="Problems">What was wrong with later ones, in words for an operator: which file, what is wrong with it, what was done.</param>
/// <param name="LastId">The highest number there is, good or not; 0 for none. The next is higher, or a file that can be read again some day would pass for the last.</param>
public sealed record CheckpointSearch(SavedCheckpoint? Checkpoint, IReadOnlyList<string> Problems, long LastId = 0);

/// <summary>A checkpoint as it was found.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Time">When it was begun.</param>
/// <param name="Sections">The blocks' fields.</param>
public sealed record SavedCheckpoint(long Id, DateTimeOffset Time, IReadOnlyList<StateSection> Sections);
