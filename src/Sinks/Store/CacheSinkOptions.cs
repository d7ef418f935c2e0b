using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;
using StreamEngine.Sinks.Redis;

namespace StreamEngine.Sinks.Store;

/// <summary>
/// Keeps the current record of every entity for the REST API, in memory and, when <c>redis.url</c> is set, as plain JSON in
/// Redis. A pipeline has at most one.
/// </summary>
public sealed record CacheSinkOptions : SinkOptions
{
    /// <summary>
    /// How long a record counts as fresh, by kind. Kinds not named have 5m for player, 3m for game, 10m for stats and 5m for
    /// all others. Past it memory answers with the record marked stale; Redis forgets it.
    /// </summary>
    public IReadOnlyDictionary<string, Duration> Ttl { get; init; } = new Dictionary<string, Duration>();

    /// <summary>
    /// How long memory still answers with a record that is stale, so that readers have something while providers are down; as long as
    /// <c>maxBytes</c> allows.
    /// </summary>
    [Between("0s", "366d")]
    public Duration Keep { get; init; } = new(TimeSpan.FromDays(7));

    /// <summary>
    /// When an entity goes on under another key, how long whoever reads the one it had gets the record of the one it has: in memory as long as
    /// <c>maxBytes</c> allows, and in Redis.
    /// </summary>
    [Between("1s", "366d")]
    public Duration AliasTtl { get; init; } = new(TimeSpan.FromDays(7));

    /// <summary>Memory that records may take. Past it, what was least recently written or read leaves first.</summary>
    [Between("64KB", "1024GB")]
    public ByteSize MaxBytes { get; init; } = new(100L << 20);

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> Memory(MemoryTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        yield return new MemoryNeed("records", MaxBytes.Bytes, "maxBytes");
        if (terms.Pipeline.Redis.Url.Length > 0)
        {
            yield return new MemoryNeed("waits for Redis", RedisTier.MaxPendingBytes, "redis.url");
        }
    }

    /// <summary>The TTL of a kind.</summary>
    internal TimeSpan TtlOf(string kind) => Ttl.TryGetValue(kind, out var set) ? set.Value : kind switch
    {
        "game" => TimeSpan.FromMinutes(3),
        "stats" => TimeSpan.FromMinutes(10),
        _ => TimeSpan.FromMinutes(5),
    };
}
