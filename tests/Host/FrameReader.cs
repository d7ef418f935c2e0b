using System.Text.Json;

namespace StreamEngine.Host.Tests;

/// <summary>A listener that reads one channel all the time, as fast as it comes.</summary>
internal abstract class FrameReader : IAsyncDisposable
{
    private readonly CancellationTokenSource end = new();
    private FrameSocket? socket;
    private Task reading = Task.CompletedTask;

    /// <summary>Whether the connection is still there.</summary>
    public bool IsConnected => !reading.IsCompleted;

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        socket?.Dispose();
        end.Dispose();
    }

    /// <summary>Connects, subscribes and begins to read.</summary>
    protected async Task StartAsync(Uri host, string channel)
    {
        socket = await FrameSocket.ConnectAsync(host, TestContext.Current.CancellationToken);
        await socket.SendAsync($$"""{"type":"subscribe","id":1,"channel":"{{channel}}"}""", TestContext.Current.CancellationToken);
        reading = Task.Run(() => ReadAsync(socket));
    }

    /// <summary>A frame is here.</summary>
    protected abstract void Note(JsonElement frame);

    private async Task ReadAsync(FrameSocket from)
    {
        while (await from.NextAsync(end.Token) is { } frame)
        {
            Note(frame);
        }
    }
}
