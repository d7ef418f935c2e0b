using System.Globalization;

namespace StreamEngine.Benchmarks;

/// <summary>
/// Many WebSocket clients on one thread: raw sockets that don't block, one buffer for all, and the least that RFC 6455 asks
/// of a client. It must cost much less than the server that it measures.
/// </summary>
/// <param name="port">The server's port on the loopback address.</param>
/// <param name="path">Where the WebSocket is.</param>
internal abstract partial class Clients(int port, string path)
{
    private const int MostEvents = 512;
    private const int LongestFrame = 1 << 20;

    /// <summary>Each own address has its own ports, of which 28,000 are free at best and those of the last minute are not.</summary>
    private const int Sources = 8;

    private readonly byte[] request = Wire.Upgrade(port, path);
    private readonly byte[] buffer = new byte[LongestFrame];
    private readonly byte[] events = new byte[MostEvents * Libc.EventSize];
    private readonly int epoll = Libc.CreateEpoll();
    private Connection?[] bySocket = new Connection?[1024];

    /// <summary>When what is being read was received, in microseconds since 1970.</summary>
    protected long Now { get; private set; }

    /// <summary>Begins a connection.</summary>
    protected void Connect(Connection client)
    {
        client.Began = Clock();
        client.Socket = Libc.Connect(port, (byte)(2 + (client.Number % Sources)), out var error);
        if (client.Socket < 0)
        {
            Ended(client, string.Create(CultureInfo.InvariantCulture, $"not connected, error {error}"));
            return;
        }

        client.State = ConnectionState.Connecting;
        client.RestLength = 0;
        if (bySocket.Length <= client.Socket)
        {
            Array.Resize(ref bySocket, client.Socket * 2);
        }

        bySocket[client.Socket] = client;
        Libc.Watch(epoll, client.Socket, Libc.EpollIn | Libc.EpollOut, isNew: true);
    }

    /// <summary>Has <see cref="OnInput"/> called when there is something to read.</summary>
    protected void WatchInput(int descriptor) => Libc.Watch(epoll, descriptor, Libc.EpollIn, isNew: true);

    protected void Read(Connection client, bool reads) => Libc.Watch(epoll, client.Socket, reads ? Libc.EpollIn : 0, isNew: false);

    protected void Send(Connection client, ReadOnlySpan<byte> bytes)
    {
        if (!Libc.Send(client.Socket, bytes))
        {
            End(client, "could not send");
        }
    }

    /// <summary>Closes a connection, which ended so.</summary>
    protected void End(Connection client, string how)
    {
        if (client.State != ConnectionState.Ended)
        {
            bySocket[client.Socket] = null;
            _ = Libc.Close(client.Socket);
            Ended(client, how);
        }
    }

    /// <summary>Waits for something to happen, and deals with it.</summary>
    protected void Poll(int milliseconds)
    {
        var count = Libc.Wait(epoll, events, milliseconds);
        for (var i = 0; i < count; i++)
        {
            var socket = Libc.Descriptor(events, i);
            if (socket == 0)
            {
                OnInput();
            }
            else if (bySocket[socket] is { State: ConnectionState.Connecting } connecting)
            {
                Upgrade(connecting);
            }
            else if (bySocket[socket] is { } client)
            {
                Receive(client);
            }
        }
    }

    /// <summary>Microseconds since 1970.</summary>
    public static long Clock() => (DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>The WebSocket is open.</summary>
    protected abstract void OnOpen(Connection client);

    /// <summary>A text frame has come.</summary>
    protected abstract void OnText(Connection client, ReadOnlySpan<byte> text);

    /// <summary>A connection has ended.</summary>
    protected abstract void OnEnd(Connection client, string how);

    /// <summary>There is something on the standard input.</summary>
    protected virtual void OnInput()
    {
    }

    private void Ended(Connection client, string how)
    {
        client.State = ConnectionState.Ended;
        client.Socket = -1;
        OnEnd(client, how);
    }

    private void Upgrade(Connection client)
    {
        if (Libc.ErrorOf(client.Socket) is not 0 and var error)
        {
            End(client, string.Create(CultureInfo.InvariantCulture, $"not connected, error {error}"));
            return;
        }

        client.State = ConnectionState.Upgrading;
        Read(client, reads: true);
        Send(client, request);
    }
}
