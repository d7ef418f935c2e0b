using System.Globalization;
using StackExchange.Redis;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sinks.RedisStream;

/// <summary>Entries for one call of a script that adds what is newer than the last of its key, and remembers it, in one go.</summary>
internal sealed class StreamScript(string stream, string prefix, long maxLength, TimeSpan remember)
{
    /// <summary>Other commands wait while a script runs.</summary>
    public const int MostRows = 500;

    /// <summary>Bytes of records after which a call is made.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>
    /// Stamps are texts of one length, since numbers are doubles here. Arguments: length, time to remember in ms, then for each key its stamp, op,
    /// sequence, revision, name, data and the key that the entity has instead. Returns how many entries were added.
    /// </summary>
    /// <remarks>
    /// XADD could trim by itself. But the server writes such a command to its append-only file with the length that the stream had, whether it
    /// trimmed or not; a file from which it reads more entries than there were (Redis 7.0 can run half a transaction that a crash left there)
    /// would then cost the oldest.
    /// </remarks>
    private const string Add = """
        local added = 0
        for i = 2, #KEYS do
          local a = 3 + (i - 2) * 7
          local last = redis.call('GET', KEYS[i])
          if not last or ARGV[a] > last then
            local entry = {'key', ARGV[a + 4], 'op', ARGV[a + 1], 'sequence', ARGV[a + 2], 'revision', ARGV[a + 3], 'data', ARGV[a + 5]}
            if ARGV[a + 6] ~= '' then
              entry[11] = 'now'
              entry[12] = ARGV[a + 6]
            end
            redis.call('XADD', KEYS[1], '*', unpack(entry))
            redis.call('SET', KEYS[i], ARGV[a], 'PX', ARGV[2])
            added = added + 1
          end
        end
        if added > 0 and redis.call('XLEN', KEYS[1]) > tonumber(ARGV[1]) then
          redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[1])
        end
        return added
        """;

    private readonly List<RedisKey> keys = [];
    private readonly List<RedisValue> arguments = [];
    private int bytes;
    private (int Document, int Count) unmerged = (-1, 0);

    public bool IsEmpty => keys.Count == 0;

    public bool IsFull => keys.Count > MostRows || bytes > MostBytes;

    /// <summary>Takes a record.</summary>
    /// <param name="row">The record.</param>
    /// <param name="data">It, encoded.</param>
    /// <param name="now">The key that the entity has instead; empty for none.</param>
    /// <param name="source">Its source's name.</param>
    public void Take(Row row, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> now, string source)
    {
        if (IsEmpty)
        {
            keys.Add(stream);
            arguments.Add(maxLength);
            arguments.Add((long)remember.TotalMilliseconds);
        }

        ref readonly var head = ref row.Head;
        byte[] key = row.Key.ToArray();
        var ordinal = 0;
        RedisKey owner = prefix;
        if (head.Revision == 0)
        {
            // Before a merge sequences are a source's own, and a payload may say several things about a key.
            unmerged = (head.Document, unmerged.Document == head.Document ? unmerged.Count + 1 : 0);
            ordinal = unmerged.Count;
            owner = owner.Append(source + " ");
        }

        keys.Add(owner.Append(key));
        arguments.Add(string.Create(CultureInfo.InvariantCulture, $"{head.Sequence:D19} {head.Revision:D19} {ordinal:D10}"));
        arguments.Add(head.Op == RowOp.Removed ? "removed" : "update");
        arguments.Add(head.Sequence);
        arguments.Add(head.Revision);
        arguments.Add(key);
        arguments.Add(data);
        arguments.Add(now);
        bytes += data.Length + key.Length;
    }

    /// <summary>Adds what was taken; as often as it fails it may be called again.</summary>
    /// <returns>How many entries were added; the others were there.</returns>
    public async Task<int> SendAsync(IDatabase database) => (int)await database.ScriptEvaluateAsync(Add, [.. keys], [.. arguments]).ConfigureAwait(false);

    /// <summary>What was taken is there.</summary>
    public void Clear()
    {
        keys.Clear();
        arguments.Clear();
        bytes = 0;
    }

    /// <summary>The next record is from another batch.</summary>
    public void Begin()
    {
        Clear();
        unmerged = (-1, 0);
    }
}
