namespace StreamEngine.Sinks.Store;

/// <summary>Where an answer came from.</summary>
public enum StoreTier
{
    /// <summary>The table in this process.</summary>
    Memory,

    /// <summary>The Redis server behind it.</summary>
    Redis,
}

/// <summary>One record as it was when it was read; it may be kept as long as one likes.</summary>
/// <param name="Key">The entity as the pipeline wrote it, such as <c>player:mlb:660271</c>; another key than was asked for when it has that by now.</param>
/// <param name="Kind">The record type's name, such as <c>player</c>.</param>
/// <param name="Data">The record as JSON, UTF-8. Never written to again.</param>
/// <param name="Stamp">Sequence, times and quality.</param>
/// <param name="StoredAt">When this version came into the store.</param>
/// <param name="ConfirmedAt">When it was last known to be true: stored, or confirmed by its provider since.</param>
/// <param name="Expires">When it stops being fresh.</param>
/// <param name="Stale">True when that moment had passed at the time of reading.</param>
/// <param name="Tier">Where it was found.</param>
public sealed record StoredRecord(
    string Key,
    string Kind,
    ReadOnlyMemory<byte> Data,
    RecordStamp Stamp,
    DateTimeOffset StoredAt,
    DateTimeOffset ConfirmedAt,
    DateTimeOffset Expires,
    bool Stale,
    StoreTier Tier);
