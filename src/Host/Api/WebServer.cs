using Microsoft.AspNetCore.Http.Features;
using StreamEngine.Host.Running;
using StreamEngine.Host.Telemetry;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sinks.WebSockets.Access;
using StreamEngine.Sinks.WebSockets.Wire;

namespace StreamEngine.Host.Api;

/// <summary>The web server and what it serves.</summary>
internal static class WebServer
{
    public static WebApplicationBuilder CreateBuilder(IReadOnlyList<string> urls, int maxConnections)
    {
        // The environment's name decides about nothing here, and settings come from the pipeline file alone.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection();
        builder.WebHost.UseUrls([.. urls]);
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.ConfigureEndpointDefaults(RestingConnection.Use);
            options.Limits.MaxRequestBodySize = ApiRoutes.MaxBody;
            options.Limits.MaxRequestBufferSize = ListenerHub.UnreadBytes;
            options.Limits.MaxConcurrentConnections = maxConnections;
            options.Limits.RequestHeadersTimeout = RequestLimit.Silence;
            options.Limits.KeepAliveTimeout = RequestLimit.Silence;
        });

        // The run handles signals and ends the server after the pipeline; the default lifetime would end it at once.
        builder.Services.AddSingleton<IHostLifetime, OwnedLifetime>();
        builder.Services.AddRouting();
        return builder;
    }

    /// <param name="app">The server.</param>
    /// <param name="engine">What it serves.</param>
    public static void Map(WebApplication app, Engine engine)
    {
        app.UseProblems(app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(WebServer)));
        app.UseRequestLimit(engine.Definition.Options.Server.MaxConnections);
        PrometheusExport.Map(app);
        var api = app.MapGroup(ApiRoutes.Base);
        HealthEndpoints.Map(api, engine);
        StatusEndpoints.Map(api, engine);
        PlayerEndpoints.Map(api, engine);
        ExplainEndpoint.Map(api, engine);
        BreakerEndpoints.Map(new ApiGuard(engine.Definition.Options.Server).Guard(api), engine);
        var listening = api.MapGroup("").AddEndpointFilter(async (context, next) => WebSocketEndpoint.NotAdmitted(context.HttpContext, engine) ?? await next(context).ConfigureAwait(false));
        ChannelEndpoints.Map(listening, engine.Hub, engine.Definition.Schema, engine.Time, c => c.Features.GetRequiredFeature<Admission>());
        EventsEndpoint.Map(listening, engine);
        WebSocketEndpoint.Map(app, engine);
    }

    private sealed class OwnedLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
