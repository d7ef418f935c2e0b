using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Redis;

namespace StreamEngine.Sinks.Redis;

/// <summary>
/// The records in Redis, as plain JSON under <c>PREFIX + key</c> with the TTL of their kind. Writes wait in a bounded
/// buffer, the latest per key, and go out pipelined, so the store never waits for the server. A server that is down is
/// reported, tried again with a growing pause, and gets what it missed when it is back.
/// </summary>
public sealed partial class RedisTier : IAsyncDisposable
{
    /// <summary>Memory that writes may take which wait for the server, in bytes.</summary>
    internal const long MaxPendingBytes = 64L << 20;

    private const int BatchSize = 256;

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LastFlush = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly ConfigurationOptions configuration;
    private readonly string prefix;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly PendingWrites pending = new(MaxPendingBytes);
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource stopping = new();
    private readonly ITimer ticker;
    private readonly Task loop;
    private readonly Counters counters = new();
    private volatile IConnectionMultiplexer? connection;
    private volatile TaskCompletionSource progress = NewProgress();
    private volatile string? problem;
    private volatile bool up;
    private DateTimeOffset? downSince;
    private long lastAnswer;
    private int inFlight;
    private int disposed;

    private RedisTier(ConfigurationOptions configuration, string prefix, TimeProvider time, ILogger logger)
    {
        this.configuration = configuration;
        this.prefix = prefix;
        this.time = time;
        this.logger = logger;
        Name = RedisAddress.Name(configuration);
        ticker = time.CreateTimer(_ => wake.Writer.TryWrite(true), null, Tick, Tick);
        loop = Task.Run(RunAsync);
    }

    /// <summary>The server as <c>host:port</c>.</summary>
    public string Name { get; }

    /// <summary>Whether the server answers.</summary>
    public bool IsUp => up;

    /// <summary>What is wrong now, in words for an operator and without secrets; null when all is well.</summary>
    public string? Problem => problem;

    /// <summary>What it did and how it is.</summary>
    public RedisStats Stats => counters.Read(up, pending);

    /// <summary>Makes the tier and starts to connect in the background; returns at once, whether the server is there or not.</summary>
    /// <returns>Null when no address is configured.</returns>
    /// <exception cref="FormatException">The address can't be read; the message holds no secret.</exception>
    public static RedisTier? Create(RedisOptions options, TimeProvider time, ILoggerFactory logging)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(logging);
        if (string.IsNullOrWhiteSpace(options.Url))
        {
            return null;
        }

        var configuration = RedisAddress.Settings(options.Url, "redis.url");
        return new RedisTier(configuration, options.Prefix, time, logging.CreateLogger<RedisTier>());
    }

    internal void Set(string key, byte[] data, long sequence, TimeSpan ttl) => Add(new PendingWrite(key, PendingKind.Set, data, sequence, ttl));

    internal void Confirm(string key, byte[] data, long sequence, TimeSpan ttl) => Add(new PendingWrite(key, PendingKind.Confirm, data, sequence, ttl));

    internal void Remove(string key, long sequence) => Add(new PendingWrite(key, PendingKind.Remove, [], sequence, TimeSpan.Zero));

    /// <summary>Null when there is none, the server is down, or it doesn't answer in a quarter of a second.</summary>
    internal async ValueTask<RedisRecord?> GetAsync(string key, CancellationToken cancellationToken)
    {
        if (!up || connection is not { } redis)
        {
            counters.Miss();
            return null;
        }

        RedisRecord? record = null;
        try
        {
            var reading = redis.GetDatabase().StringGetWithExpiryAsync(prefix + key);
            RedisFault.Observe(reading);
            var found = await reading.WaitAsync(ReadTimeout, time, cancellationToken).ConfigureAwait(false);
            record = found.Value.IsNull ? null : RedisRecord.Parse((byte[])found.Value!, found.Expiry ?? LongestPause);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            counters.Fail();
            wake.Writer.TryWrite(true);
        }

        counters.Read(record is not null);
        return record;
    }

    /// <summary>Waits until all that is pending has been written; returns at once when the server is down.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        while (disposed == 0)
        {
            var next = progress.Task;
            if ((pending.Count == 0 && Volatile.Read(ref inFlight) == 0) || problem is not null)
            {
                return;
            }

            wake.Writer.TryWrite(true);
            await next.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes what is pending, for two seconds at most, and disconnects.</summary>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(LastFlush, time);
        try
        {
            await FlushAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            LogUnwritten(Name, pending.Count);
        }

        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        await stopping.CancelAsync().ConfigureAwait(false);
        await ticker.DisposeAsync().ConfigureAwait(false);
        await loop.ConfigureAwait(false);
        if (connection is { } redis)
        {
            await redis.DisposeAsync().ConfigureAwait(false);
        }

        stopping.Dispose();
    }

    private void Add(PendingWrite write)
    {
        pending.Add(write);
        wake.Writer.TryWrite(true);
    }

    private async Task RunAsync()
    {
        var pause = Tick / 4;
        var notBefore = 0L;
        var batch = new List<PendingWrite>(BatchSize);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                if (time.GetTimestamp() >= notBefore && await WorkAsync(batch).ConfigureAwait(false))
                {
                    pause = Tick / 4;
                    Signal();
                    if (pending.Count > 0)
                    {
                        continue;
                    }
                }

                Signal();
                await wake.Reader.ReadAsync(stopping.Token).ConfigureAwait(false);
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                // Whatever it was: a tier that stopped trying would never recover by itself.
                counters.Fail();
                Down(RedisFault.Reason(e));
                notBefore = time.GetTimestamp() + (long)(pause.TotalSeconds * time.TimestampFrequency);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                Signal();
            }
        }
    }

    /// <summary>Writes one batch, or asks whether the server is there when it has been quiet. False when there was nothing to do.</summary>
    private async ValueTask<bool> WorkAsync(List<PendingWrite> batch)
    {
        connection ??= await ConnectAsync().ConfigureAwait(false);
        if (pending.Count == 0 && up && time.GetElapsedTime(lastAnswer) < 2 * Tick)
        {
            return false;
        }

        batch.Clear();
        // Announced before it is taken, or a flush could find neither.
        Volatile.Write(ref inFlight, 1);
        try
        {
            if (!connection.IsConnected || pending.Take(batch, BatchSize) == 0)
            {
                await connection.GetDatabase().PingAsync().ConfigureAwait(false);
            }
            else
            {
                await SendAsync(connection.GetDatabase(), batch).ConfigureAwait(false);
            }
        }
        finally
        {
            Volatile.Write(ref inFlight, 0);
        }

        Answered();
        return batch.Count > 0;
    }

    private async Task<IConnectionMultiplexer> ConnectAsync()
    {
        var made = await ConnectionMultiplexer.ConnectAsync(configuration).ConfigureAwait(false);
        made.ConnectionRestored += (_, _) => wake.Writer.TryWrite(true);
        made.ConnectionFailed += (_, _) => wake.Writer.TryWrite(true);
        return made;
    }

    private async ValueTask SendAsync(IDatabase database, List<PendingWrite> batch)
    {
        var sent = new Task<RedisResult>[batch.Count];
        for (var i = 0; i < sent.Length; i++)
        {
            sent[i] = Send(database, batch[i]);
        }

        Exception? failure = null;
        for (var i = 0; i < sent.Length; i++)
        {
            var write = batch[i];
            try
            {
                var result = (int)await sent[i].ConfigureAwait(false);
                counters.Result(write, result);
                if (result == RedisScripts.Absent)
                {
                    // The server lost what was written before: it gets it again.
                    pending.PutBack(write with { Kind = PendingKind.Set });
                }
            }
            catch (RedisServerException e) when (e.Message.Contains("WRONGTYPE", StringComparison.Ordinal))
            {
                counters.Fail();
                LogWrongType(Name, prefix + write.Key);
            }
            catch (Exception e)
            {
                failure ??= e;
                pending.PutBack(write);
            }
        }

        if (failure is not null)
        {
            throw failure;
        }
    }

    private Task<RedisResult> Send(IDatabase database, PendingWrite write)
    {
        RedisKey[] keys = [prefix + write.Key];
        return write.Kind == PendingKind.Remove
            ? database.ScriptEvaluateAsync(RedisScripts.Remove, keys, [write.Sequence])
            : database.ScriptEvaluateAsync(
                RedisScripts.Set,
                keys,
                [write.Sequence, (long)Math.Max(1, write.Ttl.TotalMilliseconds), write.Kind == PendingKind.Set ? write.Data : RedisValue.EmptyString]);
    }

    private void Answered()
    {
        lastAnswer = time.GetTimestamp();
        up = true;
        problem = null;
        if (downSince is { } since)
        {
            downSince = null;
            LogUp(Name, (long)(time.GetUtcNow() - since).TotalSeconds, pending.Count);
        }
    }

    private void Down(string reason)
    {
        up = false;
        if (downSince is null)
        {
            downSince = time.GetUtcNow();
            LogDown(Name, reason);
        }

        problem = $"redis at {Name} {reason} since {downSince:yyyy-MM-ddTHH:mm:ssZ}";
    }

    private void Signal() => Interlocked.Exchange(ref progress, NewProgress()).TrySetResult();

    private static TaskCompletionSource NewProgress() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(Level = LogLevel.Warning, Message = "redis at {Name} {Reason}; records are kept in memory and the latest are written when it is back")]
    private partial void LogDown(string name, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "redis at {Name} answers again after {Seconds} s; {Pending} keys to write")]
    private partial void LogUp(string name, long seconds, int pending);

    [LoggerMessage(Level = LogLevel.Warning, Message = "redis at {Name}: '{Key}' holds something that is not a string, so the record was not written; set redis.prefix or delete the key")]
    private partial void LogWrongType(string name, string key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "redis at {Name}: {Count} keys were not written before the end")]
    private partial void LogUnwritten(string name, int count);
}
