using StackExchange.Redis;
using StreamEngine.Redis;

namespace StreamEngine.Sources.RedisStream;

/// <summary>An entry as it was read; its fields and values in turn, or null when it was trimmed while it was pending.</summary>
internal readonly record struct ReadEntry(StreamId Id, RedisValue[]? Fields);

/// <summary>One connection, and what is said on it to the group. A command that fails leaves it unknown what the server did, so the next one needs a new connection.</summary>
internal sealed class StreamReading : IAsyncDisposable
{
    private const int Piece = 1000;
    private const string NewEntries = ">";

    /// <summary>
    /// A read that was sent on a connection given up since, or by a process that died, may reach the server late, and would be given entries that
    /// nobody hands on. So only the reader that came last may read.
    /// </summary>
    private const string Read = """
        local last = redis.call('GET', KEYS[2])
        if not last then
          redis.call('SET', KEYS[2], ARGV[1])
        elseif last ~= ARGV[1] then
          return redis.error_reply('REPLACED by a later reader')
        end
        local found = redis.call('XREADGROUP', 'GROUP', ARGV[2], ARGV[3], 'COUNT', ARGV[4], 'STREAMS', KEYS[1], ARGV[5])
        return found and found[1][2] or {}
        """;

    private readonly IConnectionMultiplexer connection;
    private readonly IDatabase database;
    private readonly RedisKey[] keys;
    private readonly string group;
    private readonly string consumer;
    private long number;

    private StreamReading(IConnectionMultiplexer connection, string stream, string group, string consumer)
    {
        this.connection = connection;
        this.group = group;
        this.consumer = consumer;
        database = connection.GetDatabase();
        // The braces keep it on the stream's node of a cluster.
        keys = [stream, $"{{{stream}}}:{group}:{consumer}:reader"];
    }

    /// <summary>Who holds what was taken over, apart from the source's own entries: these come in order and those don't.</summary>
    private string Claims => consumer + ":claimed";

    public static async Task<StreamReading> ConnectAsync(ConfigurationOptions server, string stream, string group, string consumer) =>
        new(await ConnectionMultiplexer.ConnectAsync(server).ConfigureAwait(false), stream, group, consumer);

    /// <summary>Whether another process has begun to read under the same name.</summary>
    public static bool IsReplaced(Exception e) => e is RedisServerException && e.Message.StartsWith("REPLACED", StringComparison.Ordinal);

    /// <summary>Becomes the reader, and makes the group if it isn't there.</summary>
    /// <param name="after">What a new group begins behind.</param>
    /// <returns>Whether the group was made.</returns>
    public async Task<bool> BeginAsync(StreamId after)
    {
        number = await database.StringIncrementAsync(keys[1]).ConfigureAwait(false);
        try
        {
            return await database.StreamCreateConsumerGroupAsync(keys[0], group, after.ToString(), createStream: true).ConfigureAwait(false);
        }
        catch (RedisServerException e) when (e.Message.StartsWith("BUSYGROUP", StringComparison.Ordinal))
        {
            return false;
        }
    }

    /// <summary>Reads what nobody has been given yet.</summary>
    public Task<List<ReadEntry>> ReadNewAsync(int count) => ReadAsync(consumer, NewEntries, count);

    /// <summary>Reads again what the source was given and has not acknowledged.</summary>
    public Task<List<ReadEntry>> ReadPendingAsync(StreamId after, int count) => ReadAsync(consumer, after.ToString(), count);

    /// <summary>Reads what was taken over and not acknowledged.</summary>
    public Task<List<ReadEntry>> ReadClaimedAsync(StreamId after, int count) => ReadAsync(Claims, after.ToString(), count);

    /// <summary>Takes over what others have left. XAUTOCLAIM would take the source's own too, which are waiting for a checkpoint.</summary>
    /// <returns>From whom, and how many.</returns>
    public async Task<(string From, int Count)> ClaimAsync(TimeSpan idle, int most)
    {
        var group = await database.StreamPendingAsync(keys[0], this.group).ConfigureAwait(false);
        var (from, count) = (new List<string>(), 0);
        foreach (var other in (group.Consumers ?? []).Where(c => c.Name != consumer && c.Name != Claims))
        {
            if (most <= count)
            {
                break;
            }

            var left = await database.StreamPendingMessagesAsync(keys[0], this.group, most - count, other.Name, "-", "+", (long)idle.TotalMilliseconds).ConfigureAwait(false);
            if (left.Length > 0)
            {
                await database.StreamClaimIdsOnlyAsync(keys[0], this.group, Claims, (long)idle.TotalMilliseconds, [.. left.Select(p => p.MessageId)]).ConfigureAwait(false);
                from.Add(other.Name.ToString());
                count += left.Length;
            }
        }

        return (string.Join(", ", from), count);
    }

    /// <summary>Acknowledges all that was handed on up to a position, and perhaps before this process began.</summary>
    public async Task AcknowledgeAsync(RedisStreamPosition position)
    {
        foreach (var ids in position.Claimed.Select(c => (RedisValue)c.ToString()).Chunk(Piece))
        {
            await database.StreamAcknowledgeAsync(keys[0], group, ids).ConfigureAwait(false);
        }

        StreamPendingMessageInfo[] pending;
        do
        {
            pending = await database.StreamPendingMessagesAsync(keys[0], group, Piece, consumer, "-", position.Id.ToString()).ConfigureAwait(false);
            if (pending.Length > 0)
            {
                await database.StreamAcknowledgeAsync(keys[0], group, [.. pending.Select(p => p.MessageId)]).ConfigureAwait(false);
            }
        }
        while (pending.Length == Piece);
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private async Task<List<ReadEntry>> ReadAsync(string reader, string after, int count)
    {
        var found = await database.ScriptEvaluateAsync(Read, keys, [number, group, reader, count, after]).ConfigureAwait(false);
        var entries = new List<ReadEntry>(found.Length);
        for (var i = 0; i < found.Length; i++)
        {
            if (StreamId.TryParse((string?)found[i][0], out var id))
            {
                entries.Add(new ReadEntry(id, found[i][1].IsNull ? null : (RedisValue[]?)found[i][1]));
            }
        }

        return entries;
    }
}
