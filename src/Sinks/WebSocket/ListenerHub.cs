using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>
/// Brings updates to listeners: channels are the records' keys, and each channel's current value is kept for those who come
/// later. It lives outside the graph, so connections don't notice a reload. Safe for use from many threads.
/// </summary>
/// <remarks>
/// A subscription's answer, its snapshot and the first live frame are put into the listener's queue under the same lock
/// under which updates are published: there is no hole and no duplicate between them.
/// </remarks>
public sealed partial class ListenerHub : IAsyncDisposable
{
    /// <summary>
    /// Bytes that the web server should take of a connection that nobody reads. Much less, and the reset at the end of a listener that broke the
    /// protocol overtakes its close frame.
    /// </summary>
    public const int UnreadBytes = 128 << 10;

    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly Random random;
    private readonly ILogger logger;
    private readonly ITimer ticker;
    private readonly ConcurrentDictionary<long, Listener> listeners = new();
    private volatile WebSocketSinkOptions settings = new();
    private volatile string? defaultSport;
    private volatile string? learnedSport;
    private long connections;
    private long refused;
    private long errors;
    private long pastFrames;
    private long pastBytes;
    private long pastConflated;

    /// <summary>Makes a hub without listeners.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="random">Spreads the return of listeners after a shutdown.</param>
    /// <param name="logging">Where it logs.</param>
    public ListenerHub(TimeProvider time, Random random, ILoggerFactory logging)
    {
        ArgumentNullException.ThrowIfNull(logging);
        this.time = time;
        this.random = random;
        logger = logging.CreateLogger<ListenerHub>();
        exactLookup = exact.GetAlternateLookup<ReadOnlySpan<char>>();
        patternLookup = patterns.GetAlternateLookup<ReadOnlySpan<char>>();
        channelLookup = channels.GetAlternateLookup<ReadOnlySpan<char>>();
        Epoch = EpochOf(time.GetUtcNow());
        ticker = time.CreateTimer(_ => OnTick(), null, Tick, Tick);
    }

    /// <summary>Within one epoch a channel's offsets only grow; positions of another epoch mean nothing.</summary>
    public string Epoch { get; }

    /// <summary>Listeners connected now.</summary>
    public int Count => listeners.Count;

    /// <summary>A listener that was sent nothing for so long gets a ping; also the interval for the WebSocket's own pings.</summary>
    public TimeSpan Heartbeat => settings.Heartbeat.Value;

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
            lock (gate)
            {
                var now = listeners.Values.ToList();
                return new HubStats(
                    now.Count,
                    now.Sum(l => l.Subscriptions.Count),
                    channels.Count,
                    Volatile.Read(ref connections),
                    refused,
                    publications,
                    pastFrames + now.Sum(l => l.FramesSent),
                    pastBytes + now.Sum(l => l.BytesSent),
                    pastConflated + now.Sum(l => l.Queue.Conflated),
                    now.Count(l => l.Queue.Lagging),
                    Volatile.Read(ref errors));
            }
        }
    }

    /// <summary>What waits for listeners, and what they subscribed to.</summary>
    internal ListenerMemory Memory { get; } = new(new WebSocketSinkOptions().ListenerBytes.Bytes);

    /// <summary>Changes the limits. Those of connected listeners stay as they are.</summary>
    public void Configure(WebSocketSinkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        settings = options;
        Memory.MaxBytes = options.ListenerBytes.Bytes;
    }

    /// <summary>Whether a web page of that origin may connect; a program that sends none may.</summary>
    public bool Allows(string? origin) =>
        string.IsNullOrEmpty(origin) || settings.Origins.Count == 0 || settings.Origins.Contains(origin, StringComparer.OrdinalIgnoreCase);

    /// <summary>Serves a connection until it ends. It doesn't throw when the other side breaks off.</summary>
    /// <param name="socket">An accepted WebSocket, with its own pings switched on so that dead connections are found.</param>
    /// <param name="stopping">Signalled when the host shuts down: queued frames are sent, then the listener is told to come back.</param>
    public async Task AcceptAsync(WebSocket socket, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(socket);
        var limits = settings;
        var listener = new Listener(this, socket, Interlocked.Increment(ref connections), limits, time);
        lock (gate)
        {
            if (listeners.Count < limits.MaxListeners)
            {
                listeners[listener.Number] = listener;
            }
            else
            {
                refused++;
                listener.End(
                    Frame.Error(null, "too_many_listeners", $"The server has its limit of {limits.MaxListeners} listeners; try another one."),
                    Frame.Ending(CloseCode.Limit, "too many listeners"));
            }
        }

        LogConnected(listener.Name);
        try
        {
            await listener.RunAsync(stopping).ConfigureAwait(false);
        }
        finally
        {
            // In one go, or the counters would go back for as long as the listener takes to leave.
            lock (gate)
            {
                listeners.TryRemove(listener.Number, out _);
                pastFrames += listener.FramesSent;
                pastBytes += listener.BytesSent;
                pastConflated += listener.Queue.Conflated;
            }
        }

        LogDisconnected(listener.Name, listener.FramesSent, listener.Queue.Conflated);
    }

    /// <summary>Stops the heartbeat. Connections end with the token they were accepted with.</summary>
    public ValueTask DisposeAsync() => ticker.DisposeAsync();

    /// <summary>
    /// Publishes the rows of a sealed batch: updates and removals to listeners; confirmations keep a value from fading. What was known before a
    /// restart only fills channels that have no value, so it reaches only listeners that lack it.
    /// </summary>
    public void Publish(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        foreach (var row in batch)
        {
            switch (row.Head.Op)
            {
                case RowOp.Update when batch.IsRestored:
                    Restore(row.Key, batch.DataOf(row.Index).Span, new DateTimeOffset(row.Head.ReceivedTime, TimeSpan.Zero));
                    break;
                case RowOp.Update:
                    Publish(row.Key, batch.DataOf(row.Index).Span);
                    break;
                case RowOp.Removed:
                    PublishRemoved(row.Key, batch.DataOf(row.Index).Span);
                    break;
                case RowOp.Confirmed:
                    Touch(row.Key);
                    break;
            }
        }
    }

    internal void Failed(Listener listener, Exception exception) => LogFailed(exception, listener.Name);

    internal int RetryAfter()
    {
        lock (random)
        {
            return random.Next(500, 3000);
        }
    }

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
            listener.Queue.Add(error);
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
            case "ping":
                listener.Queue.Add(Frame.Pong);
                break;
        }
    }

    private void OnTick()
    {
        foreach (var (_, listener) in listeners)
        {
            listener.Beat();
        }

        lock (gate)
        {
            RetireOld(time.GetUtcNow());
        }
    }

    private static string EpochOf(DateTimeOffset start)
    {
        var text = new StringBuilder();
        for (var left = start.ToUnixTimeMilliseconds(); left > 0; left /= Digits.Length)
        {
            text.Insert(0, Digits[(int)(left % Digits.Length)]);
        }

        return text.ToString();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "serving listener {Name} failed; its connection is closed")]
    private partial void LogFailed(Exception exception, string name);

    [LoggerMessage(Level = LogLevel.Debug, Message = "listener {Name} connected")]
    private partial void LogConnected(string name);

    [LoggerMessage(Level = LogLevel.Debug, Message = "listener {Name} left; {Frames} frames sent, {Conflated} conflated")]
    private partial void LogDisconnected(string name, long frames, long conflated);
}
