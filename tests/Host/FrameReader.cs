using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace StreamEngine.Host.Tests;

/// <summary>A listener that reads one channel all the time, as fast as it comes.</summary>
internal abstract class FrameReader : IAsyncDisposable
{
    private readonly ClientWebSocket socket = new();
    private readonly CancellationTokenSource end = new();
    private Task reading = Task.CompletedTask;

    /// <summary>Whether the connection is still there.</summary>
    public bool IsConnected => !reading.IsCompleted;

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        socket.Dispose();
        end.Dispose();
    }

    /// <summary>Connects, subscribes and begins to read.</summary>
    protected async Task StartAsync(Uri host, string channel)
    {
        await socket.ConnectAsync(new Uri($"ws://{host.Authority}/api/optimized-realtime/ws/player-updates"), TestContext.Current.CancellationToken);
        await socket.SendAsync(Encoding.UTF8.GetBytes($$"""{"type":"subscribe","id":1,"channel":"{{channel}}"}"""), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);
        reading = Task.Run(ReadAsync);
    }

    /// <summary>A frame is here.</summary>
    protected abstract void Note(JsonElement frame);

    private async Task ReadAsync()
    {
        var buffer = new byte[64 << 10];
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult received;
            do
            {
                received = await socket.ReceiveAsync(buffer.AsMemory(length), end.Token);
                length += received.Count;
            }
            while (!received.EndOfMessage);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            Note(JsonDocument.Parse(buffer.AsMemory(0, length)).RootElement);
        }
    }
}
