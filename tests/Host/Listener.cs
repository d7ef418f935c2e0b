using System.Text.Json;

namespace StreamEngine.Host.Tests;

/// <summary>A listener that reads when it is asked.</summary>
internal sealed class Listener : IDisposable
{
    private readonly FrameSocket socket;
    private readonly CancellationTokenSource limit;

    private Listener(FrameSocket socket, CancellationTokenSource limit) => (this.socket, this.limit) = (socket, limit);

    public static async Task<Listener> ConnectAsync(Uri host)
    {
        var limit = new CancellationTokenSource(HostProcess.Patience);
        return new Listener(await FrameSocket.ConnectAsync(host, limit.Token), limit);
    }

    public Task SendAsync(string message) => socket.SendAsync(message, limit.Token);

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
        var frame = await socket.NextAsync(limit.Token);
        Assert.True(frame is not null, $"closed with {socket.Closed}");
        return frame.Value;
    }
}
