using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StreamEngine.Benchmarks;

/// <summary>
/// Asks a server over kept connections, with next to no work of its own: requests are ready-made bytes, and of an answer
/// only status, Content-Length and the end of the head are looked for. Each connection has one request under way at a time.
/// </summary>
internal sealed class HttpLoad : IDisposable
{
    private const int Connections = 32;
    private const int LargestAnswer = 64 * 1024;

    private readonly Socket[] sockets = new Socket[Connections];
    private readonly byte[][] requests;
    private readonly byte[] buffer = new byte[LargestAnswer];
    private int next;

    /// <param name="server">Address and port.</param>
    /// <param name="paths">What is asked for, in turn.</param>
    public HttpLoad(Uri server, IEnumerable<string> paths)
    {
        requests = [.. paths.Select(p => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"GET {p} HTTP/1.1\r\nHost: {server.Authority}\r\n\r\n")))];
        for (var i = 0; i < Connections; i++)
        {
            sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            sockets[i].Connect(new IPEndPoint(IPAddress.Loopback, server.Port));
        }
    }

    /// <summary>Asks <paramref name="count"/> times, rounded up to a multiple of the connections.</summary>
    /// <returns>How often it asked.</returns>
    public int Ask(int count)
    {
        var asked = 0;
        for (; asked < count; asked += Connections)
        {
            foreach (var socket in sockets)
            {
                socket.Send(requests[next]);
                next = (next + 1) % requests.Length;
            }

            foreach (var socket in sockets)
            {
                Receive(socket);
            }
        }

        return asked;
    }

    /// <summary>Asks once.</summary>
    /// <returns>The body of the answer.</returns>
    public byte[] AskOnce()
    {
        sockets[0].Send(requests[0]);
        var (head, length) = Receive(sockets[0]);
        return buffer.AsSpan(head, length).ToArray();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var socket in sockets)
        {
            socket.Dispose();
        }
    }

    private (int Head, int Body) Receive(Socket socket)
    {
        var have = 0;
        var (head, body) = (0, -1);
        while (body < 0 || have < head + body)
        {
            var read = socket.Receive(buffer.AsSpan(have));
            have += read;
            if (read == 0)
            {
                throw new IOException("The server closed a connection.");
            }

            if (body < 0 && buffer.AsSpan(0, have).IndexOf("\r\n\r\n"u8) is >= 0 and var end)
            {
                head = end + 4;
                body = BodyLength(buffer.AsSpan(0, head));
            }
        }

        return (head, body);
    }

    private static int BodyLength(ReadOnlySpan<byte> head)
    {
        var at = head.IndexOf("Content-Length: "u8);
        return head.StartsWith("HTTP/1.1 200 "u8) && at >= 0 && Utf8Parser.TryParse(head[(at + "Content-Length: ".Length)..], out int length, out _)
            ? length
            : throw new IOException($"Not a plain answer: {Encoding.ASCII.GetString(head)}");
    }
}
