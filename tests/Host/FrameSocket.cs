using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace StreamEngine.Host.Tests;

/// <summary>A WebSocket to a host's listener hub, as a program would use it.</summary>
internal sealed class FrameSocket : IDisposable
{
    private readonly ClientWebSocket socket = new();
    private byte[] buffer = new byte[64 << 10];

    /// <summary>With what the host closed it.</summary>
    public WebSocketCloseStatus? Closed => socket.CloseStatus;

    public static async Task<FrameSocket> ConnectAsync(Uri host, CancellationToken cancellationToken)
    {
        var connected = new FrameSocket();
        try
        {
            await connected.socket.ConnectAsync(new Uri($"ws://{host.Authority}/api/optimized-realtime/ws/player-updates"), cancellationToken);
            return connected;
        }
        catch
        {
            connected.Dispose();
            throw;
        }
    }

    public Task SendAsync(string message, CancellationToken cancellationToken) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, true, cancellationToken);

    /// <summary>The next frame; null when the host has closed.</summary>
    public async ValueTask<JsonElement?> NextAsync(CancellationToken cancellationToken)
    {
        var length = 0;
        ValueWebSocketReceiveResult received;
        do
        {
            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, 2 * length);
            }

            received = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
            length += received.Count;
        }
        while (!received.EndOfMessage);

        if (received.MessageType == WebSocketMessageType.Close)
        {
            return null;
        }

        Assert.Equal(WebSocketMessageType.Text, received.MessageType);
        return JsonElement.Parse(buffer.AsSpan(0, length));
    }

    public void Dispose() => socket.Dispose();
}
