using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace StreamEngine.Sources.Tests.WebSockets;

/// <summary>A real WebSocket server. What it says on each connection is told, connection by connection.</summary>
internal sealed class SocketProvider : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly CancellationTokenSource ending = new();

    private SocketProvider(WebApplication app) => this.app = app;

    public Uri Address { get; private set; } = null!;

    /// <summary>The connections, in the order in which they were made.</summary>
    public ConcurrentQueue<SocketTalk> Talks { get; } = new();

    public SocketTalk Last => Talks.Last();

    /// <summary>Connection attempts, refused ones included.</summary>
    public int Attempts { get; private set; }

    /// <param name="talk">What it says; when it ends, the connection is closed.</param>
    /// <param name="port">The port; 0 for a free one.</param>
    /// <param name="refuse">What is answered instead of a WebSocket, by the number of the attempt; null to accept.</param>
    public static async Task<SocketProvider> StartAsync(Func<SocketTalk, Task> talk, int port = 0, Func<HttpContext, int, Task<bool>>? refuse = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(o => o.Listen(IPAddress.Loopback, port));
        var provider = new SocketProvider(builder.Build());
        provider.app.UseWebSockets();
        provider.app.Run(async context =>
        {
            provider.Attempts++;
            if (refuse is not null && await refuse(context, provider.Attempts))
            {
                return;
            }

            using var socket = await context.WebSockets.AcceptWebSocketAsync(context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault());
            var one = new SocketTalk(context, socket, provider.ending.Token);
            provider.Talks.Enqueue(one);
            var listening = one.ListenAsync();
            try
            {
                await talk(one);
                await one.CloseAsync(WebSocketCloseStatus.NormalClosure, "");
            }
            catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException)
            {
            }

            await listening;
        });
        await provider.app.StartAsync(TestContext.Current.CancellationToken);
        provider.Address = new Uri(provider.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return provider;
    }

    /// <summary>Instead of a WebSocket of the framework the connection's bytes: whatever is written goes out as it is.</summary>
    public static async Task<Stream> UpgradeAsync(HttpContext context)
    {
        var key = context.Request.Headers.SecWebSocketKey + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
        context.Response.Headers.Connection = "Upgrade";
        context.Response.Headers.Upgrade = "websocket";
#pragma warning disable CA5350 // The protocol wants it.
        context.Response.Headers.SecWebSocketAccept = Convert.ToBase64String(System.Security.Cryptography.SHA1.HashData(Encoding.ASCII.GetBytes(key)));
#pragma warning restore CA5350
        return await context.Features.Get<IHttpUpgradeFeature>()!.UpgradeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
        ending.Dispose();
    }
}

/// <summary>One connection as the server has it.</summary>
internal sealed class SocketTalk(HttpContext context, WebSocket socket, CancellationToken ending)
{
    /// <summary>The query that it was asked with.</summary>
    public string Query { get; } = context.Request.QueryString.Value ?? "";

    public IHeaderDictionary Headers { get; } = new HeaderDictionary(context.Request.Headers.ToDictionary());

    public string Path { get; } = context.Request.Path + context.Request.QueryString;

    /// <summary>What the client said.</summary>
    public ConcurrentQueue<string> Heard { get; } = new();

    /// <summary>How the client said goodbye; null when it didn't.</summary>
    public WebSocketCloseStatus? Goodbye { get; private set; }

    /// <summary>Whether nothing more can be heard.</summary>
    public bool IsOver { get; private set; }

    public async Task SayAsync(params string[] texts)
    {
        foreach (var text in texts)
        {
            await SayAsync(Encoding.UTF8.GetBytes(text));
        }
    }

    public Task SayAsync(byte[] bytes, bool end = true) => socket.SendAsync(bytes, WebSocketMessageType.Text, end, ending);

    public Task CloseAsync(WebSocketCloseStatus status, string description) => socket.CloseOutputAsync(status, description, ending);

    /// <summary>Cuts the connection.</summary>
    public void Cut() => context.Abort();

    /// <summary>Waits until the client has said so much.</summary>
    public async Task<string> HearAsync(int count = 1)
    {
        while (Heard.Count < count)
        {
            await Task.Delay(5, ending);
        }

        return Heard.ElementAt(count - 1);
    }

    /// <summary>Keeps the connection.</summary>
    public Task StayAsync() => Task.Delay(Timeout.Infinite, ending);

    public async Task ListenAsync()
    {
        var bytes = new byte[64 * 1024];
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync(bytes.AsMemory(), ending);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    Goodbye = socket.CloseStatus;
                    break;
                }

                Heard.Enqueue(Encoding.UTF8.GetString(bytes, 0, received.Count));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException)
        {
        }

        IsOver = true;
    }
}
