using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace StreamEngine.Host.Tests.Overload;

/// <summary>Listens to one player, and measures how long it is left without news.</summary>
internal sealed class FreshListener : IAsyncDisposable
{
    private readonly ClientWebSocket socket = new();
    private readonly CancellationTokenSource end = new();
    private readonly Lock gate = new();
    private Task reading = Task.CompletedTask;
    private long last = Stopwatch.GetTimestamp();
    private TimeSpan longest;
    private long number = -1;
    private long pings;
    private long frames;

    /// <summary>The player's last number.</summary>
    public long Number => Interlocked.Read(ref number);

    /// <summary>Heartbeats so far.</summary>
    public long Pings => Interlocked.Read(ref pings);

    /// <summary>Whether the connection is still there.</summary>
    public bool IsConnected => !reading.IsCompleted;

    public static async Task<FreshListener> ConnectAsync(Uri host, int player)
    {
        var listener = new FreshListener();
        await listener.socket.ConnectAsync(new Uri($"ws://{host.Authority}/api/optimized-realtime/ws/player-updates"), TestContext.Current.CancellationToken);
        var subscribe = $$"""{"type":"subscribe","id":1,"channel":"player:mlb:{{player}}"}""";
        await listener.socket.SendAsync(Encoding.UTF8.GetBytes(subscribe), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);
        listener.reading = Task.Run(listener.ReadAsync);
        return listener;
    }

    /// <summary>Begins to measure anew.</summary>
    public void Restart()
    {
        lock (gate)
        {
            (longest, last, frames) = (TimeSpan.Zero, Stopwatch.GetTimestamp(), 0);
        }
    }

    /// <summary>The longest time without news, up to now, and how many there were.</summary>
    public (TimeSpan Longest, long Updates) Measure()
    {
        lock (gate)
        {
            var now = Stopwatch.GetElapsedTime(last);
            return (now > longest ? now : longest, frames);
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
        var buffer = new byte[16 << 10];
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

    private void Note(JsonElement frame)
    {
        switch (frame.GetProperty("type").GetString())
        {
            case "ping":
                Interlocked.Increment(ref pings);
                break;
            case "update":
                var found = frame.GetProperty("data").GetProperty("fields").GetProperty("atBats").GetInt64();
                Assert.True(found >= Number, $"{found} after {Number}");
                Interlocked.Exchange(ref number, found);
                lock (gate)
                {
                    var gap = Stopwatch.GetElapsedTime(last);
                    longest = gap > longest ? gap : longest;
                    last = Stopwatch.GetTimestamp();
                    frames++;
                }

                break;
        }
    }
}
