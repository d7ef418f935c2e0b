using System.Net;
using System.Net.Sockets;

namespace StreamEngine.Sources.Tests.Http;

/// <summary>Answers the first request of each connection and breaks it off at the second, which it has received.</summary>
internal sealed class BreakingProvider : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Task serving;
    private int requests;

    public BreakingProvider()
    {
        listener.Start();
        serving = ServeAsync();
    }

    public Uri Address => new($"http://{listener.LocalEndpoint}");

    public int Requests => Volatile.Read(ref requests);

    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        await serving;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                _ = AnswerAsync(await listener.AcceptTcpClientAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(TcpClient connection)
    {
        using var _ = connection;
        var stream = connection.GetStream();
        var buffer = new byte[16 * 1024];
        for (var first = true; await stream.ReadAsync(buffer) > 0; first = false)
        {
            Interlocked.Increment(ref requests);
            if (!first)
            {
                return;
            }

            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]"u8.ToArray());
        }
    }
}
