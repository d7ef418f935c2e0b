using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Records;
using StreamEngine.Sources.Http;
using StreamEngine.Sources.OnDemand;

namespace StreamEngine.Sources.Tests;

/// <summary>What a runtime would give its sources, with one provider named <c>p</c>.</summary>
internal sealed class SourceFixture : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly CancellationTokenSource stop = new();
    private readonly List<Task> running = [];

    public SourceFixture(ProviderOptions? provider = null, string baseDirectory = "/", Action<IServiceCollection>? more = null)
    {
        var collection = new ServiceCollection().AddSources();
        more?.Invoke(collection);
        services = collection.BuildServiceProvider();
        BaseDirectory = baseDirectory;
        Provider = provider ?? new ProviderOptions { BaseUrl = "http://localhost" };
        Gate = new ProviderGate("p", Provider, TimeProvider.System, new Random(1), NullLogger.Instance, health: Health);
    }

    /// <summary>A provider that allows much and retries soon.</summary>
    public static ProviderOptions Fast(Uri address) => new()
    {
        BaseUrl = address.ToString(),
        Throttle = new ThrottleOptions { PerSecond = 1000, PerMinute = null },
        Breaker = new BreakerOptions { Failures = 50, Recovery = Duration.Seconds(1) },
        Retry = new RetryOptions { Attempts = 3, Backoff = new DurationRange(Duration.Seconds(0.01), Duration.Seconds(0.02)) },
        Timeout = Duration.Seconds(30),
    };

    public string BaseDirectory { get; }

    public ProviderOptions Provider { get; }

    public ProviderGate Gate { get; }

    public PullRequests Pulls => services.GetRequiredService<PullRequests>();

    public SourceHealth Health { get; } = new(TimeProvider.System);

    /// <summary>The config that the sources are part of; null for one of nothing else.</summary>
    public PipelineDefinition? Definition { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public ILoggerFactory Logging { get; init; } = NullLoggerFactory.Instance;

    public BlockContext Context(string name) => new()
    {
        Name = name,
        Pipeline = new PipelineOptions(),
        Schema = Definition?.Schema ?? new RecordSchema([], [new SourceInfo(name, 0, 1, 1)]),
        BaseDirectory = BaseDirectory,
        Files = Definition?.Files ?? new Dictionary<string, object>(),
        Time = Time,
        Random = new Random(7),
        Logging = Logging,
        Gates = new Dictionary<string, ProviderGate> { ["p"] = Gate },
        Health = Health,
        Services = services,
    };

    /// <summary>Runs sources until the end of the test. They are all made before any runs, as in a graph.</summary>
    public IReadOnlyList<TestOutput> Run(params (string Name, HttpSourceOptions Options)[] sources)
    {
        var made = sources.Select(s => (ISource)new HttpSource(s.Options, Context(s.Name))).ToList();
        var outputs = made.ConvertAll(_ => new TestOutput());
        running.AddRange(made.Zip(outputs, (source, output) => source.RunAsync(output, stop.Token)));
        return outputs;
    }

    /// <summary>Stops the sources and waits for them.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(running).WaitAsync(TimeSpan.FromSeconds(30));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stop.Dispose();
        Gate.Dispose();
        await services.DisposeAsync();
    }
}
