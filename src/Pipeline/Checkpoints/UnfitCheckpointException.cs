namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>A file can't be gone on from.</summary>
/// <param name="message">Why, in words that follow the file's name.</param>
/// <param name="foreign">Whether it is another pipeline's, and so not ours to delete.</param>
internal sealed class UnfitCheckpointException(string message, bool foreign = false) : Exception(message)
{
    public bool Foreign => foreign;
}
