using System.Text.Json;
using StreamEngine.Host.Running;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Host.Api;

/// <summary>Answer of <c>health</c>.</summary>
internal sealed record HealthAnswer(string Status, string Service, IReadOnlyList<string> Problems, HealthData HealthData, DateTimeOffset Timestamp);

/// <summary>Answer of <c>health/live</c> and <c>health/ready</c>.</summary>
internal sealed record LiveAnswer(string Status, string State, DateTimeOffset Timestamp);

/// <summary>Answer of <c>channels</c>.</summary>
/// <param name="Channels">Channels by name.</param>
/// <param name="Truncated">Whether there are more.</param>
/// <param name="Schemas">The JSON schema of an update's <c>data</c>, by type.</param>
/// <param name="Timestamp">When it was answered.</param>
internal sealed record ChannelsAnswer(IReadOnlyList<ChannelAnswer> Channels, bool Truncated, IReadOnlyDictionary<string, JsonElement> Schemas, DateTimeOffset Timestamp);

/// <summary>One channel.</summary>
internal sealed record ChannelAnswer(string Channel, string Kind, string Type, long Offset, string Epoch);

/// <summary>Answer of <c>circuit-breaker/status</c>.</summary>
internal sealed record BreakersAnswer(IReadOnlyDictionary<string, BreakerStatus> CircuitBreakers, DateTimeOffset Timestamp);

/// <summary>Answer of <c>circuit-breaker/reset</c>.</summary>
internal sealed record BreakerResetAnswer(BreakerChange CircuitBreakerReset);

/// <summary>Answer of <c>circuit-breaker/trip</c>.</summary>
internal sealed record BreakerTripAnswer(BreakerChange CircuitBreakerTrip);

/// <summary>What was done to the breaker of a provider.</summary>
internal sealed record BreakerChange(string Service, bool Success, DateTimeOffset Timestamp);

/// <summary>Answer of <c>rate-limits/status</c>, by provider.</summary>
internal sealed record RateLimitsAnswer(IReadOnlyDictionary<string, ThrottleStatus> RateLimits, DateTimeOffset Timestamp);

/// <summary>Answer of <c>pipeline</c>.</summary>
internal sealed record PipelineAnswer(
    string Name,
    string State,
    IReadOnlyList<BlockStatus> Blocks,
    IReadOnlyList<GraphLink> Links,
    CheckpointStatus? LastCheckpoint,
    DeadLetterStatus? DeadLetter,
    MemoryData Memory);

/// <summary>Answer of <c>metrics</c>.</summary>
internal sealed record MetricsAnswer(
    string OverallHealth,
    ServiceMetrics ServiceMetrics,
    IReadOnlyDictionary<string, BreakerStatus> CircuitBreakerStatus,
    CacheData CacheMetrics,
    IReadOnlyDictionary<string, ThrottleStatus> RateLimitStatus,
    DateTimeOffset Timestamp);

/// <summary>What the service as a whole does.</summary>
internal sealed record ServiceMetrics(
    double UptimeSeconds,
    long RecordsIn,
    long RecordsOut,
    double RecordsPerSecond,
    double EndToEndP99Ms,
    long DeadLettered,
    int Listeners,
    long FramesDelivered,
    long ManagedBytes,
    long UnobservedExceptions);

/// <summary>Body of <c>player-data</c>; fields it doesn't name are ignored.</summary>
internal sealed record PlayerRequest
{
    /// <summary>A text, or a number as some clients send it.</summary>
    public JsonElement PlayerId { get; init; }

    /// <summary>The second part of the key, such as <c>mlb</c>; the pipeline's first by default.</summary>
    public string? Sport { get; init; }
}
