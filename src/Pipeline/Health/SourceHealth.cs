using System.Collections.Concurrent;

namespace StreamEngine.Pipeline.Health;

/// <summary>What is known about each source: written by the source, read by health, metrics and (later) the gate.</summary>
/// <param name="time">The clock.</param>
public sealed class SourceHealth(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, SourceState> sources = new(StringComparer.Ordinal);
    private int generation;

    /// <summary>All sources that have reported, by name.</summary>
    public IReadOnlyDictionary<string, SourceState> Sources => sources;

    /// <summary>How good what the sources say has been of late.</summary>
    public SourceScores Scores { get; } = new();

    /// <summary>How often sources disagreed.</summary>
    public ConflictBook Conflicts { get; } = new();

    /// <summary>Grows when what the pipeline remembered of earlier payloads was lost.</summary>
    public int Generation => Volatile.Read(ref generation);

    /// <summary>
    /// What the pipeline remembered of earlier payloads is lost: "nothing has changed" means nothing to it any more, so sources
    /// ask for whole payloads once.
    /// </summary>
    public void AskInFull() => Interlocked.Increment(ref generation);

    /// <summary>A payload arrived; <paramref name="changed"/> is false for a 304 or the same bytes as before.</summary>
    public void Succeeded(string source, bool changed, long bytes) => sources.AddOrUpdate(
        source,
        _ => Success(new SourceState(), changed, bytes),
        (_, known) => Success(known, changed, bytes));

    /// <summary>A source goes on from a checkpoint: it last had a payload before this process was started.</summary>
    public void Restored(string source, DateTimeOffset lastSuccess) => sources.AddOrUpdate(
        source,
        _ => new SourceState { LastSuccess = lastSuccess },
        (_, known) => known.LastSuccess is null ? known with { LastSuccess = lastSuccess } : known);

    /// <summary>A request failed for good, after its retries.</summary>
    /// <param name="source">The source's name.</param>
    /// <param name="error">What happened, without secrets.</param>
    public void Failed(string source, string error) => sources.AddOrUpdate(
        source,
        _ => Failure(new SourceState(), error),
        (_, known) => Failure(known, error));

    private SourceState Success(SourceState known, bool changed, long bytes) => known with
    {
        LastSuccess = time.GetUtcNow(),
        Payloads = known.Payloads + 1,
        Confirmed = known.Confirmed + (changed ? 0 : 1),
        Bytes = known.Bytes + bytes,
        FailuresInARow = 0,
    };

    private SourceState Failure(SourceState known, string error) => known with
    {
        LastFailure = time.GetUtcNow(),
        LastError = error,
        Failures = known.Failures + 1,
        FailuresInARow = known.FailuresInARow + 1,
    };
}

/// <summary>What is known about one source.</summary>
public sealed record SourceState
{
    /// <summary>When the last payload arrived.</summary>
    public DateTimeOffset? LastSuccess { get; init; }

    /// <summary>When a request last failed for good.</summary>
    public DateTimeOffset? LastFailure { get; init; }

    /// <summary>Why, without secrets.</summary>
    public string? LastError { get; init; }

    /// <summary>Payloads received, unchanged ones included.</summary>
    public long Payloads { get; init; }

    /// <summary>Payloads that only confirmed what was known.</summary>
    public long Confirmed { get; init; }

    /// <summary>Bytes received, decompressed.</summary>
    public long Bytes { get; init; }

    /// <summary>Requests that failed for good.</summary>
    public long Failures { get; init; }

    /// <summary>Failures since the last success.</summary>
    public int FailuresInARow { get; init; }
}
