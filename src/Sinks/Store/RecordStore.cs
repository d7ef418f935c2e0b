using System.Diagnostics.CodeAnalysis;
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
/// <para>Freshness is computed when read. Past its TTL a record is still answered, marked stale, until ten times the TTL
/// have gone by since it was last stored or confirmed. Redis forgets it at the TTL.</para>
/// <para>When the memory bound is reached, what was least recently written, confirmed or read leaves first.</para>
/// </remarks>
public sealed class RecordStore
{
    /// <summary>A record is kept for this many times its TTL before it is dropped.</summary>
    internal const int StaleFactor = 10;

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
    public bool Set(ReadOnlySpan<char> key, string kind, ReadOnlySpan<byte> data, in RecordStamp stamp, TimeSpan ttl)
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
            entry = Put(key, kind, copy, stamp, now, ttl);
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
            if (stamp.ReceivedTime + (ttl * StaleFactor) <= now || (lookup.TryGetValue(key, out var held) && stamp.Sequence <= held.Stamp.Sequence))
            {
                return false;
            }

            Put(key, kind, data.ToArray(), stamp, now, ttl).Extend(stamp.ReceivedTime, ttl);
            return true;
        }
    }

    /// <summary>What is held was said again by its provider: it is fresh for another <paramref name="ttl"/>.</summary>
    /// <returns>False when nothing is held under the key.</returns>
    public bool Confirm(ReadOnlySpan<char> key, TimeSpan ttl)
    {
        Entry? entry;
        byte[] data;
        long sequence;
        lock (gate)
        {
            if (!lookup.TryGetValue(key, out entry))
            {
                return false;
            }

            entry.Extend(time.GetUtcNow(), ttl);
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

    /// <summary>Reads from memory.</summary>
    /// <returns>False when there is no such record, or it has been stale for too long.</returns>
    public bool TryGet(ReadOnlySpan<char> key, [NotNullWhen(true)] out StoredRecord? record)
    {
        lock (gate)
        {
            record = Find(key);
            Count(record);
            return record is not null;
        }
    }

    /// <summary>Reads what memory can answer alone: a fresh record, or a stale one when there is nothing behind the memory.</summary>
    /// <returns>False when <see cref="GetAsync"/> has to be asked; only then is the read not counted.</returns>
    public bool TryGetAtOnce(ReadOnlySpan<char> key, [NotNullWhen(true)] out StoredRecord? record)
    {
        lock (gate)
        {
            record = Find(key);
            if (record is null || (record.Stale && Redis is not null))
            {
                record = null;
                return false;
            }

            Count(record);
            return true;
        }
    }

    /// <summary>
    /// Reads from memory; when that has no fresh record, also from Redis, which another host may have written to. Redis
    /// gets a quarter of a second to answer, then what memory has must do.
    /// </summary>
    /// <returns>The newest record known, stale or not; null when there is none.</returns>
    public async ValueTask<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken)
    {
        StoredRecord? known;
        lock (gate)
        {
            known = Find(key);
            if (known is { Stale: false } || Redis is null)
            {
                Count(known);
                return known;
            }
        }

        var found = await Redis.GetAsync(known?.Key ?? key, cancellationToken).ConfigureAwait(false);
        if (found is null && known is null && key.AsSpan().ContainsAnyInRange('A', 'Z'))
        {
            found = await Redis.GetAsync(key.ToLowerInvariant(), cancellationToken).ConfigureAwait(false);
        }

        lock (gate)
        {
            var now = time.GetUtcNow();
            if (found is not null && (!lookup.TryGetValue(key, out var entry) || found.Stamp.Sequence >= entry.Stamp.Sequence))
            {
                known = Put(found.Key, found.Kind, found.Data, found.Stamp, now, found.FreshFor).Read(now, StoreTier.Redis);
            }
            else
            {
                // It may have been written while Redis was asked.
                known = Find(key);
            }

            Count(known);
            return known;
        }
    }

    private StoredRecord? Find(ReadOnlySpan<char> key)
    {
        if (!lookup.TryGetValue(key, out var entry))
        {
            return null;
        }

        var now = time.GetUtcNow();
        if (now >= entry.DropAt)
        {
            expired++;
            Drop(entry);
            return null;
        }

        Touch(entry);
        return entry.Read(now, StoreTier.Memory);
    }

    private void Count(StoredRecord? record)
    {
        if (record is null)
        {
            misses++;
            return;
        }

        hits++;
        staleServed += record.Stale ? 1 : 0;
        UsageOf(record.Kind).Hits++;
    }

    private Entry Put(ReadOnlySpan<char> key, string kind, byte[] data, in RecordStamp stamp, DateTimeOffset now, TimeSpan ttl)
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

        entry.Fill(kind, data, stamp, now, ttl);
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
