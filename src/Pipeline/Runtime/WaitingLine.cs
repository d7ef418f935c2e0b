using System.Diagnostics.CodeAnalysis;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// What waits in front of a sink that gives records up when it can't keep up. A Dataflow block gives nothing back, so what waits stands here,
/// and the block is only told that something does. Its owner locks.
/// </summary>
internal abstract class WaitingLine
{
    /// <summary>Why records are given up.</summary>
    public abstract string Reason { get; }

    /// <summary>Takes a batch in; when there is no room, something is given up for it.</summary>
    /// <param name="arrival">The batch and what it takes of the link's bound.</param>
    /// <param name="gaveUp">Told how many records were given up.</param>
    /// <returns>Null when it was taken; else ends when it is worth another try.</returns>
    public abstract Task? Add(in Arrival arrival, Action<int> gaveUp);

    /// <summary>Puts something to be done behind all that was taken in before.</summary>
    public abstract void AddAct(in Arrival act);

    /// <summary>Takes the first.</summary>
    /// <returns>False when nothing waits.</returns>
    public abstract bool TryTake([NotNullWhen(true)] out Arrival? arrival);
}
