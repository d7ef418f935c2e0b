using System.Runtime.InteropServices;
using StreamEngine.Sinks.Redis;

namespace StreamEngine.Sinks.Store;

/// <summary>
/// The current record of every entity: a keyed table in memory, with Redis behind it when there is one. It lives outside
/// the graph, so a reload or a restarted block doesn't empty it. Safe for use from many threads.
/// </summary>
/// <remarks>
/// <para>Keys match without regard to case and keep the spelling with which they were first written; Redis keys have that
/// spelling too. Two entities must not differ in case only.</para>
/// <para>A version is taken when its sequence is larger than that of the version held; equal ones are not taken.</para>
/// <para>Freshness is computed when read. Past its TTL a record is still answered, marked stale, for
/// another <see cref="Keep"/>. Redis forgets it at the TTL.</para>
/// <para>A key whose entity goes on under another one answers with that one's record, through several such steps too; a circle has none.</para>
/// <para>When the memory bound is reached, what was least recently written, confirmed or read leaves first.</para>
/// </remarks>
public sealed partial class RecordStore
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly Dictionary<string, Entry> table = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Entry>.AlternateLookup<ReadOnlySpan<char>> lookup;
    private readonly LinkedList<Entry> recency = new();
    private readonly Dictionary<string, Usage> kinds = new(StringComparer.Ordinal);
    private DateTimeOffset nextSweep;
    private long maxBytes = 100L << 20;
    private long bytes;
    private long hits;
    private long misses;
    private long staleServed;
    private long evicted;
    private long expired;
    private long refused;

    /// <summary>Makes an empty store.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="redis">What holds the records beyond this process; null for memory only.</param>
    public RecordStore(TimeProvider time, RedisTier? redis = null)
    {
        this.time = time;
        Redis = redis;
        lookup = table.GetAlternateLookup<ReadOnlySpan<char>>();
        nextSweep = time.GetUtcNow() + SweepEvery;
    }

    /// <summary>The tier behind the memory; null without one.</summary>
    public RedisTier? Redis { get; }

    /// <summary>Bound of the memory that records take, in bytes, keys and book-keeping included.</summary>
    public long MaxBytes
    {
        get => Volatile.Read(ref maxBytes);
        set
        {
            lock (gate)
            {
                maxBytes = value;
                Evict();
            }
        }
    }

    /// <summary>How long a record is kept past its TTL before it is dropped. Records that are held already stay as long as was said when they came.</summary>
    public TimeSpan Keep { get; set; } = TimeSpan.FromDays(7);

    /// <summary>What the store holds and how well it served.</summary>
    public CacheStats Stats
    {
        get
        {
            lock (gate)
            {
                Sweep(time.GetUtcNow());
                return new CacheStats(
                    hits, misses, staleServed, evicted, expired, refused, table.Count, bytes, maxBytes,
                    kinds.ToDictionary(k => k.Key, k => new KindStats(k.Value.Entries, k.Value.Bytes, k.Value.Hits), StringComparer.Ordinal),
                    Redis?.Stats);
            }
        }
    }

    /// <summary>Takes a version of a record when it is newer than what is held.</summary>
    /// <param name="key">The entity.</param>
    /// <param name="kind">The record type's name.</param>
    /// <param name="data">The record as JSON, UTF-8; copied when it is taken.</param>
    /// <param name="stamp">Sequence, times and quality.</param>
    /// <param name="ttl">How long it counts as fresh.</param>
    /// <returns>Whether it was taken.</returns>
    public bool Set(ReadOnlySpan<char> key, string kind, ReadOnlySpan<byte> data, in RecordStamp stamp, TimeSpan ttl) => Set(key, kind, data, stamp, ttl, null);

    /// <summary>Takes it that an entity goes on under another key, when that is newer than what is held under its own.</summary>
    /// <param name="key">The key that it had.</param>
    /// <param name="now">The key that it has.</param>
    /// <param name="kind">The record type's name.</param>
    /// <param name="notice">What Redis has under the key: JSON with the sequence and, as <c>now</c>, the other key.</param>
    /// <param name="stamp">Sequence and times.</param>
    /// <param name="ttl">How long whoever reads the one key gets the other's record.</param>
    /// <returns>Whether it was taken.</returns>
    public bool Alias(ReadOnlySpan<char> key, string now, string kind, ReadOnlySpan<byte> notice, in RecordStamp stamp, TimeSpan ttl) => Set(key, kind, notice, stamp, ttl, now);

    private bool Set(ReadOnlySpan<char> key, string kind, ReadOnlySpan<byte> data, in RecordStamp stamp, TimeSpan ttl, string? alias)
    {
        Entry? entry;
        byte[] copy;
        lock (gate)
        {
            var now = time.GetUtcNow();
            if (now >= nextSweep)
            {
                Sweep(now);
            }

            if (lookup.TryGetValue(key, out entry) && stamp.Sequence <= entry.Stamp.Sequence)
            {
                refused++;
                return false;
            }

            copy = data.ToArray();
            entry = Put(key, kind, alias is null ? copy : [], stamp, now, ttl, alias);
        }

        Redis?.Set(entry.Key, copy, stamp.Sequence, ttl);
        return true;
    }

    /// <summary>
    /// Takes a version of a record that was known before a restart: it counts as fresh from when it was received, and not at all when it would
    /// have left since. What is held already is never exchanged for one that is not newer, which is nothing to be counted.
    /// </summary>
    /// <param name="key">The entity.</param>
    /// <param name="kind">The record type's name.</param>
    /// <param name="data">The record as JSON, UTF-8; copied when it is taken.</param>
    /// <param name="stamp">Sequence, times and quality.</param>
    /// <param name="ttl">How long it counts as fresh.</param>
    /// <returns>Whether it was taken.</returns>
    public bool Restore(ReadOnlySpan<char> key, string kind, ReadOnlySpan<byte> data, in RecordStamp stamp, TimeSpan ttl)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            if (stamp.ReceivedTime + ttl + Keep <= now || (lookup.TryGetValue(key, out var held) && stamp.Sequence <= held.Stamp.Sequence))
            {
                return false;
            }

            Put(key, kind, data.ToArray(), stamp, now, ttl).Extend(stamp.ReceivedTime, ttl, Keep);
            return true;
        }
    }

    /// <summary>What is held was said again by its provider: it is fresh for another <paramref name="ttl"/>.</summary>
    /// <returns>False when no record is held under the key.</returns>
    public bool Confirm(ReadOnlySpan<char> key, TimeSpan ttl)
    {
        Entry? entry;
        byte[] data;
        long sequence;
        lock (gate)
        {
            if (!lookup.TryGetValue(key, out entry) || entry.Now is not null)
            {
                return false;
            }

            entry.Extend(time.GetUtcNow(), ttl, Keep);
            Touch(entry);
            data = entry.Data;
            sequence = entry.Stamp.Sequence;
        }

        Redis?.Confirm(entry.Key, data, sequence, ttl);
        return true;
    }

    /// <summary>The entity is gone: forgets what is held when that is older.</summary>
    /// <param name="key">The entity.</param>
    /// <param name="sequence">Sequence of the removal.</param>
    /// <returns>Whether something was held and removed.</returns>
    public bool Remove(ReadOnlySpan<char> key, long sequence)
    {
        string? name = null;
        lock (gate)
        {
            if (lookup.TryGetValue(key, out var entry))
            {
                if (sequence <= entry.Stamp.Sequence)
                {
                    refused++;
                    return false;
                }

                name = entry.Key;
                Drop(entry);
            }
        }

        Redis?.Remove(name ?? key.ToString(), sequence);
        return name is not null;
    }

    private Entry Put(ReadOnlySpan<char> key, string kind, byte[] data, in RecordStamp stamp, DateTimeOffset now, TimeSpan ttl, string? alias = null)
    {
        if (lookup.TryGetValue(key, out var entry))
        {
            Account(entry, -1);
            Touch(entry);
        }
        else
        {
            entry = new Entry(key.ToString());
            table.Add(entry.Key, entry);
            recency.AddFirst(entry.Node);
        }

        entry.Fill(kind, data, stamp, now, ttl, Keep, alias);
        Account(entry, 1);
        Evict();
        return entry;
    }

    private void Touch(Entry entry)
    {
        recency.Remove(entry.Node);
        recency.AddFirst(entry.Node);
    }

    private void Drop(Entry entry)
    {
        table.Remove(entry.Key);
        recency.Remove(entry.Node);
        Account(entry, -1);
    }

    private void Evict()
    {
        while (bytes > maxBytes && recency.Last is { } oldest)
        {
            evicted++;
            Drop(oldest.Value);
        }
    }

    private void Sweep(DateTimeOffset now)
    {
        nextSweep = now + SweepEvery;
        for (var node = recency.Last; node is not null;)
        {
            var entry = node.Value;
            node = node.Previous;
            if (now >= entry.DropAt)
            {
                expired++;
                Drop(entry);
            }
        }
    }

    private void Account(Entry entry, int sign)
    {
        bytes += sign * entry.Bytes;
        var usage = UsageOf(entry.Kind);
        usage.Entries += sign;
        usage.Bytes += sign * entry.Bytes;
    }

    private Usage UsageOf(string kind)
    {
        ref var usage = ref CollectionsMarshal.GetValueRefOrAddDefault(kinds, kind, out _);
        return usage ??= new Usage();
    }

    private sealed class Usage
    {
        public int Entries { get; set; }

        public long Bytes { get; set; }

        public long Hits { get; set; }
    }
}
