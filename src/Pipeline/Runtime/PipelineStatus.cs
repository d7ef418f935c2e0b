using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>The running graph as an operator sees it.</summary>
/// <param name="Name">The pipeline's name.</param>
/// <param name="State"><c>created</c>, <c>running</c>, <c>restarting</c> (going back to the last checkpoint), <c>draining</c>, <c>stopped</c> or <c>failed</c>.</param>
/// <param name="Blocks">Sources, transforms and sinks, each group in config order.</param>
/// <param name="Links">Who hands records to whom.</param>
/// <param name="Checkpoint">How the checkpoints are; null when none are made.</param>
public sealed record PipelineStatus(string Name, string State, IReadOnlyList<BlockStatus> Blocks, IReadOnlyList<GraphLink> Links, CheckpointStatus? Checkpoint)
{
    /// <summary>How the dead letter fares.</summary>
    public DeadLetterStatus? DeadLetter { get; init; }
}

/// <summary>One link of the graph.</summary>
/// <param name="From">Name of the block that hands on.</param>
/// <param name="To">Name of the block that reads.</param>
public sealed record GraphLink(string From, string To);

/// <summary>One block: its books in records, and how it fares.</summary>
public sealed record BlockStatus
{
    /// <summary>The block's name.</summary>
    public required string Name { get; init; }

    /// <summary><c>source</c>, <c>transform</c> or <c>sink</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>What the config calls its type.</summary>
    public required string Type { get; init; }

    /// <summary>The stage it belongs to: between the blocks of one stage records need no hop.</summary>
    public required string Stage { get; init; }

    /// <summary>How many workers run it.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>How they share the records: <c>single</c>, <c>batches</c> (any worker takes any batch) or <c>keys</c> (each has its share of the keys).</summary>
    public string Distribution { get; init; } = "single";

    /// <summary><c>idle</c>, <c>running</c>, <c>restarting</c>, <c>waiting</c> (a sink that can't write), <c>completed</c> or <c>failed</c>.</summary>
    public required string State { get; init; }

    /// <summary>Records that came in.</summary>
    public long In { get; init; }

    /// <summary>Records that went on.</summary>
    public long Out { get; init; }

    /// <summary>Records made beyond one for one.</summary>
    public long Expanded { get; init; }

    /// <summary>Records taken out by a rule, by reason.</summary>
    public required IReadOnlyDictionary<string, long> Filtered { get; init; }

    /// <summary>Records that only changed state, by reason.</summary>
    public required IReadOnlyDictionary<string, long> Absorbed { get; init; }

    /// <summary>Records given up at a bound, by reason.</summary>
    public required IReadOnlyDictionary<string, long> Dropped { get; init; }

    /// <summary>Records in the dead letter, by reason.</summary>
    public required IReadOnlyDictionary<string, long> DeadLettered { get; init; }

    /// <summary>What was noticed about records that went on, such as values that no table knows, by what it was.</summary>
    public IReadOnlyDictionary<string, long> Noted { get; init; } = new Dictionary<string, long>();

    /// <summary>Records that wait inside: in + expanded - out - filtered - absorbed - dropped - dead-lettered.</summary>
    public long Held { get; init; }

    /// <summary>Records waiting in front of the stage.</summary>
    public long Queued { get; init; }

    /// <summary>Most records that may wait in front of the stage.</summary>
    public int Capacity { get; init; }

    /// <summary>Records out per second, over the last seconds.</summary>
    public double Rate { get; init; }

    /// <summary>99th percentile of the time the stage took for one of the last batches, in milliseconds.</summary>
    public double P99Ms { get; init; }

    /// <summary>How often the stage was restarted after an exception.</summary>
    public int Restarts { get; init; }

    /// <summary>What is wrong now; null when all is well.</summary>
    public string? Problem { get; init; }

    /// <summary>How far a source with a finite input is; null for all others.</summary>
    public SourceProgress? Progress { get; init; }
}
