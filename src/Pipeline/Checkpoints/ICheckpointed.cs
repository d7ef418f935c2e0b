namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>A transform whose state outlives the process: it is saved with every checkpoint, and taken over at the next start.</summary>
/// <remarks>
/// State is found again by the block's name and the fields' names, so it survives edits of the config and new versions. What no
/// longer fits is reported with <see cref="StateReader.Unfit"/> and begins empty; it is never dropped without a word.
/// </remarks>
public interface ICheckpointed
{
    /// <summary>Writes what it needs to go on as if nothing had happened. Called between two batches, while the pipeline waits: it copies and does nothing else.</summary>
    /// <param name="state">The block's part of the checkpoint.</param>
    void Save(StateWriter state);

    /// <summary>Takes over what was saved. Called once, before the first batch.</summary>
    /// <param name="state">The block's part of the checkpoint.</param>
    void Restore(StateReader state);
}
