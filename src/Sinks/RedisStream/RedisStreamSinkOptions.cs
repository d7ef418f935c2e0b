using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;

namespace StreamEngine.Sinks.RedisStream;

/// <summary>
/// Adds each update to a Redis stream: an entry with <c>key</c>, <c>op</c> (<c>update</c> or <c>removed</c>), <c>sequence</c>, <c>revision</c>
/// and <c>data</c>, the line that a file would get. With a removal stands <c>now</c>, when the entity goes on under another key. The server remembers the last of each key, so that nothing is added twice.
/// A Redis 7.0 that is killed while it writes its append-only file may still run half of a call again after its second restart, so that those
/// entries are there twice, with the same sequence and revision; <c>redis-check-aof --fix</c> before a restart prevents that.
/// </summary>
public sealed record RedisStreamSinkOptions : SinkOptions
{
    /// <summary>The stream's key.</summary>
    [RequiredSetting]
    public string Stream { get; init; } = "";

    /// <summary>Address of the server, as in <c>redis.url</c>, which is used when it is not given.</summary>
    [Secret]
    public string? Url { get; init; }

    /// <summary>How many entries the stream keeps, or a little more; the oldest are trimmed, read or not.</summary>
    [Between("1", "1000000000")]
    public long MaxLength { get; init; } = 1_000_000;

    /// <summary>What the server's keys begin with that hold the last sequence of each record's key; <c>{STREAM}:last:</c> when it is not given.</summary>
    public string? Keys { get; init; }

    /// <summary>
    /// How long the last sequence of a key is remembered: longer than it may take from a crash to the restart. Each takes about 150 bytes of the
    /// server's memory.
    /// </summary>
    [Between("1m", "366d")]
    public Duration Remember { get; init; } = new(TimeSpan.FromDays(7));

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> Memory(MemoryTerms terms) => [new MemoryNeed("entries on their way", 8L << 20)];
}
