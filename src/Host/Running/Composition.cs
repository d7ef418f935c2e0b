using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using StreamEngine.Host.Api;
using StreamEngine.Host.Logging;
using StreamEngine.Host.Telemetry;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Runtime;
using StreamEngine.Sinks.Redis;
using StreamEngine.Sinks.Store;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sources;
using StreamEngine.Sources.Demo;

namespace StreamEngine.Host.Running;

/// <summary>
/// All parts of a run, and the order in which they start and stop. Building opens no port and sends no request, but for
/// the connection to a configured Redis.
/// </summary>
internal sealed class Composition : IAsyncDisposable
{
    /// <summary>How long connections may take to close once nothing is left to tell them.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    private const string Demo = "demo:";

    private readonly WebApplication app;
    private readonly DemoProviders? demo;
    private readonly EngineMeters meters;
    private readonly EventHandler<UnobservedTaskExceptionEventArgs> unobserved;

    private Composition(WebApplication app, Engine engine, DemoProviders? demo, TimeProvider time)
    {
        this.app = app;
        this.demo = demo;
        meters = new EngineMeters(engine);
        Engine = engine;
        Time = time;
        Logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger<Composition>();
        unobserved = (_, e) =>
        {
            engine.CountUnobservedException();
            HostLog.Unobserved(Logger, e.Exception);
            e.SetObserved();
        };
        TaskScheduler.UnobservedTaskException += unobserved;
    }

    public Engine Engine { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    /// <summary>Where the server listens, ports as they turned out.</summary>
    public IReadOnlyList<string> Urls { get; private set; } = [];

    /// <summary>Base addresses of the demo providers that this pipeline asks.</summary>
    public IReadOnlyList<Uri> DemoAddresses => demo is null
        ? []
        : [.. DemoProviders.Names.Where(n => Engine.Definition.Options.Providers.Values.Any(p => p.BaseUrl.TrimEnd('/') == Demo + n)).Select(n => demo.Find(n)!)];

    public static Composition Build(PipelineDefinition definition, IReadOnlyList<string> urls, bool jsonLogs, TimeProvider time)
    {
        var builder = WebServer.CreateBuilder(urls, definition.Options.Server.MaxConnections);
        ConsoleLogs.Configure(builder.Logging, jsonLogs);
        PrometheusExport.Add(builder.Services);
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton<SourceHealth>();
        builder.Services.AddSources();
        builder.Services.AddSingleton(services => new GateSet(definition, time, services.GetRequiredService<ILoggerFactory>(), services.GetRequiredService<SourceHealth>()));
        builder.Services.AddSingleton(services => new RecordStore(time, RedisTier.Create(definition.Options.Redis, time, services.GetRequiredService<ILoggerFactory>())));
        builder.Services.AddSingleton(services =>
        {
            var hub = new ListenerHub(time, Seeded.Random(definition.Options.Seed, "listeners"), services.GetRequiredService<ILoggerFactory>());
            hub.Open(definition);
            return hub;
        });
        var usesDemo = definition.Options.Providers.Values.Any(p => p.BaseUrl.StartsWith(Demo, StringComparison.Ordinal));
        if (usesDemo)
        {
            builder.Services.AddSingleton(services => new DemoProviders(definition.Options.Seed, time, services.GetRequiredService<ILoggerFactory>()));
            builder.Services.AddSingleton<IDemoAddresses>(services => services.GetRequiredService<DemoProviders>());
        }

        var app = builder.Build();
        var services = app.Services;
        var engine = new Engine(
            definition,
            new RuntimeServices
            {
                Time = time,
                Logging = services.GetRequiredService<ILoggerFactory>(),
                Services = services,
                Gates = services.GetRequiredService<GateSet>().All,
                Health = services.GetRequiredService<SourceHealth>(),
            },
            services.GetRequiredService<RecordStore>(),
            services.GetRequiredService<ListenerHub>());
        WebServer.Map(app, engine);
        return new Composition(app, engine, usesDemo ? services.GetRequiredService<DemoProviders>() : null, time);
    }

    /// <summary>Opens the port, then starts the demo providers.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await app.StartAsync(cancellationToken).ConfigureAwait(false);
        Urls = [.. app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses];
        if (demo is not null)
        {
            await demo.StartAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The pipeline has drained: says goodbye to the listeners, then stops the server.</summary>
    public async Task StopAsync()
    {
        Engine.Hub.SayGoodbye();
        using var timeout = new CancellationTokenSource(CloseTimeout, Time);
        await TryAsync("The web server", () => app.StopAsync(timeout.Token)).ConfigureAwait(false);
        Engine.Hub.Close();
    }

    public async ValueTask DisposeAsync()
    {
        TaskScheduler.UnobservedTaskException -= unobserved;
        meters.Dispose();
        Engine.Dispose();
        await Engine.Runtime.DisposeAsync().ConfigureAwait(false);
        if (Engine.Store.Redis is { } redis)
        {
            await redis.DisposeAsync().ConfigureAwait(false);
        }

        // The container disposes what it made: the hub, the gates and their connections, the demo providers.
        await app.DisposeAsync().ConfigureAwait(false);
    }

    private async Task TryAsync(string part, Func<Task> stop)
    {
        try
        {
            await stop().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // What comes after it must still be stopped.
        catch (Exception e)
        {
            HostLog.NotStopped(Logger, e, part);
        }
#pragma warning restore CA1031
    }
}
