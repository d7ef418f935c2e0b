using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace StreamEngine.Benchmarks;

/// <summary>
/// Many WebSocket clients on one thread: raw sockets that don't block, one buffer for all, and the least that RFC 6455 asks
/// of a client. It must cost much less than the server that it measures.
/// </summary>
/// <param name="port">The server's port on the loopback address.</param>
/// <param name="path">Where the WebSocket is.</param>
internal abstract class Clients(int port, string path)
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
    protected static long Clock() => (DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

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

    private void Receive(Connection client)
    {
        client.Rest.AsSpan(0, client.RestLength).CopyTo(buffer);
        var read = Libc.Read(client.Socket, buffer.AsSpan(client.RestLength));
        if (read == -1)
        {
            return;
        }

        Now = Clock();
        if (read <= 0)
        {
            End(client, read == 0 ? "end of stream" : "reset");
            return;
        }

        var all = buffer.AsSpan(0, client.RestLength + read);
        var used = client.State == ConnectionState.Upgrading ? Greeting(client, all) : 0;
        if (client.State is ConnectionState.Open or ConnectionState.Leaving)
        {
            used += Frames(client, all[used..]);
        }

        if (client.State is ConnectionState.Ended or ConnectionState.Connecting)
        {
            return;
        }

        var rest = all[used..];
        client.RestLength = rest.Length;
        if (client.Rest.Length < rest.Length)
        {
            client.Rest = new byte[rest.Length * 2];
        }

        rest.CopyTo(client.Rest);
    }

    private int Greeting(Connection client, ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return 0;
        }

        if (!bytes.StartsWith("HTTP/1.1 101 "u8))
        {
            End(client, "refused: HTTP " + Encoding.ASCII.GetString(bytes[9..Math.Min(12, end)]));
            return bytes.Length;
        }

        client.State = ConnectionState.Open;
        OnOpen(client);
        return end + 4;
    }

    private int Frames(Connection client, ReadOnlySpan<byte> bytes)
    {
        var used = 0;
        while ((client.State is ConnectionState.Open or ConnectionState.Leaving) && Wire.TryRead(bytes[used..], out var opcode, out var payload) is > 0 and var length)
        {
            used += length;
            switch (opcode)
            {
                case Wire.Close:
                    _ = Libc.Send(client.Socket, Wire.Frame(Wire.Close, payload.Length >= 2 ? payload[..2] : []));
                    End(client, payload.Length >= 2 ? string.Create(CultureInfo.InvariantCulture, $"close {BinaryPrimitives.ReadUInt16BigEndian(payload)}") : "close without a code");
                    break;
                case Wire.Ping:
                    Send(client, Wire.Frame(Wire.Pong, payload));
                    break;
                case not Wire.Pong:
                    OnText(client, payload);
                    break;
            }
        }

        return used;
    }
}
