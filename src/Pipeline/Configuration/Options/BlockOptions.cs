using StreamEngine.Pipeline.Memory;

namespace StreamEngine.Pipeline.Configuration;

/// <summary>What all blocks have in common.</summary>
public abstract record BlockOptions
{
    /// <summary>Which block it is.</summary>
    [RequiredSetting]
    public string Type { get; init; } = "";

    /// <summary>The memory that the block may take besides the batches that pass it.</summary>
    public virtual IEnumerable<MemoryNeed> Memory(MemoryTerms terms) => [];
}

/// <summary>Base of the options of a source.</summary>
public abstract record SourceOptions : BlockOptions
{
    /// <summary>The largest payload that it hands on, in bytes.</summary>
    public virtual long LargestPayload(PipelineOptions pipeline) => 0;
}

/// <summary>Base of the options of a transform.</summary>
public abstract record TransformOptions : BlockOptions
{
    /// <summary>Names of the sources and transforms it reads.</summary>
    [RequiredSetting]
    public IReadOnlyList<string> From { get; init; } = [];

    /// <summary>The most records that it makes of one payload, and the setting that says so; null when it makes none.</summary>
    public virtual (long Records, string Setting)? PayloadRecords() => null;

    /// <summary>The memory that its state may take, of which checkpoints hold a copy.</summary>
    public virtual IEnumerable<MemoryNeed> State(MemoryTerms terms) => [];
}

/// <summary>Base of the options of a sink.</summary>
public abstract record SinkOptions : BlockOptions
{
    /// <summary>Nothing is given up.</summary>
    public const string Wait = "wait";

    /// <summary>What has waited longest is given up.</summary>
    public const string DropOldest = "dropOldest";

    /// <summary>All but the latest record of each key is given up.</summary>
    public const string Conflate = "conflate";

    /// <summary>Names of the transforms it reads.</summary>
    [RequiredSetting]
    public IReadOnlyList<string> From { get; init; } = [];

    /// <summary>
    /// What happens when it can't keep up and what waits for it has reached its bound (4096 records or 256 KB): <c>wait</c> loses nothing, and
    /// everything else that reads the same transforms waits too. With the others the rest goes on, and what is given up is counted:
    /// <c>dropOldest</c> gives up what has waited longest, <c>conflate</c> all but the latest record of each key, until those of 65,536 keys or
    /// 16 MB wait; then it waits too.
    /// </summary>
    [OneOf(Wait, DropOldest, Conflate)]
    public string OnFull { get; init; } = Wait;
}
