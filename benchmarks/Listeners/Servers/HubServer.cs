using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StreamEngine.Host.Api;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.WebSockets;

namespace StreamEngine.Benchmarks;

/// <summary>The listener hub behind the web server of the host, with the settings that a pipeline has by default.</summary>
internal static class HubServer
{
    public const string Path = "/ws";

    public static (WebApplication App, PublishUpdate Publish) Build(int listeners, CancellationToken stopping)
    {
        var options = new WebSocketSinkOptions();
        var hub = new ListenerHub(TimeProvider.System, new Random(7), NullLoggerFactory.Instance);
        hub.Configure(options with { MaxListeners = Math.Max(listeners, options.MaxListeners) });
        var builder = WebServer.CreateBuilder(["http://127.0.0.1:0"], new ServerOptions().MaxConnections);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Map(Path, context => hub.AcceptAsync(context, hub.Admit(context.Request, out _)!));
        stopping.UnsafeRegister(h => ((ListenerHub)h!).SayGoodbye(), hub);
        return (app, hub.Publish);
    }
}
