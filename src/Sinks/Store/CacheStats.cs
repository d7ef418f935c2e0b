using StreamEngine.Sinks.Redis;

namespace StreamEngine.Sinks.Store;

/// <summary>What the record store holds and how well it served.</summary>
/// <param name="Hits">Reads that found a record, in whichever tier.</param>
/// <param name="Misses">Reads that found none.</param>
/// <param name="StaleServed">Hits whose record was past its TTL.</param>
/// <param name="Evicted">Records pushed out because the memory bound was reached.</param>
/// <param name="Expired">Records dropped because they were stale for too long.</param>
/// <param name="Refused">Writes not taken because the store held the same or a newer version.</param>
/// <param name="Entries">Records in memory, and keys whose entities go on under others.</param>
/// <param name="Bytes">Memory they take, in bytes, keys and book-keeping included.</param>
/// <param name="MaxBytes">Bound of that memory.</param>
/// <param name="ByKind">The same by record type.</param>
/// <param name="Redis">The Redis tier; null without one.</param>
public sealed record CacheStats(
    long Hits,
    long Misses,
    long StaleServed,
    long Evicted,
    long Expired,
    long Refused,
    int Entries,
    long Bytes,
    long MaxBytes,
    IReadOnlyDictionary<string, KindStats> ByKind,
    RedisStats? Redis)
{
    /// <summary>Hits among all reads, 0 to 1; 0 before the first read.</summary>
    public double HitRatio => Hits + Misses == 0 ? 0 : (double)Hits / (Hits + Misses);
}

/// <summary>One record type's part of the store.</summary>
/// <param name="Entries">Records in memory.</param>
/// <param name="Bytes">Memory they take, in bytes.</param>
/// <param name="Hits">Reads that found one.</param>
public sealed record KindStats(int Entries, long Bytes, long Hits);
