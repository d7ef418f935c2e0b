using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Redis;

namespace StreamEngine.Sources.RedisStream;

/// <summary>
/// Reads a stream as one consumer of a group. Its own entries are handed on in the order of their ids, so one id says which were; what it takes
/// over from dead consumers is older than that, and is remembered entry by entry until a checkpoint covers it.
/// </summary>
internal sealed partial class RedisStreamSource : IReplayableSource
{
    /// <summary>How many entries of others may be under way: each is in every checkpoint.</summary>
    private const int MostClaimed = 1024;

    private static readonly TimeSpan ShortestIdle = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestIdle = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan ShortestOutage = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestOutage = TimeSpan.FromSeconds(5);

    private readonly RedisStreamSourceOptions options;
    private readonly BlockContext context;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ConfigurationOptions server;
    private readonly string serverName;
    private readonly string group;
    private readonly bool hasCheckpoints;
    private RedisStreamPosition position = RedisStreamPosition.Start;
    private RedisStreamPosition? covered;
    private ImmutableHashSet<StreamId> claimed = [];
    private volatile StreamReading? reading;
    private volatile bool running;
    private DateTimeOffset? downSince;
    private TimeSpan pause = ShortestOutage;

    public RedisStreamSource(RedisStreamSourceOptions options, BlockContext context)
    {
        this.options = options;
        this.context = context;
        time = context.Time;
        logger = context.Logging.CreateLogger<RedisStreamSource>();
        server = RedisAddress.Settings(options.Url ?? context.Pipeline.Redis.Url, options.Url is null ? "redis.url" : $"source '{context.Name}': url");
        server.AbortOnConnectFail = true;
        server.ConnectRetry = 1;
        serverName = RedisAddress.Name(server);
        group = options.Group ?? context.Pipeline.Name;
        hasCheckpoints = context.Pipeline.Checkpoint.Path.Length > 0;
    }

    public bool IsFinite => false;

    public void Restore(StateReader state)
    {
        position = RedisStreamPosition.Restore(state) ?? position;
        claimed = position.Claimed;
        covered = state.IsComplete ? position : null;
    }

    public async Task RunAsync(ISourceOutput output, CancellationToken stop)
    {
        running = true;
        try
        {
            while (true)
            {
                try
                {
                    await using var connected = await WaitAsync(ConnectAsync(), stop).ConfigureAwait(false);
                    await BeginAsync(connected, stop).ConfigureAwait(false);
                    reading = connected;
                    await ReadAsync(connected, output, stop).ConfigureAwait(false);
                }
                catch (Exception e) when (StreamReading.IsReplaced(e))
                {
                    throw new InvalidOperationException($"Source '{context.Name}': another process reads stream '{options.Stream}' as consumer '{options.Consumer}' of group '{group}'; give each its own 'consumer'.", e);
                }
                catch (Exception e) when (RedisFault.Is(e))
                {
                    ReportDown(RedisFault.Reason(e));
                }
                finally
                {
                    reading = null;
                }

                await Task.Delay(pause, time, stop).ConfigureAwait(false);
                pause = pause * 2 < LongestOutage ? pause * 2 : LongestOutage;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        finally
        {
            running = false;
        }
    }

    public async ValueTask CommittedAsync(SourcePosition position, CancellationToken cancellationToken)
    {
        var at = (RedisStreamPosition)position;
        try
        {
            if (reading is { } connected)
            {
                await AcknowledgeAsync(connected, at).ConfigureAwait(false);
            }
            else if (!running)
            {
                await using var last = await ConnectAsync().ConfigureAwait(false);
                await AcknowledgeAsync(last, at).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (running && RedisFault.Is(e))
        {
            // The reader tells of the outage; the next checkpoint acknowledges this one's entries too.
        }
    }

    private Task<StreamReading> ConnectAsync() => StreamReading.ConnectAsync(server, options.Stream, group, options.Consumer);

    private async Task BeginAsync(StreamReading connected, CancellationToken stop)
    {
        if (await WaitAsync(connected.BeginAsync(position.Id), stop).ConfigureAwait(false))
        {
            if (position.Id == default)
            {
                LogGroupMade(context.Name, group, options.Stream);
            }
            else
            {
                LogGroupMadeAnew(context.Name, group, options.Stream, position.Id.ToString());
            }
        }

        if (covered is { } safe)
        {
            await AcknowledgeAsync(connected, safe).ConfigureAwait(false);
            covered = null;
        }

        ReportUp();
    }

    private async Task ReadAsync(StreamReading connected, ISourceOutput output, CancellationToken stop)
    {
        // What a lost reply gave to this consumer comes before anything new, or the order would not hold.
        while (await WaitAsync(connected.ReadPendingAsync(position.Id, options.Batch), stop).ConfigureAwait(false) is { Count: > 0 } again)
        {
            await HandOnAsync(connected, again, isClaimed: false, output, stop).ConfigureAwait(false);
        }

        var (idle, lastClaim) = (ShortestIdle, (long?)null);
        while (true)
        {
            if (lastClaim is not { } last || time.GetElapsedTime(last) >= options.ClaimAfter.Value / 2)
            {
                await ClaimAsync(connected, output, stop).ConfigureAwait(false);
                lastClaim = time.GetTimestamp();
            }

            var entries = await WaitAsync(connected.ReadNewAsync(options.Batch), stop).ConfigureAwait(false);
            if (entries.Count > 0)
            {
                await HandOnAsync(connected, entries, isClaimed: false, output, stop).ConfigureAwait(false);
                idle = ShortestIdle;
                continue;
            }

            await Task.Delay(idle, time, stop).ConfigureAwait(false);
            idle = idle * 2 < LongestIdle ? idle * 2 : LongestIdle;
        }
    }

    private async Task ClaimAsync(StreamReading connected, ISourceOutput output, CancellationToken stop)
    {
        // Taken before the read: what is acknowledged in between is known here, and no longer there.
        var known = claimed;
        var (from, count) = await WaitAsync(connected.ClaimAsync(options.ClaimAfter.Value, MostClaimed - known.Count), stop).ConfigureAwait(false);
        if (count > 0)
        {
            LogClaimed(context.Name, count, options.Stream, from);
        }

        var after = default(StreamId);
        while (await WaitAsync(connected.ReadClaimedAsync(after, options.Batch), stop).ConfigureAwait(false) is { Count: > 0 } entries)
        {
            after = entries[^1].Id;
            entries.RemoveAll(e => known.Contains(e.Id));
            await HandOnAsync(connected, entries, isClaimed: true, output, stop).ConfigureAwait(false);
        }
    }

    private async Task HandOnAsync(StreamReading connected, List<ReadEntry> entries, bool isClaimed, ISourceOutput output, CancellationToken stop)
    {
        var (next, again, trimmed) = (0, 0, 0);
        while (next < entries.Count)
        {
            var batch = await output.RentAsync(stop).ConfigureAwait(false);
            var at = position;
            for (; next < entries.Count && batch.DocumentCount < Batch.FullDocuments && batch.Bytes.Length < Batch.FullBytes; next++)
            {
                var entry = entries[next];
                if (!isClaimed && entry.Id.CompareTo(at.Id) <= 0)
                {
                    again++;
                    continue;
                }

                var sequence = isClaimed ? entry.Id.Microseconds : Math.Max(at.Sequence + 1, entry.Id.Microseconds);
                if (isClaimed)
                {
                    ImmutableInterlocked.Update(ref claimed, static (set, id) => set.Add(id), entry.Id);
                }
                else
                {
                    at = at with { Id = entry.Id, Sequence = sequence };
                }

                if (entry.Fields is null)
                {
                    trimmed++;
                    continue;
                }

                Add(batch, entry, sequence, output.Source);
            }

            var bytes = batch.Bytes.Length;
            batch.Position = at = at with { Claimed = claimed };
            await output.EmitAsync(batch, stop).ConfigureAwait(false);
            position = at;
            context.Health.Succeeded(context.Name, changed: true, bytes);
            if (!hasCheckpoints)
            {
                await AcknowledgeAsync(connected, at).ConfigureAwait(false);
            }
        }

        if (again > 0)
        {
            LogAgain(context.Name, again, options.Stream, position.Id.ToString());
        }

        if (trimmed > 0)
        {
            LogTrimmed(context.Name, trimmed, options.Stream);
        }
    }

    private void Add(Batch batch, in ReadEntry entry, long sequence, short source)
    {
        var payload = EntryPayload.Of(entry, options.Field, (int)options.MaxPayload.Bytes);
        batch.AddDocument(new Document
        {
            Offset = batch.Append(payload.Bytes.Span),
            Length = payload.Bytes.Length,
            Source = source,
            ReceivedTime = time.GetUtcNow().UtcTicks,
            Sequence = sequence,
            Origin = $"redis:{options.Stream} {entry.Id}",
        });
        if (payload.Reason is not null)
        {
            batch.LeaveDocument(batch.DocumentCount - 1, RowState.Dead, payload.Reason, payload.Detail);
        }
    }

    private async Task AcknowledgeAsync(StreamReading connected, RedisStreamPosition at)
    {
        await connected.AcknowledgeAsync(at).ConfigureAwait(false);
        ImmutableInterlocked.Update(ref claimed, static (set, done) => set.Except(done), at.Claimed);
    }

    /// <summary>A stop doesn't wait for the server. What comes of a command that nobody waits for is found again at the next start.</summary>
    private static async Task<T> WaitAsync<T>(Task<T> command, CancellationToken stop)
    {
        RedisFault.Observe(command);
        return await command.WaitAsync(stop).ConfigureAwait(false);
    }

    private void ReportDown(string reason)
    {
        context.Health.Failed(context.Name, $"redis at {serverName} {reason}");
        if (downSince is null)
        {
            downSince = time.GetUtcNow();
            LogDown(context.Name, serverName, reason);
        }
    }

    private void ReportUp()
    {
        pause = ShortestOutage;
        if (downSince is { } since)
        {
            // A stream without news would be called failing until there is some.
            context.Health.Succeeded(context.Name, changed: false, 0);
            downSince = null;
            LogUp(context.Name, serverName, (long)(time.GetUtcNow() - since).TotalSeconds);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "source '{Name}': redis at {Server} {Reason}; reading goes on when it is back")]
    private partial void LogDown(string name, string server, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "source '{Name}': redis at {Server} answers again after {Seconds} s")]
    private partial void LogUp(string name, string server, long seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "source '{Name}': made group '{Group}' at the beginning of stream '{Stream}'")]
    private partial void LogGroupMade(string name, string group, string stream);

    [LoggerMessage(Level = LogLevel.Warning, Message = "source '{Name}': group '{Group}' of stream '{Stream}' was gone and was made anew behind {Id}, the last entry handed on; entries with lower ids are not read")]
    private partial void LogGroupMadeAnew(string name, string group, string stream, string id);

    [LoggerMessage(Level = LogLevel.Information, Message = "source '{Name}': took over {Count} entries of stream '{Stream}' that were left by {From}")]
    private partial void LogClaimed(string name, int count, string stream, string from);

    [LoggerMessage(Level = LogLevel.Warning, Message = "source '{Name}': {Count} entries of stream '{Stream}' up to {Id} came again and were not handed on twice: the server has lost what it knew of the group, or its position was set back")]
    private partial void LogAgain(string name, int count, string stream, string id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "source '{Name}': {Count} entries of stream '{Stream}' were trimmed before they were read; raise the stream's length")]
    private partial void LogTrimmed(string name, int count, string stream);
}
