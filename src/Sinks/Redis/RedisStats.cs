namespace StreamEngine.Sinks.Redis;

/// <summary>What the Redis tier did and how it is.</summary>
/// <param name="Up">Whether the server answers.</param>
/// <param name="Hits">Reads that found a record.</param>
/// <param name="Misses">Reads that found none, or got no answer in time.</param>
/// <param name="Written">Versions the server took.</param>
/// <param name="WrittenBytes">Their size, in bytes.</param>
/// <param name="Refused">Versions it did not take because it held the same or a newer one.</param>
/// <param name="Confirmed">TTLs extended.</param>
/// <param name="Failed">Commands that failed; they are repeated where that can help.</param>
/// <param name="Conflated">Versions never sent because a newer one of the same key came first.</param>
/// <param name="Dropped">Versions given up because too many keys were waiting.</param>
/// <param name="Pending">Keys waiting to be written.</param>
public sealed record RedisStats(
    bool Up, long Hits, long Misses, long Written, long WrittenBytes, long Refused, long Confirmed, long Failed, long Conflated, long Dropped, int Pending);
