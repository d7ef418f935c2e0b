using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using StreamEngine.Sinks.WebSockets.Access;
using StreamEngine.Sinks.WebSockets.Wire;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>One who listens on a WebSocket: a loop reads what it asks.</summary>
/// <remarks>
/// Its first frames go through the web server. A ping follows them; its answer proves that all of it has left, and from then on frames go straight
/// into the socket. Until then, or for a moment if there is no answer, nothing else is sent.
/// </remarks>
internal sealed class WebSocketListener : Listener
{
    /// <summary>How long a listener that broke the protocol has to read why the connection ends.</summary>
    private static readonly TimeSpan ToldLimit = TimeSpan.FromSeconds(1);

    /// <summary>How long frames wait for the answer after which they can take the short way.</summary>
    private static readonly TimeSpan SwitchLimit = TimeSpan.FromMilliseconds(250);

    /// <summary>How often the short way is tried.</summary>
    private const int SwitchTries = 3;

    /// <summary>It is asked for a sign of life when it has been silent for so many heartbeats, and not in each: its answer has to be read.</summary>
    private const int SilentBeats = 2;

    /// <summary>After this part of that time it is asked together with a ping that goes out anyway: one write for both, and not only now but in each later beat.</summary>
    private const double AlmostSilent = 0.9;

    private const int ReadBytes = 4 << 10;

    /// <summary>A message for which so many frames of channels are brought counts as one more, and at most as so many.</summary>
    private const int FramesPerMessage = 100, MostWork = 1000;

    private readonly Stream stream;
    private readonly MessageParser parser;
    private MessageRate rate;
    private Socket? socket;
    private ITimer? switching;
    private int switchTries;
    private long lastHeard;
    private long pingedAt;
    private bool isBroken;

    /// <param name="hub">The hub.</param>
    /// <param name="number">Its number.</param>
    /// <param name="address">Where it connects from.</param>
    /// <param name="grant">What it may listen to.</param>
    /// <param name="stream">The upgraded connection.</param>
    /// <param name="socket">The socket below, when nothing lies between; else null.</param>
    /// <param name="abort">Breaks the connection off.</param>
    /// <param name="settings">Its limits.</param>
    public WebSocketListener(ListenerHub hub, long number, IPAddress? address, Grant grant, Stream stream, Socket? socket, Action abort, WebSocketSinkOptions settings)
        : base(hub, number, address, grant, new StreamOutlet(stream), abort, settings)
    {
        this.stream = stream;
        this.socket = socket;
        parser = new MessageParser(settings.MaxMessage.Bytes, hub.Memory);
        rate = new MessageRate(hub.Time, settings.MaxSubscriptions);
        lastHeard = Time.GetTimestamp();
    }

    /// <summary>Pings whose answer shows that the short way is free. Each try has its own, or a late answer to an earlier one would tell of what came before that.</summary>
    private static byte[][] SwitchPings { get; } = [.. Enumerable.Range(1, SwitchTries).Select(n => WireFrame.Make(Opcode.Ping, SwitchMark(n)))];

    private static byte[] SwitchMark(int number) => [.. "clear"u8, (byte)('0' + number)];

    /// <summary>Serves it until it is gone. It doesn't throw when the other side breaks off.</summary>
    /// <param name="isRefused">Whether its end is set already, and it isn't greeted.</param>
    public async Task RunAsync(bool isRefused)
    {
        try
        {
            if (!isRefused)
            {
                await GreetAsync().ConfigureAwait(false);
            }

            await ReadAsync().ConfigureAwait(false);
            End(null, Frame.Ending(WebSocketCloseStatus.NormalClosure, ""));
            await Over.ConfigureAwait(false);
        }
        catch (Exception e) when (IsGone(e))
        {
            // The other side is gone, or was cut off; there is nobody to tell.
            Abort();
        }
        finally
        {
            parser.Release();
            switching?.Dispose();
            Leave();
        }
    }

    /// <inheritdoc/>
    protected override void Ping(bool isQuiet, long now)
    {
        var heard = Volatile.Read(ref lastHeard);
        if (pingedAt != 0 && heard < pingedAt)
        {
            if (Time.GetElapsedTime(pingedAt, now) >= Settings.Timeout.Value)
            {
                End(null, Frame.Ending(CloseCode.NoPong, "no answer to a ping"));
            }

            base.Ping(isQuiet, now);
        }
        else if (Time.GetElapsedTime(heard, now) < SilentBeats * Settings.Heartbeat.Value * (isQuiet ? AlmostSilent : 1))
        {
            base.Ping(isQuiet, now);
        }
        else
        {
            pingedAt = now;
            if (TrySwitch())
            {
                base.Ping(isQuiet, now);
            }
            else
            {
                Answer(isQuiet ? Frame.BothPings : Frame.WirePing);
            }
        }
    }

    /// <inheritdoc/>
    protected override TimeSpan Rest(long now)
    {
        var (heard, rest) = (Volatile.Read(ref lastHeard), base.Rest(now));
        var silent = pingedAt != 0 && heard < pingedAt ? Settings.Timeout.Value - Time.GetElapsedTime(pingedAt, now) : (SilentBeats * Settings.Heartbeat.Value) - Time.GetElapsedTime(heard, now);
        return silent < rest ? silent : rest;
    }

    private async Task GreetAsync()
    {
        var greeting = Frame.Established(Name, Settings.Heartbeat.Value, Settings.MaxMessage.Bytes);
        if (!TryHold())
        {
            Answer(greeting);
            return;
        }

        CountSent(greeting);
        await stream.WriteAsync((byte[])[.. greeting.Wire, .. SwitchPings[switchTries - 1]]).ConfigureAwait(false);
        await stream.FlushAsync().ConfigureAwait(false);
    }

    /// <summary>Asks whether the short way is free.</summary>
    /// <returns>False when there is none, or this is not the time.</returns>
    private bool TrySwitch()
    {
        if (!TryHold())
        {
            return false;
        }

        _ = PingAsync();
        return true;

        async Task PingAsync()
        {
            try
            {
                await stream.WriteAsync(SwitchPings[switchTries - 1]).ConfigureAwait(false);
                await stream.FlushAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (IsGone(e))
            {
                Abort();
            }
        }
    }

    private bool TryHold()
    {
        if (socket is null || switchTries >= SwitchTries || !Queue.Hold())
        {
            return false;
        }

        switchTries++;
        switching?.Dispose();
        switching = Time.CreateTimer(l => ((WebSocketListener)l!).Queue.Release(), this, SwitchLimit, Timeout.InfiniteTimeSpan);
        return true;
    }

    /// <summary>The answer is here.</summary>
    private void Switch()
    {
        // Too late, and frames are on the long way again: then another time.
        if (Queue.Release(() => Switch(new SocketOutlet(socket!))))
        {
            socket = null;
        }
    }

    /// <summary>Reads until the listener has closed, or is gone.</summary>
    private async Task ReadAsync()
    {
        for (; ; )
        {
            // Holds no buffer while there is nothing to read.
            await stream.ReadAsync(Memory<byte>.Empty).ConfigureAwait(false);
            var buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
            try
            {
                var length = await stream.ReadAsync(buffer.AsMemory(0, ReadBytes)).ConfigureAwait(false);
                if (length == 0)
                {
                    throw new EndOfStreamException();
                }

                Volatile.Write(ref lastHeard, Time.GetTimestamp());
                if (!await TakeAsync(buffer.AsMemory(0, length)).ConfigureAwait(false))
                {
                    return;
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    /// <returns>False when the listener has closed.</returns>
    private async ValueTask<bool> TakeAsync(Memory<byte> input)
    {
        while (!isBroken)
        {
            var received = parser.Read(ref input);
            switch (received.Kind)
            {
                case ReceivedKind.Nothing:
                    parser.Trim();
                    if (parser.TakeFragments() is > 0 and var fragments)
                    {
                        await RoomAsync(fragments).ConfigureAwait(false);
                    }

                    return true;
                case ReceivedKind.Close:
                    End(null, Frame.Ending(received.Status, ""));
                    return false;
                case ReceivedKind.Fault:
                    Break(
                        received.Status == CloseCode.BadRequest ? Hub.Refusal(null, "binary", "Binary frames are not understood; send JSON as text frames.") : null,
                        Frame.Ending(received.Status, received.Reason));
                    break;
                case ReceivedKind.Pong when socket is not null && switchTries > 0 && received.Payload.Span.SequenceEqual(SwitchMark(switchTries)):
                    Switch();
                    break;
                case ReceivedKind.Pong:
                    await RoomAsync(1).ConfigureAwait(false);
                    break;
                case ReceivedKind.Ping when !Queue.IsEnding:
                    Answer(Frame.Control(Opcode.Pong, received.Payload.Span));
                    await RoomAsync(1).ConfigureAwait(false);
                    break;
                case ReceivedKind.Text when !Queue.IsEnding:
                    var before = Brought;
                    Take(received.Payload);
                    await RoomAsync(1 + (int)Math.Min(MostWork, (Brought - before) / FramesPerMessage)).ConfigureAwait(false);
                    break;
            }
        }

        // To close with bytes unread would reset the connection, which overtakes the close frame: what still comes is thrown away.
        return true;
    }

    private void Take(ReadOnlyMemory<byte> message)
    {
        try
        {
            Hub.Answer(this, message);
        }
#pragma warning disable CA1031 // Nothing is sent in there: whatever it throws is the hub's own fault, and this listener is told.
        catch (Exception e)
        {
            Hub.LogFailed(e, Name);
            Break(null, Frame.Ending(CloseCode.Internal, "internal error"));
        }
#pragma warning restore CA1031
    }

    /// <summary>Ends it while the other side may go on sending.</summary>
    private void Break(Frame? why, Frame close)
    {
        isBroken = true;
        Hub.UnsubscribeAll(this);
        Queue.Release();
        End(why, close, ToldLimit);
    }

    /// <summary>Waits until answers are taken, and until the listener asks no faster than it may. Meanwhile the web server may hold what it goes on sending.</summary>
    /// <param name="messages">How many messages, or frames that are as much work, it has sent.</param>
    private async ValueTask RoomAsync(int messages)
    {
        var pause = rate.Count(messages);
        var room = Queue.RoomAsync();
        if (room.IsCompleted && pause <= TimeSpan.Zero)
        {
            return;
        }

        if (!Hub.Memory.TryTake(ListenerHub.UnreadBytes))
        {
            CutOff(ListenerHub.MemoryFull);
            await room.ConfigureAwait(false);
            return;
        }

        if (pause > TimeSpan.Zero)
        {
            await Task.WhenAny(Task.Delay(pause, Time), Over).ConfigureAwait(false);
        }

        await room.ConfigureAwait(false);
        Hub.Memory.Take(-ListenerHub.UnreadBytes);
    }
}
