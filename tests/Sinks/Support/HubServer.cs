using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sinks.WebSockets.Wire;
using StreamEngine.Tests;

namespace StreamEngine.Sinks.Tests.Support;

/// <summary>A hub behind a real Kestrel on a free port.</summary>
internal sealed class HubServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private HubServer(TimeProvider time, WebSocketSinkOptions options, Action<ListenOptions>? endpoint)
    {
        Hub = new ListenerHub(time, new Random(7), LoggerFactory.Create(_ => { }));

        // Frames don't gather by a clock that stands still.
        Hub.Configure(time == TimeProvider.System ? options : options with { MaxDelay = new Duration(TimeSpan.Zero) });
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(o => o.ConfigureEndpointDefaults(e =>
        {
            RestingConnection.Use(e);
            endpoint?.Invoke(e);
        }));
        app = builder.Build();
        app.MapGet("/sse", async context =>
        {
            if (Hub.Admit(context.Request, out var refusal) is not { } admission)
            {
                context.Response.StatusCode = 401;
                await context.Response.WriteAsync(refusal!.Value.Code);
            }
            else if (await Hub.AcceptEventsAsync(context, admission, context.Request.Query["channel"].ToString().Split(','), context.Request.Headers["Last-Event-ID"]) is { } fault)
            {
                context.Response.StatusCode = 400;
                await context.Response.WriteAsync(fault.Code);
            }
        });
        app.Map("/ws", async context =>
        {
            try
            {
                if (Hub.Admit(context.Request, out _) is { } admission)
                {
                    Admitted?.Invoke();
                    await Hub.AcceptAsync(context, admission);
                }
                else
                {
                    context.Response.StatusCode = 401;
                }
            }
            catch (Exception e)
            {
                Failures.Enqueue(e);
            }
        });
    }

    /// <summary>Where the server is.</summary>
    public Uri Address => new(app.Urls.Single());

    public ListenerHub Hub { get; }

    /// <summary>Called between a WebSocket's admission and its acceptance.</summary>
    public Action? Admitted { get; set; }

    /// <summary>What came out of serving connections; nothing should.</summary>
    public ConcurrentQueue<Exception> Failures { get; } = new();

    public static async Task<HubServer> StartAsync(WebSocketSinkOptions? options = null, TimeProvider? time = null, Action<ListenOptions>? endpoint = null)
    {
        var server = new HubServer(time ?? TimeProvider.System, options ?? new WebSocketSinkOptions(), endpoint);
        await server.app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    public void Stop() => Hub.SayGoodbye();

    public void Publish(string channel, string data) => Hub.Publish(Encoding.UTF8.GetBytes(channel), Encoding.UTF8.GetBytes(data));

    public void PublishRemoved(string channel) => Hub.PublishRemoved(Encoding.UTF8.GetBytes(channel));

    /// <summary>Connects by hand and, unless told otherwise, reads the greeting.</summary>
    public async Task<RawListener> ConnectRawAsync(bool greet = true)
    {
        var listener = await RawListener.ConnectAsync(new Uri(app.Urls.Single()), "/ws");
        if (greet)
        {
            Assert.Equal("connection_established", (await listener.NextAsync())?.ToString());
        }

        return listener;
    }

    /// <summary>Connects and reads the greeting.</summary>
    public async Task<HubClient> ConnectAsync(string? credential = null)
    {
        var client = await ConnectSilentlyAsync(credential);
        await client.ExpectAsync("connection_established");
        return client;
    }

    public async Task<HubClient> ConnectSilentlyAsync(string? credential = null)
    {
        var socket = new ClientWebSocket();
        if (credential is not null)
        {
            socket.Options.SetRequestHeader("Authorization", $"Bearer {credential}");
        }

        await socket.ConnectAsync(new Uri(app.Urls.Single().Replace("http", "ws", StringComparison.Ordinal) + "/ws"), TestContext.Current.CancellationToken);
        return new HubClient(socket);
    }

    public async ValueTask DisposeAsync()
    {
        Hub.SayGoodbye();
        await app.DisposeAsync();
        Assert.Empty(Failures);
        await Hub.DisposeAsync();
    }
}

/// <summary>A listener.</summary>
internal sealed class HubClient(ClientWebSocket socket) : IDisposable
{
    private readonly byte[] buffer = new byte[1 << 20];

    public ClientWebSocket Socket => socket;

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public Task SendAsync(byte[] bytes, WebSocketMessageType type = WebSocketMessageType.Text, bool end = true) =>
        socket.SendAsync(bytes, type, end, TestContext.Current.CancellationToken);

    /// <summary>The next frame's text; null when the server closed.</summary>
    public async Task<string?> NextTextAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Wait.Limit);
        var length = 0;
        for (; ; )
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length), limit.Token);
            length += received.Count;
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            if (received.EndOfMessage)
            {
                return Encoding.UTF8.GetString(buffer, 0, length);
            }
        }
    }

    public async Task<JsonElement> NextAsync() =>
        JsonElement.Parse(await NextTextAsync() ?? throw new InvalidOperationException($"closed: {socket.CloseStatus} {socket.CloseStatusDescription}"));

    public async Task<JsonElement> ExpectAsync(string type)
    {
        var frame = await NextAsync();
        Assert.True(frame.GetProperty("type").GetString() == type, $"wanted {type}, got {frame}");
        return frame;
    }

    /// <summary>Sends and checks the whole answer, character by character.</summary>
    public async Task ExpectAsync(string send, string answer)
    {
        await SendAsync(send);
        Assert.Equal(answer, await NextTextAsync());
    }

    public async Task ExpectFrameAsync(string frame) => Assert.Equal(frame, await NextTextAsync());

    /// <summary>Checks that nothing is waiting: the answer to a ping is the next frame.</summary>
    public Task ExpectNothingAsync() => ExpectAsync("{\"type\":\"ping\"}", "{\"type\":\"pong\"}");

    public async Task<JsonElement> ExpectErrorAsync(string send, string code)
    {
        await SendAsync(send);
        var error = await ExpectAsync("error");
        Assert.True(error.GetProperty("code").GetString() == code, $"wanted {code}, got {error}");
        Assert.True(error.GetProperty("message").GetString()!.Length > 20);
        return error;
    }

    public async Task ExpectCloseAsync(int code)
    {
        Assert.Null(await NextTextAsync());
        Assert.Equal(code, (int)socket.CloseStatus!);
    }

    public void Dispose() => socket.Dispose();
}
