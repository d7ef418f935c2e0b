namespace StreamEngine.Sinks.Store;

/// <summary>A record in memory, or the key that its entity has by now. Guarded by the store's lock.</summary>
internal sealed class Entry
{
    /// <summary>Measured weight of an entry beside its key and data: the objects and their place in table and list.</summary>
    private const int Overhead = 260;

    /// <summary>For so long nobody else is asked whether an entity still goes on under another key.</summary>
    private static readonly TimeSpan FreshAlias = TimeSpan.FromMinutes(5);

    public Entry(string key)
    {
        Key = key;
        Node = new LinkedListNode<Entry>(this);
    }

    public string Key { get; }

    public LinkedListNode<Entry> Node { get; }

    public string Kind { get; private set; } = "";

    public byte[] Data { get; private set; } = [];

    /// <summary>The key that the entity has instead; null for a record.</summary>
    public string? Now { get; private set; }

    public RecordStamp Stamp { get; private set; }

    public DateTimeOffset StoredAt { get; private set; }

    public DateTimeOffset ConfirmedAt { get; private set; }

    public DateTimeOffset Expires { get; private set; }

    public DateTimeOffset DropAt { get; private set; }

    public long Bytes => Overhead + (2L * (Key.Length + (Now?.Length ?? 0))) + Data.Length;

    public void Fill(string kind, byte[] data, in RecordStamp stamp, DateTimeOffset now, TimeSpan ttl, TimeSpan keep, string? alias)
    {
        Kind = kind;
        Data = data;
        Now = alias;
        Stamp = stamp;
        StoredAt = now;
        Extend(now, ttl, keep);
    }

    public void Extend(DateTimeOffset now, TimeSpan ttl, TimeSpan keep)
    {
        ConfirmedAt = now;
        Expires = now + (Now is null || ttl < FreshAlias ? ttl : FreshAlias);
        DropAt = now + ttl + (Now is null ? keep : TimeSpan.Zero);
    }

    public StoredRecord Read(DateTimeOffset now, StoreTier tier) =>
        new(Key, Kind, Data, Stamp, StoredAt, ConfirmedAt, Expires, now >= Expires, tier);
}
