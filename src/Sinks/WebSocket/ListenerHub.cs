using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sinks.WebSockets.Access;
using StreamEngine.Sinks.WebSockets.Journal;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>
/// Brings updates to listeners: channels are the records' keys, and each channel's current value and what happened lately are kept for those who come
/// later or come back. It lives outside the graph, so connections don't notice a reload. Safe for use from many threads.
/// </summary>
/// <remarks>
/// A subscription's answer, what the listener lacks and the first live frame are put into the listener's queue under the same lock
/// under which a channel's updates are published: there is no hole and no duplicate between them. Channels are divided among several such locks.
/// </remarks>
public sealed partial class ListenerHub : IAsyncDisposable, IChannelList
{
    /// <summary>
    /// Bytes that the web server should take of a connection that nobody reads. Much less, and the reset at the end of a listener that broke the
    /// protocol overtakes its close frame.
    /// </summary>
    public const int UnreadBytes = 128 << 10;

    internal const string MemoryFull = "too slow: what waits for listeners has reached the server's bound";

    private const int MostLanes = 8;

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    /// <summary>Over how long the ends of a shutdown are spread.</summary>
    private static readonly TimeSpan MostSpread = TimeSpan.FromSeconds(2);

    private readonly Random random;
    private readonly ILogger logger;
    private readonly ITimer ticker;
    private readonly SendLane[] lanes;
    private readonly ListenerTable listeners = new();
    private readonly ConcurrentDictionary<ResumeMode, long> resumes = new();
    private volatile WebSocketSinkOptions settings = new();
    private volatile string? defaultSport;
    private volatile string? learnedSport;
    private volatile bool isLeaving;
    private bool isTicking;
    private long connections;
    private long errors;

    /// <summary>Makes a hub without listeners.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="random">Spreads the return of listeners after a shutdown.</param>
    /// <param name="logging">Where it logs.</param>
    public ListenerHub(TimeProvider time, Random random, ILoggerFactory logging)
    {
        ArgumentNullException.ThrowIfNull(logging);
        Time = time;
        this.random = random;
        logger = logging.CreateLogger<ListenerHub>();
        lanes = [.. Enumerable.Range(0, Math.Clamp(Environment.ProcessorCount / 2, 1, MostLanes)).Select(_ => new SendLane(time, Failed) { MaxDelay = settings.MaxDelay.Value })];
        epoch = Epochs.Of(time.GetUtcNow());
        ticker = time.CreateTimer(_ => OnTick(), null, Tick, Tick);
    }

    /// <summary>Listeners connected now.</summary>
    public int Count => listeners.Count;

    /// <summary>The sport of a subscription that gives only a player's id; until set, that of the first key <c>kind:sport:id</c> published.</summary>
    public string? DefaultSport
    {
        get => defaultSport ?? learnedSport;
        set => defaultSport = value;
    }

    /// <summary>What the hub did and how it is.</summary>
    public HubStats Stats
    {
        get
        {
            var all = listeners.Totals();
            var counts = Shards.Select(s => s.Counts).ToList();
            return new HubStats(
                all.Listeners,
                all.Subscriptions,
                counts.Sum(c => c.Channels),
                Volatile.Read(ref connections),
                all.Refused,
                counts.Sum(c => c.Published),
                all.Frames,
                all.Bytes,
                lanes.Sum(l => l.Writes),
                all.Conflated,
                all.Lagging,
                Volatile.Read(ref errors),
                Memory.Bytes,
                counts.Sum(c => c.HistoryBytes),
                Enum.GetValues<ResumeMode>().ToDictionary(m => Epochs.TextOf(m), m => resumes.GetValueOrDefault(m)),
                all.Closes,
                [.. Enumerable.Range(0, LatencyBounds.Count + 1).Select(i => (i < LatencyBounds.Count ? LatencyBounds.Seconds[i] : double.PositiveInfinity, lanes.Sum(l => l.Latencies[i])))]);
        }
    }

    internal TimeProvider Time { get; }

    /// <summary>What waits for listeners, and what they subscribed to.</summary>
    internal ListenerMemory Memory { get; } = new(new WebSocketSinkOptions().ListenerBytes.Bytes);

    /// <summary>Changes the limits. Those of connected listeners stay as they are, and so does the memory of history.</summary>
    public void Configure(WebSocketSinkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        settings = options;
        Memory.MaxBytes = options.ListenerBytes.Bytes;
        foreach (var lane in lanes)
        {
            lane.MaxDelay = options.MaxDelay.Value;
        }

        Access = new ListenerAccess(options.Auth, Time);
        ConfigureChannels(options);
    }

    /// <summary>
    /// Tells all listeners to come back later, a little one after the other, and those that connect from now on too. What was queued before is sent.
    /// </summary>
    public void SayGoodbye()
    {
        isLeaving = true;
        var all = listeners.All;
        var spread = Math.Min(MostSpread.TotalMilliseconds, all.Count);
        foreach (var listener in all)
        {
            GoAway(listener, TimeSpan.FromMilliseconds(Next(0, (int)spread)));
        }
    }

    /// <summary>Stops the heartbeat and all sending.</summary>
    public async ValueTask DisposeAsync()
    {
        await ticker.DisposeAsync().ConfigureAwait(false);
        foreach (var lane in lanes)
        {
            await lane.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Publishes the rows of a sealed batch: updates and removals to listeners; confirmations keep a value from fading. What was known before a
    /// restart only fills channels that have no value, so it reaches only listeners that lack it.
    /// </summary>
    public void Publish(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        lock (publishing)
        {
            Reserve(batch);
            foreach (var row in batch)
            {
                Publish(batch, row);
            }
        }
    }

    /// <summary>Serves a WebSocket whose handshake is done.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="socket">The socket below, when nothing lies between.</param>
    /// <param name="address">Where it connects from.</param>
    /// <param name="abort">Breaks it off.</param>
    /// <param name="grant">What it may listen to.</param>
    internal Task AcceptAsync(Stream stream, Socket? socket, IPAddress? address, Action abort, Grant grant)
    {
        var listener = new WebSocketListener(this, Interlocked.Increment(ref connections), address, grant, stream, socket, abort, settings);
        return ServeAsync(listener, listener.RunAsync);
    }

    internal SendLane LaneOf(long listener) => lanes[listener % lanes.Length];

    internal Frame Refusal(string? id, string code, string message, bool retry = false)
    {
        Interlocked.Increment(ref errors);
        return Frame.Error(id, code, message, retry);
    }

    internal void Answer(Listener listener, ReadOnlyMemory<byte> text)
    {
        if (!ClientMessage.TryRead(text, () => DefaultSport, out var message, out var error))
        {
            Interlocked.Increment(ref errors);
            listener.Answer(error);
            return;
        }

        switch (message.Type)
        {
            case "subscribe":
                Subscribe(listener, message);
                break;
            case "unsubscribe":
                Unsubscribe(listener, message);
                break;
            case "auth":
                Authenticate(listener, message);
                break;
            case "ping":
                listener.Answer(Frame.Pong);
                break;
        }
    }

    /// <summary>Puts a frame into a listener's queue. When there is no memory for it, the listener for which most waits is cut off.</summary>
    internal void Send(Listener listener, Frame frame, bool isSnapshot)
    {
        for (; ; )
        {
            switch (isSnapshot ? listener.Queue.Snapshot(frame) : listener.Queue.Update(frame))
            {
                case Intake.Taken:
                    return;
                case Intake.TooFarBehind:
                    listener.CutOff("too slow: more events wait than may; come back and resume");
                    return;
                case Intake.NoMemory:
                    // When nobody holds much, what fills the memory is what they subscribed to.
                    var slowest = listeners.Slowest(listener);
                    (slowest.Queue.Waiting > ListenerQueue.Few ? slowest : listener).CutOff(MemoryFull);
                    break;
            }
        }
    }

    private void Publish(Batch batch, Row row)
    {
        var name = Decode(row.Key, stackalloc char[UsualName]);
        var data = batch.DataOf(row.Index).Span;
        var op = OpOf(row, data);
        if (row.Head.Op == RowOp.Confirmed)
        {
            ShardOf(name).Touch(name);
        }
        else if (batch.IsRestored)
        {
            ShardOf(name).Restore(name, op, data, new DateTimeOffset(row.Head.ReceivedTime, TimeSpan.Zero));
        }
        else if (reserved.Count == 0 || !IsEvent(name))
        {
            ShardOf(name).Publish(name, op, data, Time.GetTimestamp());
        }
        else if (reserved.Dequeue() is > 0 and var offset)
        {
            ShardOf(name).Publish(name, op, data, Time.GetTimestamp(), offset, SourceOf(row), row.Head.Sequence);
        }
    }

    private async Task ServeAsync(Listener listener, Func<bool, Task> run)
    {
        var fault = listeners.Add(listener, settings);
        if (fault is not null)
        {
            listener.End(Frame.Error(null, "too_many_listeners", fault), Frame.Ending(CloseCode.Limit, "too many listeners"));
        }

        Memory.Take(listener.Grant.Bytes);
        LogConnected(listener.Name);
        try
        {
            var running = run(fault is not null);
            if (isLeaving)
            {
                GoAway(listener, TimeSpan.Zero);
            }

            await running.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Failed(listener, e);
        }
        finally
        {
            UnsubscribeAll(listener);
            Memory.Take(-listener.Grant.Bytes);
            listeners.Remove(listener);
        }

        LogDisconnected(listener.Name, listener.Closed, listener.FramesSent, listener.Queue.Conflated);
    }

    private void Failed(Listener listener, Exception exception)
    {
        LogFailed(exception, listener.Name);
        listener.End(null, Frame.Ending(CloseCode.Internal, "internal error"));
        listener.Abort();
    }

    private void GoAway(Listener listener, TimeSpan after)
    {
        var (bye, close) = (Frame.Bye((int)CloseCode.Restart, Next(500, 3000)), Frame.Ending(CloseCode.Restart, "restart"));
        if (after < Tick / 1000)
        {
            listener.End(bye, close);
        }
        else
        {
            _ = EndLaterAsync();
        }

        async Task EndLaterAsync()
        {
            await Task.Delay(after, Time).ConfigureAwait(false);
            listener.End(bye, close);
        }
    }

    private int Next(int from, int to)
    {
        lock (random)
        {
            return random.Next(from, Math.Max(from + 1, to));
        }
    }

    private void OnTick()
    {
        // One that takes long is not joined by the next.
        if (Interlocked.Exchange(ref isTicking, true))
        {
            return;
        }

        try
        {
            listeners.Beat(Time, Failed);
            Array.ForEach(Shards, s => s.Tidy());
            TidyLogAside();
        }
#pragma warning disable CA1031 // A fault here must not end the process; the next tick tries again.
        catch (Exception e)
        {
            LogTickFailed(e);
        }
#pragma warning restore CA1031
        finally
        {
            Volatile.Write(ref isTicking, false);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "looking after the listeners failed; the next try is in a second")]
    private partial void LogTickFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "serving listener {Name} failed; its connection is closed")]
    internal partial void LogFailed(Exception exception, string name);

    [LoggerMessage(Level = LogLevel.Debug, Message = "listener {Name} connected")]
    private partial void LogConnected(string name);

    [LoggerMessage(Level = LogLevel.Debug, Message = "listener {Name} left ({Code}); {Frames} frames sent, {Conflated} conflated")]
    private partial void LogDisconnected(string name, int code, long frames, long conflated);
}
