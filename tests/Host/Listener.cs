using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace StreamEngine.Host.Tests;

/// <summary>A WebSocket client as a program would write it.</summary>
internal sealed class Listener : IDisposable
{
    private readonly ClientWebSocket socket = new();
    private readonly CancellationTokenSource limit = new(HostProcess.Patience);

    public static async Task<Listener> ConnectAsync(Uri host)
    {
        var listener = new Listener();
        await listener.socket.ConnectAsync(new Uri($"ws://{host.Authority}/api/optimized-realtime/ws/player-updates"), listener.limit.Token);
        return listener;
    }

    public Task SendAsync(string message) => socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, true, limit.Token);

    /// <summary>The next frame of a type; others are passed over. Fails after a minute.</summary>
    public async Task<JsonElement> NextAsync(string type, Func<JsonElement, bool>? wanted = null)
    {
        limit.CancelAfter(HostProcess.Patience);
        while (true)
        {
            var frame = await ReceiveAsync();
            if (frame.GetProperty("type").GetString() == type && (wanted is null || wanted(frame)))
            {
                return frame;
            }
        }
    }

    public void Dispose()
    {
        socket.Dispose();
        limit.Dispose();
    }

    public async Task<JsonElement> ReceiveAsync()
    {
        using var message = new MemoryStream();
        var buffer = new byte[16 << 10];
        while (true)
        {
            var received = await socket.ReceiveAsync(new ArraySegment<byte>(buffer), limit.Token);
            Assert.Equal(WebSocketMessageType.Text, received.MessageType);
            message.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
            {
                return JsonDocument.Parse(message.ToArray()).RootElement.Clone();
            }
        }
    }
}
