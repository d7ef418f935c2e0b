using System.Buffers;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Redis;

namespace StreamEngine.Sinks.RedisStream;

/// <summary>Adds records to a Redis stream. While the server is away the pipeline waits.</summary>
internal sealed partial class RedisStreamSink : ISink
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly string name;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ConfigurationOptions server;
    private readonly string serverName;
    private readonly StreamScript script;
    private readonly string[] sources;
    private ConnectionMultiplexer? connection;
    private DateTimeOffset? downSince;
    private volatile string? problem;

    public RedisStreamSink(RedisStreamSinkOptions options, BlockContext context)
    {
        name = context.Name;
        time = context.Time;
        logger = context.Logging.CreateLogger<RedisStreamSink>();
        server = RedisAddress.Settings(options.Url ?? context.Pipeline.Redis.Url, options.Url is null ? "redis.url" : $"sink '{name}': url");
        serverName = RedisAddress.Name(server);
        sources = [.. context.Schema.Sources.Select(s => s.Name)];

        // The braces keep the keys on the stream's node of a cluster.
        script = new StreamScript(options.Stream, options.Keys ?? $"{{{options.Stream}}}:last:", options.MaxLength, options.Remember.Value);
    }

    public string? Problem => problem;

    public async ValueTask WriteAsync(Batch batch, CancellationToken cancellationToken)
    {
        script.Begin();
        for (var i = 0; i < batch.RowCount; i++)
        {
            Take(batch, i);
            if (script.IsFull)
            {
                await SendAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        if (!script.IsEmpty)
        {
            await SendAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => connection?.DisposeAsync() ?? ValueTask.CompletedTask;

    public static void Check(RedisStreamSinkOptions options, BlockCheck check) => RedisAddress.Check(options.Url, check);

    private void Take(Batch batch, int index)
    {
        ref readonly var head = ref batch.Head(index);
        if (head.State != RowState.Live || head.Op == RowOp.Confirmed)
        {
            return;
        }

        var (data, now) = (batch.DataOf(index), default(ReadOnlyMemory<byte>));
        if (head.Op == RowOp.Removed)
        {
            now = data;
            var notice = new ArrayBufferWriter<byte>();
            RecordEncoder.WriteRemoval(batch[index], now.Span, notice);
            data = notice.WrittenMemory;
        }

        script.Take(batch[index], data, now, sources[head.Source]);
    }

    /// <summary>Tries until it works. An answer that was lost does no harm: what is there is not added again.</summary>
    private async ValueTask SendAsync(CancellationToken cancellationToken)
    {
        for (var pause = ShortestPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                connection ??= await ConnectionMultiplexer.ConnectAsync(server).WaitAsync(cancellationToken).ConfigureAwait(false);
                var sending = script.SendAsync(connection.GetDatabase());
                RedisFault.Observe(sending);
                await sending.WaitAsync(cancellationToken).ConfigureAwait(false);
                script.Clear();
                ReportUp();
                return;
            }
            catch (Exception e) when (RedisFault.Is(e))
            {
                ReportDown(RedisFault.Reason(e));
            }

            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private void ReportUp()
    {
        problem = null;
        if (downSince is { } since)
        {
            downSince = null;
            LogUp(name, serverName, (long)(time.GetUtcNow() - since).TotalSeconds);
        }
    }

    private void ReportDown(string reason)
    {
        if (downSince is null)
        {
            downSince = time.GetUtcNow();
            LogDown(name, serverName, reason);
        }

        problem = $"redis at {serverName} {reason} since {downSince:yyyy-MM-ddTHH:mm:ssZ}";
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "sink '{Name}': redis at {Server} {Reason}; records wait until it is back")]
    private partial void LogDown(string name, string server, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "sink '{Name}': redis at {Server} answers again after {Seconds} s; nothing was lost")]
    private partial void LogUp(string name, string server, long seconds);
}
