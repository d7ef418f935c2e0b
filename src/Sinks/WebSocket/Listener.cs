using System.Net;
using System.Net.WebSockets;
using StreamEngine.Sinks.WebSockets.Access;
using StreamEngine.Sinks.WebSockets.Wire;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>One who listens: what waits for it, and how that is sent and ended. Its lane sends.</summary>
internal abstract class Listener
{
    /// <summary>How long an end may take: queued frames, the close frame, the listener's own close frame.</summary>
    protected static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private readonly TimeProvider time;
    private readonly SendLane lane;
    private readonly Action abort;
    private readonly Lock ending = new();
    private readonly TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Grant grant;
    private Outlet outlet;
    private ITimer? limit;
    private readonly long began;
    private long lastSent;
    private long writingSince;
    private long framesSent;
    private long bytesSent;
    private int closeCode;
    private bool left;

    protected Listener(ListenerHub hub, long number, IPAddress? address, Grant grant, Outlet outlet, Action abort, WebSocketSinkOptions settings)
    {
        (Hub, Number, Address, this.grant, this.outlet, this.abort, Settings) = (hub, number, address, grant, outlet, abort, settings);
        time = hub.Time;
        lane = hub.LaneOf(number);
        began = lastSent = time.GetTimestamp();
        Queue = new ListenerQueue(settings.Queue, time, hub.Memory, () => lane.Ask(this));
    }

    public long Number { get; }

    public string Name => "c" + Number;

    /// <summary>Where it connects from; null when unknown.</summary>
    public IPAddress? Address { get; }

    /// <summary>What it may listen to.</summary>
    public Grant Grant
    {
        get => grant;
        set => grant = value;
    }

    /// <summary>Its place in the table. Guarded by the table's lock.</summary>
    public int Place { get; set; } = -1;

    public ListenerQueue Queue { get; }

    public WebSocketSinkOptions Settings { get; }

    /// <summary>Its subscriptions by channel or pattern. Used by its own loop only, and by what ends it afterwards.</summary>
    public Dictionary<string, Subscription> Subscriptions { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>By shard, the last publication it got; null while it has one subscription at most. Guarded by the shards' locks.</summary>
    public long[]? Stamps { get; set; }

    /// <summary>Slows down its subscriptions with a rate; null when there are none.</summary>
    public ListenerPace? Pace { get; set; }

    /// <summary>Frames of channels that it was brought because it asked. Used by its own loop only.</summary>
    public long Brought { get; set; }

    public long FramesSent => Volatile.Read(ref framesSent);

    public long BytesSent => Volatile.Read(ref bytesSent);

    /// <summary>With what its connection ended; 0 when it broke off.</summary>
    public int Closed => Volatile.Read(ref closeCode);

    protected ListenerHub Hub { get; }

    protected TimeProvider Time => time;

    /// <summary>Completed when nothing will be sent any more.</summary>
    protected Task Over => over.Task;

    /// <summary>How frames are written in server-sent events; null in a WebSocket.</summary>
    protected virtual EventStream? Events => null;

    /// <summary>Puts something of its own into the queue.</summary>
    public void Answer(Frame frame) => Queue.Add(frame);

    /// <summary>Says why, closes the connection, and cuts it off when that takes too long.</summary>
    /// <returns>False when the end was set before.</returns>
    public bool End(Frame? goodbye, Frame close, TimeSpan? within = null)
    {
        if (!Queue.End(goodbye, close))
        {
            return false;
        }

        Volatile.Write(ref closeCode, (int)close.Status);
        lock (ending)
        {
            if (!left)
            {
                limit = time.CreateTimer(l => ((Listener)l!).Abort(), this, within ?? EndLimit, Timeout.InfiniteTimeSpan);
            }
        }

        return true;
    }

    /// <summary>Ends a listener that is too slow: what waits for it is dropped.</summary>
    public void CutOff(string why)
    {
        // First, or what comes in between would follow on what was dropped, as if nothing were missing.
        End(null, Frame.Ending(CloseCode.Slow, why));
        Queue.DropUpdates();
    }

    /// <summary>Breaks the connection off.</summary>
    public void Abort()
    {
        Queue.Abandon();
        over.TrySetResult();
        lock (ending)
        {
            // Once it has left, the connection may be somebody else's.
            if (!left)
            {
                abort();
            }
        }
    }

    /// <summary>Sends what waits. Called by its lane only.</summary>
    public void Write(SendBuffer buffer)
    {
        buffer.Clear();

        // Before the queue says that it is being written, or the last write would seem to take until now.
        Volatile.Write(ref writingSince, time.GetTimestamp());
        var end = Queue.Drain(buffer, Events);
        if (buffer.Written.Length == 0 && end is null)
        {
            Queue.Written();
            return;
        }

        try
        {
            var writing = outlet.SendAsync(buffer.Written);
            buffer.CountWrite();
            if (writing.IsCompletedSuccessfully)
            {
                Written(buffer.Frames, buffer.FrameBytes, end);
            }
            else
            {
                _ = FinishAsync(writing, buffer.Written.Length, buffer.Frames, buffer.FrameBytes, end);
            }
        }
        catch (Exception e) when (IsGone(e))
        {
            Abort();
        }
    }

    /// <summary>Looks after it once a second: pings when it is quiet, and ends it when it is gone.</summary>
    /// <param name="now">By the clock's timestamps.</param>
    /// <returns>For how long there will be nothing to do.</returns>
    public TimeSpan Beat(long now)
    {
        if (time.GetElapsedTime(Volatile.Read(ref writingSince), now) >= Settings.Timeout.Value && Queue.IsWriting)
        {
            Volatile.Write(ref closeCode, (int)CloseCode.NoPong);
            Abort();
            return TimeSpan.Zero;
        }

        var isQuiet = time.GetElapsedTime(Volatile.Read(ref lastSent), now) >= Settings.Heartbeat.Value && Queue.IsQuiet;
        if (isQuiet)
        {
            // Counts from now, not from when it is sent, or the next beat could add another.
            Volatile.Write(ref lastSent, now);
        }

        Ping(isQuiet, now);
        return CheckGrant() ? Rest(now) : TimeSpan.Zero;
    }

    /// <summary>For how long it need not be pinged.</summary>
    protected virtual TimeSpan Rest(long now)
    {
        var rest = Settings.Heartbeat.Value - time.GetElapsedTime(Volatile.Read(ref lastSent), now);
        return rest < Settings.Timeout.Value ? rest : Settings.Timeout.Value;
    }

    /// <summary>Pings.</summary>
    /// <param name="isQuiet">Whether nothing was sent for long.</param>
    /// <param name="now">By the clock's timestamps.</param>
    protected virtual void Ping(bool isQuiet, long now)
    {
        if (isQuiet)
        {
            Answer(Frame.Ping);
        }
    }

    /// <summary>Ends it when what it showed holds no more, or when it showed nothing in time.</summary>
    /// <returns>Whether that can't happen.</returns>
    private bool CheckGrant()
    {
        var held = grant;
        var isWaitedFor = held.Within != System.Threading.Timeout.InfiniteTimeSpan;
        if (held.ExpiresAt <= time.GetUtcNow())
        {
            End(Frame.Bye((int)CloseCode.Expired, 0), Frame.Ending(CloseCode.Expired, "the token has expired"));
        }
        else if (isWaitedFor && time.GetElapsedTime(began) >= held.Within)
        {
            End(Hub.Refusal(null, "not_authenticated", "No key or token came in time; send {\"type\":\"auth\",\"token\":\"...\"} first."), Frame.Ending(CloseCode.Auth, "no key or token"));
        }

        return !isWaitedFor && held.ExpiresAt is null;
    }

    /// <summary>Whether an exception says that the other side is gone, or was cut off.</summary>
    protected static bool IsGone(Exception e) =>
        e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException or System.Net.Sockets.SocketException;

    /// <summary>Sends another way from now on. Only while the queue is held.</summary>
    protected void Switch(Outlet to) => outlet = to;

    /// <summary>Counts a frame that did not go through the queue.</summary>
    protected void CountSent(Frame frame)
    {
        Interlocked.Increment(ref framesSent);
        Interlocked.Add(ref bytesSent, frame.Json.Length);
    }

    /// <summary>It is gone: nothing is timed any more.</summary>
    protected void Leave()
    {
        Pace?.Dispose();
        lock (ending)
        {
            left = true;
            limit?.Dispose();
        }
    }

    /// <summary>The connection doesn't take everything at once: what it lacks stands in memory until then.</summary>
    private async Task FinishAsync(ValueTask writing, int length, int frames, int bytes, Frame? end)
    {
        Hub.Memory.Take(length);
        try
        {
            await writing.ConfigureAwait(false);
            Written(frames, bytes, end);
        }
        catch (Exception e) when (IsGone(e))
        {
            Abort();
        }
        finally
        {
            Hub.Memory.Take(-length);
        }
    }

    private void Written(int frames, int bytes, Frame? end)
    {
        if (frames > 0)
        {
            // A browser doesn't show its page the WebSocket's own frames: they are no sign of life.
            Volatile.Write(ref lastSent, time.GetTimestamp());
        }

        if (end is null)
        {
            Queue.Written();
        }

        Interlocked.Add(ref framesSent, frames);
        Interlocked.Add(ref bytesSent, bytes);
        if (end is not null)
        {
            Queue.Abandon();
            over.TrySetResult();
        }
    }
}
