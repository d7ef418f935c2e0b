using System.Net.WebSockets;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>One connection: one loop reads what the listener asks, another sends what waits for it.</summary>
internal sealed class Listener(ListenerHub hub, WebSocket socket, long number, WebSocketSinkOptions settings, TimeProvider time)
{
    /// <summary>How long an end may take: queued frames, the close frame, the listener's own close frame.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    /// <summary>How long a listener that broke the protocol has to read why the connection ends.</summary>
    private static readonly TimeSpan ToldLimit = TimeSpan.FromSeconds(1);

    private readonly Lock ending = new();
    private byte[] buffer = new byte[512];
    private ITimer? abort;
    private long lastSent = time.GetTimestamp();
    private long framesSent;
    private long bytesSent;
    private bool isSending;
    private bool wasTold;
    private bool closed;

    public long Number { get; } = number;

    public string Name { get; } = "c" + number;

    public ListenerQueue Queue { get; } = new(settings.Queue, time, hub.Memory);

    public int MaxSubscriptions { get; } = settings.MaxSubscriptions;

    /// <summary>Its subscriptions by channel or pattern. Guarded by the hub's lock.</summary>
    public Dictionary<string, ChannelName> Subscriptions { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The last publication it got. Guarded by the hub's lock.</summary>
    public long LastPublication { get; set; }

    public long FramesSent => Volatile.Read(ref framesSent);

    public long BytesSent => Volatile.Read(ref bytesSent);

    public async Task RunAsync(CancellationToken stopping)
    {
        Queue.Add(Frame.Established(Name, settings.Heartbeat.Value, settings.MaxMessage.Bytes));
        var sending = SendAllAsync();
        var goingAway = stopping.UnsafeRegister(l => ((Listener)l!).GoAway(), this);
        try
        {
            await ReceiveAllAsync().ConfigureAwait(false);
        }
        catch (WebSocketException e) when (e.WebSocketErrorCode == WebSocketError.Faulted)
        {
            // It broke the protocol and was sent a close frame by the socket. Aborting now, or returning, which makes the
            // server reset the connection, could overtake that.
            Volatile.Write(ref wasTold, true);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            // The other side is gone, or was cut off; there is nobody to tell.
            socket.Abort();
        }
        catch (Exception e)
        {
            hub.Failed(this, e);
            End(null, Frame.Ending(CloseCode.Internal, "internal error"));
        }
        finally
        {
            await goingAway.DisposeAsync().ConfigureAwait(false);
            hub.UnsubscribeAll(this);
            End(null, Frame.Ending(WebSocketCloseStatus.NormalClosure, ""));
            await sending.ConfigureAwait(false);
            if (wasTold)
            {
                await Task.Delay(ToldLimit, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            lock (ending)
            {
                closed = true;
                abort?.Dispose();
            }
        }
    }

    /// <summary>Says why, closes the connection, and cuts it off when that takes too long.</summary>
    public void End(Frame? goodbye, Frame close)
    {
        if (!Queue.End(goodbye, close))
        {
            return;
        }

        lock (ending)
        {
            if (!closed)
            {
                abort = time.CreateTimer(s => ((WebSocket)s!).Abort(), socket, EndLimit, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Pings when nothing was sent for a heartbeat; cuts off when something waits and could not be sent for two.</summary>
    public void Beat()
    {
        var quiet = time.GetElapsedTime(Volatile.Read(ref lastSent));
        if (!Queue.IsEmpty || Volatile.Read(ref isSending))
        {
            if (quiet >= 2 * settings.Heartbeat.Value)
            {
                // The socket's own pings can't find this: they wait behind the frame that hangs.
                socket.Abort();
            }
        }
        else if (quiet >= settings.Heartbeat.Value)
        {
            // Counts from now, not from when it is sent, or the next beat could add another.
            Volatile.Write(ref lastSent, time.GetTimestamp());
            Queue.Add(Frame.Ping);
        }
    }

    /// <summary>Waits until answers are taken. Meanwhile the web server may hold what the listener goes on sending.</summary>
    private async ValueTask RoomAsync()
    {
        var room = Queue.RoomAsync();
        if (room.IsCompleted)
        {
            return;
        }

        hub.Memory.Take(ListenerHub.UnreadBytes);
        if (hub.Memory.IsFull)
        {
            CutOff();
        }

        await room.ConfigureAwait(false);
        hub.Memory.Take(-ListenerHub.UnreadBytes);
    }

    /// <summary>Ends a listener that is too slow: what waits for it is dropped.</summary>
    public void CutOff()
    {
        Queue.DropUpdates();
        End(null, Frame.Ending(CloseCode.Slow, "too slow: what waits for listeners has reached the server's bound"));
    }

    private void GoAway() => End(
        Frame.Bye((int)CloseCode.Restart, hub.RetryAfter()),
        Frame.Ending(CloseCode.Restart, "restart"));

    private async Task SendAllAsync()
    {
        try
        {
            for (; ; )
            {
                await Queue.WaitAsync().ConfigureAwait(false);
                while (Queue.TryTake(out var frame))
                {
                    if (frame.Close is { } status)
                    {
                        await socket.CloseOutputAsync(status, frame.CloseReason, CancellationToken.None).ConfigureAwait(false);
                        return;
                    }

                    // Without a cancellable token the socket takes its fast path; Abort ends a send that hangs.
                    Volatile.Write(ref isSending, true);
                    await socket.SendAsync(frame.Bytes, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None).ConfigureAwait(false);
                    Volatile.Write(ref lastSent, time.GetTimestamp());
                    Volatile.Write(ref isSending, false);
                    Interlocked.Increment(ref framesSent);
                    Interlocked.Add(ref bytesSent, frame.Bytes.Length);
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException or IOException)
        {
            if (!Volatile.Read(ref wasTold))
            {
                // Ends the receiving loop as well.
                socket.Abort();
            }
        }
        finally
        {
            Queue.Abandon();
        }
    }

    private async Task ReceiveAllAsync()
    {
        try
        {
            await ReceiveMessagesAsync().ConfigureAwait(false);
        }
        finally
        {
            hub.Memory.Take(-buffer.Length);
        }
    }

    private async Task ReceiveMessagesAsync()
    {
        hub.Memory.Take(buffer.Length);
        var length = 0;
        var discard = false;
        for (; ; )
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None).ConfigureAwait(false);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            if (discard)
            {
                continue;
            }

            length += received.Count;
            if (received.MessageType == WebSocketMessageType.Binary)
            {
                discard = true;
                End(
                    hub.Refusal(null, "binary", "Binary frames are not understood; send JSON as text frames."),
                    Frame.Ending(CloseCode.BadRequest, "binary frames are not understood"));
            }
            else if (length > settings.MaxMessage.Bytes)
            {
                discard = true;
                End(null, Frame.Ending(CloseCode.TooBig, $"a message has at most {settings.MaxMessage.Bytes} bytes"));
            }
            else if (!received.EndOfMessage)
            {
                if (length == buffer.Length && hub.Memory.IsFull)
                {
                    discard = true;
                    End(null, Frame.Ending(CloseCode.TryLater, "what listeners may take together has reached the server's bound"));
                }
                else if (length == buffer.Length)
                {
                    hub.Memory.Take(-buffer.Length);
                    Array.Resize(ref buffer, (int)Math.Min(buffer.Length * 2L, settings.MaxMessage.Bytes + 1));
                    hub.Memory.Take(buffer.Length);
                }

                continue;
            }
            else
            {
                hub.Answer(this, buffer.AsMemory(0, length));
                await RoomAsync().ConfigureAwait(false);
            }

            length = 0;
        }
    }
}
