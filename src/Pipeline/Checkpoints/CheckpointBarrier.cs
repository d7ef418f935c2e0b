using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>
/// A checkpoint on its way through the graph: what lies before it is in the checkpoint, what comes after is not. Each source notes where it
/// stood when it let the barrier out, and each stage saves its state when it passes.
/// </summary>
/// <param name="id">The checkpoint's number.</param>
/// <param name="lastComplete">The number of the last one of this run that is complete; 0 for none.</param>
/// <param name="time">When it was begun.</param>
/// <param name="stages">How many stages it has to pass.</param>
internal sealed class CheckpointBarrier(long id, long lastComplete, DateTimeOffset time, int stages)
{
    private readonly Lock gate = new();
    private readonly List<CheckpointPart> parts = [];
    private readonly List<(SourceRunner Source, SourcePosition Position)> positions = [];
    private readonly TaskCompletionSource passed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int left = stages;

    public long Id => id;

    /// <summary>When it was begun.</summary>
    public DateTimeOffset Time => time;

    /// <summary>Ends when every stage has saved its state.</summary>
    public Task Passed => passed.Task;

    /// <summary>Where the sources stood.</summary>
    public IReadOnlyList<(SourceRunner Source, SourcePosition Position)> Positions => positions;

    /// <summary>Makes the part of a block, or of one of its shards.</summary>
    public StateWriter Part(string block, int shard = 0, int shards = 1)
    {
        var part = new CheckpointPart(block, shard, shards, new StateWriter { Number = id, LastComplete = lastComplete });
        lock (gate)
        {
            parts.Add(part);
        }

        return part.State;
    }

    /// <summary>Notes where a source stands; null when it has handed on nothing yet.</summary>
    public void Note(SourceRunner source, SourcePosition? position)
    {
        if (position is not null)
        {
            position.Save(Part(source.Block.Name));
            lock (gate)
            {
                positions.Add((source, position));
            }
        }
    }

    /// <summary>A stage has saved its state.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref left) == 0)
        {
            passed.TrySetResult();
        }
    }

    /// <summary>What is to be kept, when all stages have been passed.</summary>
    public CheckpointContent Content(string pipeline) => new(Id, Time, pipeline, parts) { LastComplete = lastComplete };

    /// <summary>Gives the memory back.</summary>
    public void Clear()
    {
        foreach (var part in parts)
        {
            part.State.Clear();
        }
    }
}
