using System.Reactive.Linq;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Memory;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Runtime;
using StreamEngine.Sinks.Store;
using StreamEngine.Sinks.WebSockets;

namespace StreamEngine.Host.Running;

/// <summary>A built pipeline and everything that lives beside it: what the API, the metrics and the status line look at.</summary>
internal sealed class Engine : IDisposable
{
    private static readonly TimeSpan StatusAge = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly DateTimeOffset started;
    private readonly IDisposable watch;
    private PipelineStatus? status;
    private DateTimeOffset statusAt;
    private string? firstPlayer;
    private string? defaultSport;
    private long unobserved;

    public Engine(PipelineDefinition definition, RuntimeServices services, RecordStore store, ListenerHub hub)
    {
        Definition = definition;
        Gates = services.Gates;
        Sources = services.Health;
        Store = store;
        Hub = hub;
        Time = services.Time;
        RealTime = definition.Blocks.Any(b => b is { Type: { Kind: BlockKind.Sink, Name: "websocket" } });
        started = Time.GetUtcNow();
        Runtime = PipelineRuntime.Build(definition, services);
        MemoryPlan = MemoryPlan.From(Runtime.Plan);
        watch = definition.Blocks
            .Where(b => b.Type.Kind == BlockKind.Sink)
            .Select(b => Runtime.Tap(b.Name))
            .Merge()
            .FirstOrDefaultAsync(IsPlayer)
            .Subscribe(first => Remember(first?.Key));
    }

    public PipelineDefinition Definition { get; }

    public PipelineRuntime Runtime { get; }

    /// <summary>The most memory that the process may take, by the config.</summary>
    public MemoryPlan MemoryPlan { get; }

    public IReadOnlyDictionary<string, ProviderGate> Gates { get; }

    public SourceHealth Sources { get; }

    public RecordStore Store { get; }

    public ListenerHub Hub { get; }

    public TimeProvider Time { get; }

    /// <summary>Whether the pipeline pushes to listeners.</summary>
    public bool RealTime { get; }

    public DateTimeOffset Now => Time.GetUtcNow();

    public TimeSpan Uptime => Now - started;

    /// <summary>Exceptions of tasks that nobody looked at.</summary>
    public long UnobservedExceptions => Volatile.Read(ref unobserved);

    /// <summary>Key of the first player that came out of the pipeline; null before.</summary>
    public string? FirstPlayer => Volatile.Read(ref firstPlayer);

    /// <summary>The sport that is meant when a caller names none: that of the first player that came out.</summary>
    public string? DefaultSport => Volatile.Read(ref defaultSport);

    public void CountUnobservedException() => Interlocked.Increment(ref unobserved);

    /// <summary>The books now. One collection of metrics asks dozens of times; it gets one answer.</summary>
    public PipelineStatus Status()
    {
        lock (gate)
        {
            if (status is null || Now - statusAt > StatusAge || status.State != Runtime.State)
            {
                status = Runtime.Status();
                statusAt = Now;
            }

            return status;
        }
    }

    /// <summary>How the service is, and why.</summary>
    public HealthReport Health() => HealthCheck.Check(Definition, Status(), Sources, Breakers(), Ledgers(), Cache(), Listeners(), Memory().Problem, Now);

    public IReadOnlyDictionary<string, BreakerStatus> Breakers() => Gates.ToDictionary(g => g.Key, g => g.Value.Breaker, StringComparer.Ordinal);

    /// <summary>What is wrong with the ledgers, by provider; those that are well are not in it.</summary>
    public IReadOnlyDictionary<string, string> Ledgers() =>
        Gates.Where(g => g.Value.LedgerProblem is not null).ToDictionary(g => g.Key, g => g.Value.LedgerProblem!, StringComparer.Ordinal);

    public IReadOnlyDictionary<string, ThrottleStatus> Throttles() => Gates.ToDictionary(g => g.Key, g => g.Value.Throttle, StringComparer.Ordinal);

    public CacheData Cache()
    {
        var stats = Store.Stats;
        return new CacheData(
            stats.Entries,
            stats.Bytes,
            stats.MaxBytes,
            stats.Hits,
            stats.Misses,
            Math.Round(stats.HitRatio, 3),
            stats.StaleServed,
            stats.Evicted,
            stats.Expired,
            stats.ByKind.ToDictionary(k => k.Key, k => k.Value.Entries, StringComparer.Ordinal),
            stats.Redis is { } redis
                ? new RedisData(redis.Up ? "up" : "down", redis.Hits, redis.Misses, redis.Written, redis.Pending, Store.Redis?.Problem)
                : new RedisData("off", 0, 0, 0, 0, null));
    }

    public MemoryData Memory() => MemoryData.Of(MemoryPlan);

    public ListenerData Listeners()
    {
        var stats = Hub.Stats;
        return new ListenerData(stats.Listeners, stats.Subscriptions, stats.Lagging, stats.Published, stats.FramesSent, stats.BytesSent, stats.Conflated, Math.Round(stats.FramesSent / (double)Math.Max(1, stats.Writes), 2), stats.Refused, Hub.Problem);
    }

    public void Dispose() => watch.Dispose();

    private void Remember(string? key)
    {
        Volatile.Write(ref firstPlayer, key);
        Volatile.Write(ref defaultSport, key?.Split(':')[1]);
        Hub.DefaultSport = DefaultSport;
    }

    private static bool IsPlayer(Update update) =>
        update.Key.StartsWith("player:", StringComparison.Ordinal) && update.Key.Split(':') is [_, { Length: > 0 }, _, ..];
}
