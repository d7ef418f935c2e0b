using System.Diagnostics.CodeAnalysis;
using StreamEngine.Sinks.Redis;

namespace StreamEngine.Sinks.Store;

/// <content>Reads, from memory and from what is behind it.</content>
public sealed partial class RecordStore
{
    /// <summary>So many other keys an entity may have had; whoever asks for more goes round in a circle.</summary>
    private const int MostAliases = 8;

    /// <summary>Reads from memory.</summary>
    /// <returns>False when there is no such record, or it has been stale for too long.</returns>
    public bool TryGet(ReadOnlySpan<char> key, [NotNullWhen(true)] out StoredRecord? record)
    {
        lock (gate)
        {
            record = Find(key, out _);
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
            record = Find(key, out var ask);
            if (record is null || (!ask.IsEmpty && Redis is not null))
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
        for (var asked = 0; ; asked++)
        {
            if (!MustAsk(key, asked, out var known, out var ask) || Redis is not { } redis)
            {
                return known;
            }

            var found = await ReadAsync(redis, ask, known is null, cancellationToken).ConfigureAwait(false);
            lock (gate)
            {
                var entry = Take(found, ask);
                if (entry?.Now is not null)
                {
                    continue;
                }

                // It may have been written while Redis was asked.
                known = entry?.Read(time.GetUtcNow(), StoreTier.Redis) ?? Find(key, out _);
                Count(known);
                return known;
            }
        }
    }

    private bool MustAsk(string key, int asked, out StoredRecord? known, out string ask)
    {
        lock (gate)
        {
            known = Find(key, out var next);
            ask = next.ToString();
            var must = Redis is not null && ask.Length > 0 && asked <= MostAliases;
            if (!must)
            {
                Count(known);
            }

            return must;
        }
    }

    private static async ValueTask<RedisRecord?> ReadAsync(RedisTier redis, string key, bool isUnknown, CancellationToken cancellationToken)
    {
        var found = await redis.GetAsync(key, cancellationToken).ConfigureAwait(false);
        return found is null && isUnknown && key.AsSpan().ContainsAnyInRange('A', 'Z') ? await redis.GetAsync(key.ToLowerInvariant(), cancellationToken).ConfigureAwait(false) : found;
    }

    /// <summary>Takes over what Redis has, unless what is held is newer.</summary>
    private Entry? Take(RedisRecord? found, string key) =>
        found is null || (lookup.TryGetValue(key, out var held) && found.Stamp.Sequence < held.Stamp.Sequence)
            ? null
            : Put(found.Key, found.Kind, found.Now is null ? found.Data : [], found.Stamp, time.GetUtcNow(), found.FreshFor, found.Now);

    /// <summary>What memory has under a key, or under the one that its entity has by now.</summary>
    /// <param name="key">The key.</param>
    /// <param name="ask">The first key on the way of which others may know more; empty when all is fresh.</param>
    private StoredRecord? Find(ReadOnlySpan<char> key, out ReadOnlySpan<char> ask)
    {
        var now = time.GetUtcNow();
        ask = default;
        for (var aliases = 0; aliases <= MostAliases; aliases++)
        {
            var entry = Held(key, now);
            if (ask.IsEmpty && (entry is null || now >= entry.Expires))
            {
                ask = key;
            }

            if (entry?.Now is null)
            {
                return entry?.Read(now, StoreTier.Memory);
            }

            key = entry.Now;
        }

        return null;
    }

    private Entry? Held(ReadOnlySpan<char> key, DateTimeOffset now)
    {
        if (!lookup.TryGetValue(key, out var entry))
        {
            return null;
        }

        if (now >= entry.DropAt)
        {
            expired++;
            Drop(entry);
            return null;
        }

        Touch(entry);
        return entry;
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
}
