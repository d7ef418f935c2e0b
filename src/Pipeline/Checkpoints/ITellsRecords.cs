using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>
/// A transform that passes on only what changes: after a restart it tells once the records that it took over, for readers that keep none
/// themselves.
/// </summary>
internal interface ITellsRecords : ICheckpointed
{
    /// <summary>Adds records to an empty batch up to its usual size, going on behind those of the last call. Called between <see cref="ICheckpointed.Restore"/> and the first batch.</summary>
    /// <param name="batch">The batch; its first document stands for where the records are from.</param>
    /// <returns>Whether there are more.</returns>
    bool Tell(Batch batch);
}
