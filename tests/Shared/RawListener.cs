using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StreamEngine.Tests;

/// <summary>
/// A listener that does its handshake by hand, sends any bytes, and answers nothing by itself but the first ping, by which the server learns that its
/// greeting has arrived.
/// </summary>
internal sealed class RawListener : IDisposable
{
    /// <summary>The key of the example in RFC 6455, 1.3, and what must be answered to it.</summary>
    public const string Key = "dGhlIHNhbXBsZSBub25jZQ==";

    public const string Accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private Stream stream = Stream.Null;

    private RawListener()
    {
    }

    /// <summary>Whether it has answered the first ping, or is not to answer it.</summary>
    public bool IsGreeted { get; set; }

    /// <summary>A request for a WebSocket with these lines, or others of the same names, as its headers. An empty one leaves its header out.</summary>
    public static string Request(string path, params IEnumerable<string> headers)
    {
        string Name(string line) => line.Split(':')[0];
        string[] usual = ["Host: localhost", "Upgrade: websocket", "Connection: Upgrade", $"Sec-WebSocket-Key: {Key}", "Sec-WebSocket-Version: 13"];
        var others = headers.ToLookup(Name, StringComparer.OrdinalIgnoreCase);
        var lines = usual.Where(u => !others.Contains(Name(u))).Concat(others.SelectMany(o => o)).Where(l => !l.EndsWith(':'));
        return $"GET {path} HTTP/1.1\r\n{string.Concat(lines.Select(l => l + "\r\n"))}\r\n";
    }

    /// <summary>Connects and gets its WebSocket; the greeting is not read.</summary>
    public static async Task<RawListener> ConnectAsync(Uri server, string path, IPAddress? from = null, int? receiveBuffer = null)
    {
        var (listener, head) = await AskAsync(server, Request(path), from, receiveBuffer);
        Assert.StartsWith("HTTP/1.1 101 ", head, StringComparison.Ordinal);
        return listener;
    }

    /// <summary>Connects and sends a request.</summary>
    /// <param name="server">Where to.</param>
    /// <param name="request">Any bytes; without the end of a request's head there is no answer until the server gives up.</param>
    /// <param name="from">One of this machine's addresses, to connect from.</param>
    /// <param name="receiveBuffer">Bytes that the kernel may hold for a listener that does not read.</param>
    /// <returns>The connection, and the head of the answer; empty when there was none.</returns>
    public static async Task<(RawListener Listener, string Head)> AskAsync(Uri server, string request, IPAddress? from = null, int? receiveBuffer = null)
    {
        var listener = new RawListener();
        listener.limit.CancelAfter(Limit);
        if (receiveBuffer is { } bytes)
        {
            listener.socket.ReceiveBufferSize = bytes;
        }

        if (from is not null)
        {
            listener.socket.Bind(new IPEndPoint(from, 0));
        }

        await listener.socket.ConnectAsync(IPAddress.Loopback, server.Port, listener.limit.Token);
        listener.stream = new NetworkStream(listener.socket);
        await listener.SendAsync(Encoding.Latin1.GetBytes(request));
        var head = new StringBuilder();
        var one = new byte[1];
        try
        {
            while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await listener.stream.ReadAsync(one, listener.limit.Token) == 1)
            {
                head.Append((char)one[0]);
            }
        }
        catch (IOException)
        {
            // It was cut off.
        }

        return (listener, head.ToString());
    }

    public Task SendAsync(params ClientFrame[] frames) => SendAsync([.. frames.SelectMany(f => f.ToBytes())]);

    public Task SendAsync(string text) => SendAsync(ClientFrame.OfText(text));

    /// <summary>Sends bytes as they are. The other side may have hung up.</summary>
    public async Task SendAsync(byte[] bytes)
    {
        try
        {
            await stream.WriteAsync(bytes, limit.Token);
        }
        catch (IOException)
        {
            // What it has said until then is read.
        }
    }

    /// <summary>The next frame; null when the connection ended.</summary>
    public async Task<ServerFrame?> NextAsync()
    {
        var frame = await ServerFrame.ReadAsync(stream, limit.Token);
        if (!IsGreeted && frame?.Opcode == ClientFrame.Ping)
        {
            IsGreeted = true;
            await SendAsync(new ClientFrame(ClientFrame.Pong, frame.Payload));
            return await NextAsync();
        }

        return frame;
    }

    /// <summary>Reads the frames before a close frame.</summary>
    /// <returns>What they were, and the code; 0 when the connection ended without one.</returns>
    public async Task<(List<string> Frames, int Code)> UntilClosedAsync()
    {
        var frames = new List<string>();
        while (await NextAsync() is { } frame)
        {
            if (frame.Opcode == ClientFrame.Close)
            {
                return (frames, frame.Code);
            }

            frames.Add(frame.ToString());
        }

        return (frames, 0);
    }

    /// <summary>Sends nothing more, and says so.</summary>
    public void HangUp() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Breaks off, as a process that dies does.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Close();
    }

    public void Dispose()
    {
        stream.Dispose();
        socket.Dispose();
        limit.Dispose();
    }
}
