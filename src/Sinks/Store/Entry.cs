namespace StreamEngine.Sinks.Store;

/// <summary>A record in memory. Guarded by the store's lock.</summary>
internal sealed class Entry
{
    /// <summary>Measured weight of an entry beside its key and data: the objects and their place in table and list.</summary>
    private const int Overhead = 260;

    public Entry(string key)
    {
        Key = key;
        Node = new LinkedListNode<Entry>(this);
    }

    public string Key { get; }

    public LinkedListNode<Entry> Node { get; }

    public string Kind { get; private set; } = "";

    public byte[] Data { get; private set; } = [];

    public RecordStamp Stamp { get; private set; }

    public DateTimeOffset StoredAt { get; private set; }

    public DateTimeOffset ConfirmedAt { get; private set; }

    public DateTimeOffset Expires { get; private set; }

    public DateTimeOffset DropAt { get; private set; }

    public long Bytes => Overhead + (2L * Key.Length) + Data.Length;

    public void Fill(string kind, byte[] data, in RecordStamp stamp, DateTimeOffset now, TimeSpan ttl)
    {
        Kind = kind;
        Data = data;
        Stamp = stamp;
        StoredAt = now;
        Extend(now, ttl);
    }

    public void Extend(DateTimeOffset now, TimeSpan ttl)
    {
        ConfirmedAt = now;
        Expires = now + ttl;
        DropAt = now + (ttl * RecordStore.StaleFactor);
    }

    public StoredRecord Read(DateTimeOffset now, StoreTier tier) =>
        new(Key, Kind, Data, Stamp, StoredAt, ConfirmedAt, Expires, now >= Expires, tier);
}
