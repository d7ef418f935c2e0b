using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>
/// Makes one trusted record of what several sources say about a key. Each field comes from the source preferred for it among those
/// that have it. Only a change of a value is passed on, with a revision and the names of the fields that changed. What a source says
/// replaces all it said before, and never goes back in time.
/// </summary>
public sealed record MergeOptions : TransformOptions
{
    /// <summary>
    /// What decides between sources, the first that makes a difference: priority (of the provider), quality (the score), freshness (the
    /// later event time). Sources whose last word is stale come last in any case.
    /// </summary>
    [OneOf("priority", "quality", "freshness")]
    public IReadOnlyList<string> Prefer { get; init; } = ["priority", "quality", "freshness"];

    /// <summary>How long after it was last received or confirmed what a source said counts as stale.</summary>
    [Between("1s", "30d")]
    public Duration StaleAfter { get; init; } = Duration.Seconds(120);

    /// <summary>Most keys held; at the limit the one of a few that was not heard of for longest is forgotten, not always the one of all.</summary>
    [Between("1", "100000000")]
    public int MaxKeys { get; init; } = 1_000_000;

    /// <summary>Memory that their records may take, what every source last said included; past it keys are forgotten in the same way.</summary>
    [Between("64KB", "1024GB")]
    public ByteSize MaxBytes { get; init; } = new(256L << 20);

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> State(MemoryTerms terms) =>
    [
        new MemoryNeed("records of all sources", MaxBytes.Bytes, "maxBytes"),
        new MemoryNeed("table of keys", MergeTable.TableBytes(MaxKeys), "maxKeys"),
    ];
}
