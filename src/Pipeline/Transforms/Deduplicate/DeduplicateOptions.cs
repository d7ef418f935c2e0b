using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;

namespace StreamEngine.Pipeline.Transforms.Deduplicate;

/// <summary>
/// Lets a record through when its source says something new about its key. A repetition becomes a confirmation, which keeps what
/// is known fresh; a record from before the last one of its source and key (a replay) is filtered.
/// </summary>
public sealed record DeduplicateOptions : TransformOptions
{
    /// <summary>How long what a source said about a key is remembered after it was last said; at most a 4096th longer.</summary>
    [Between("1s", "30d")]
    public Duration Window { get; init; } = Duration.Seconds(600);

    /// <summary>Most keys remembered, each about 24 bytes; at the limit the oldest one of a few is forgotten, not always the oldest of all.</summary>
    [Between("1", "100000000")]
    public int MaxKeys { get; init; } = 1_000_000;

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> State(MemoryTerms terms) => [new MemoryNeed("keys and hashes", SeenTable.MostBytes(MaxKeys), "maxKeys")];
}
