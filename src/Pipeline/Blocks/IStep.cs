using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Blocks;

/// <summary>
/// A transform: a synchronous function over its own state, a batch and now. It edits rows in place, takes them out with a
/// reason or adds some; it does no I/O, reads no clock, starts no task and takes no lock.
/// </summary>
/// <remarks>
/// What it throws costs the record that its walk through the part stands on, or the first payload that is still to be mapped: that one goes to
/// the dead letter. The step is made anew, and takes over its state from the last checkpoint.
/// </remarks>
public interface IStep
{
    /// <summary>Works on one batch.</summary>
    /// <param name="part">All of a batch, or the part of it that belongs to this instance's shard; the step is its only owner.</param>
    /// <param name="now">What time it is for each row.</param>
    void Process(Part part, StepTime now);

    /// <summary>What is wrong now, in words for an operator; null when all is well. Any thread may ask at any time.</summary>
    string? Problem => null;
}
