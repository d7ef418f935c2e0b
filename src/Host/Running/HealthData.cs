using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Host.Running;

/// <summary>How the service is, and why.</summary>
/// <param name="Status"><c>healthy</c>, <c>degraded</c> (it serves, but something is wrong) or <c>unhealthy</c>.</param>
/// <param name="Problems">What is wrong, one sentence each.</param>
/// <param name="Data">What the verdict rests on.</param>
internal sealed record HealthReport(string Status, IReadOnlyList<string> Problems, HealthData Data)
{
    public const string Healthy = "healthy";
    public const string Degraded = "degraded";
    public const string Unhealthy = "unhealthy";
}

/// <summary>What the verdict rests on.</summary>
internal sealed record HealthData(
    IReadOnlyDictionary<string, SourceData> Sources,
    IReadOnlyDictionary<string, BreakerStatus> Breakers,
    CacheData Cache,
    ListenerData Listeners,
    CheckpointStatus? Checkpoint,
    DeadLetterStatus? DeadLetter);

/// <summary>One source.</summary>
internal sealed record SourceData
{
    /// <summary><c>waiting</c> (nothing has come yet), <c>idle</c> (nothing was asked for yet, and it asks only then), <c>ok</c>, <c>failing</c>, <c>frozen</c> (what it says stands still), <c>silent</c>, <c>completed</c>, <c>restarting</c> or <c>failed</c>.</summary>
    public required string State { get; init; }

    /// <summary>Whom it asks; null for a source without a provider.</summary>
    public string? Provider { get; init; }

    /// <summary>When the last payload arrived.</summary>
    public DateTimeOffset? LastSuccess { get; init; }

    /// <summary>How long ago that was, in seconds.</summary>
    public double? AgeSeconds { get; init; }

    /// <summary>Payloads received.</summary>
    public long Payloads { get; init; }

    /// <summary>Payloads that only confirmed what was known.</summary>
    public long Confirmed { get; init; }

    /// <summary>Bytes received, decompressed.</summary>
    public long Bytes { get; init; }

    /// <summary>Average score of about the last hundred of its records, from 0 to 1; null when they are not scored.</summary>
    public double? Quality { get; init; }

    /// <summary>Share of what it says with which other fresh sources agree, over about the last hundred of its updates that could be compared; null when no score asks.</summary>
    public double? Agreement { get; init; }

    /// <summary>Share of about its last hundred updates that were neither refused nor took a count back; null when no score asks.</summary>
    public double? Consistency { get; init; }

    /// <summary>Share of about its last twenty requests that were answered; 0 while it is frozen, null when it asks no provider.</summary>
    public double? Reliability { get; init; }

    /// <summary>What stands still of what it says while that of others moves; null when nothing does, or it is not watched.</summary>
    public string? Frozen { get; init; }

    /// <summary>Requests that failed for good.</summary>
    public long Failures { get; init; }

    /// <summary>Those of which a part had come: some of the pages, or fewer items than the provider has.</summary>
    public long Incomplete { get; init; }

    /// <summary>Failures since the last success.</summary>
    public int FailuresInARow { get; init; }

    /// <summary>Messages that did not arrive, as jumps in the provider's sequence numbers show.</summary>
    public long Missed { get; init; }

    /// <summary>Patches that were used in place of whole documents.</summary>
    public long Patches { get; init; }

    /// <summary>Patches that could not be used, so that the whole document was asked for.</summary>
    public long UnusablePatches { get; init; }

    /// <summary>When a request last failed for good.</summary>
    public DateTimeOffset? LastFailure { get; init; }

    /// <summary>Why, without secrets.</summary>
    public string? LastError { get; init; }
}

/// <summary>The record store.</summary>
internal sealed record CacheData(
    int Entries,
    long Bytes,
    long MaxBytes,
    long Hits,
    long Misses,
    double HitRatio,
    long StaleServed,
    long Evicted,
    long Expired,
    IReadOnlyDictionary<string, int> EntriesByKind,
    RedisData Redis);

/// <summary>The Redis tier: <c>off</c>, <c>up</c> or <c>down</c>.</summary>
internal sealed record RedisData(string State, long Hits, long Misses, long Written, int Pending, string? Problem);

/// <summary>The listeners.</summary>
internal sealed record ListenerData(
    int Connected, int Subscriptions, int Lagging, long Published, long Delivered, long DeliveredBytes, long Conflated, double Coalescing, long Refused, string? Problem);
