using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace StreamEngine.Host.Tests.Faults;

/// <summary>Listens to the items of a provider that change all the time, and measures how late it learns of each change.</summary>
internal sealed class LatencyListener(TimeSpan every) : IAsyncDisposable
{
    private readonly ClientWebSocket socket = new();
    private readonly CancellationTokenSource end = new();
    private readonly List<double> late = [];
    private Task reading = Task.CompletedTask;

    public static async Task<LatencyListener> ConnectAsync(Uri host, string channel, TimeSpan every)
    {
        var listener = new LatencyListener(every);
        await listener.socket.ConnectAsync(new Uri($"ws://{host.Authority}/api/optimized-realtime/ws/player-updates"), TestContext.Current.CancellationToken);
        await listener.socket.SendAsync(Encoding.UTF8.GetBytes($$"""{"type":"subscribe","id":1,"channel":"{{channel}}"}"""), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);
        listener.reading = Task.Run(listener.ReadAsync);
        return listener;
    }

    /// <summary>Measures for a while.</summary>
    /// <returns>Milliseconds by which 99% of the changes were later than at the provider.</returns>
    public async Task<double> P99Async(TimeSpan time)
    {
        lock (late)
        {
            late.Clear();
        }

        await Task.Delay(time, TestContext.Current.CancellationToken);
        lock (late)
        {
            Assert.NotEmpty(late);
            late.Sort();
            return late[(int)(late.Count * 0.99)];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        socket.Dispose();
        end.Dispose();
    }

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
            var now = DateTimeOffset.UtcNow;
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            var frame = JsonDocument.Parse(buffer.AsMemory(0, length)).RootElement;
            if (frame.GetProperty("type").GetString() == "update")
            {
                var step = frame.GetProperty("data").GetProperty("fields").GetProperty("step").GetInt64();
                lock (late)
                {
                    late.Add((now - (DateTimeOffset.UnixEpoch + (step * every))).TotalMilliseconds);
                }
            }
        }
    }
}
