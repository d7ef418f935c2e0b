using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;

namespace StreamEngine.Sources.RedisStream;

/// <summary>
/// Reads a Redis stream through a consumer group, which is made if it isn't there and then begins at the stream's first entry. Entries are
/// acknowledged when a checkpoint covers them.
/// </summary>
public sealed record RedisStreamSourceOptions : SourceOptions
{
    /// <summary>The stream's key.</summary>
    [RequiredSetting]
    public string Stream { get; init; } = "";

    /// <summary>The consumer group; the pipeline's name when it is not given.</summary>
    public string? Group { get; init; }

    /// <summary>
    /// Name within the group. It has to be the same after a restart, so that what was under way is found again; when several hosts share the
    /// group, each needs its own.
    /// </summary>
    public string Consumer { get; init; } = "streamengine";

    /// <summary>Address of the server, as in <c>redis.url</c>, which is used when it is not given.</summary>
    [Secret]
    public string? Url { get; init; }

    /// <summary>The field of an entry that is the payload; an entry without it goes to the dead letter.</summary>
    public string Field { get; init; } = "data";

    /// <summary>How many entries are asked for at once.</summary>
    [Between("1", "4096")]
    public int Batch { get; init; } = 256;

    /// <summary>The longest payload accepted; of a longer one the first 4 KB go to the dead letter.</summary>
    [Between("4KB", "64MB")]
    public ByteSize MaxPayload { get; init; } = new(1L << 20);

    /// <summary>
    /// What another consumer of the group has left unacknowledged for longer than this is taken over, since it must be dead. It has to be several
    /// times longer than any consumer's <c>checkpoint.every</c>.
    /// </summary>
    [Between("1s", "1d")]
    public Duration ClaimAfter { get; init; } = Duration.Seconds(60);

    /// <inheritdoc/>
    public override long LargestPayload(PipelineOptions pipeline) => MaxPayload.Bytes;

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> Memory(MemoryTerms terms) => [new MemoryNeed("entries that are read", MemoryTerms.Growth * Batch * MaxPayload.Bytes, "batch")];
}
