using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Blocks;

/// <summary>
/// A transform: a synchronous function over its own state, a batch and now. It edits rows in place, takes them out with a
/// reason or adds some; it does no I/O, reads no clock, starts no task and takes no lock.
/// </summary>
public interface IStep
{
    /// <summary>Works on one batch.</summary>
    /// <param name="part">All of a batch, or the part of it that belongs to this instance's shard; the step is its only owner.</param>
    /// <param name="now">What time it is for each row.</param>
    void Process(Part part, StepTime now);
}
