using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>Where a source stands behind a batch: what it needs to go on with what follows. Immutable; set as <see cref="Batch.Position"/>.</summary>
public abstract record SourcePosition
{
    /// <summary>Writes the position.</summary>
    /// <param name="state">The source's part of the checkpoint.</param>
    public abstract void Save(StateWriter state);
}

/// <summary>A source whose place is in the checkpoints. Every batch it emits carries one.</summary>
public interface IPositionedSource : ISource
{
    /// <summary>Goes on from a saved position. Called once, before <see cref="ISource.RunAsync"/>.</summary>
    /// <param name="state">The source's part of the checkpoint.</param>
    void Restore(StateReader state);
}

/// <summary>A source that can hand on again what came after a position.</summary>
public interface IReplayableSource : IPositionedSource
{
    /// <summary>Everything up to the position is safe: the source may acknowledge it upstream. Calls never overlap, and may come while it runs.</summary>
    /// <param name="position">Where the source stood at a checkpoint that is complete.</param>
    /// <param name="cancellationToken">Ends a wait when the drain timeout has passed.</param>
    ValueTask CommittedAsync(SourcePosition position, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
