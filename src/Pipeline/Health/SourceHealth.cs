using System.Collections.Concurrent;

namespace StreamEngine.Pipeline.Health;

/// <summary>What is known about each source: written by the source and by merges, read by health, metrics and the gate.</summary>
/// <param name="time">The clock.</param>
public sealed class SourceHealth(TimeProvider time)
{
    /// <summary>How much an older request counts against one that came after it: about the last twenty count.</summary>
    private const double Decay = 0.95;

    private readonly ConcurrentDictionary<string, Book> sources = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ScoreAverage> answers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Standstill> watched = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ProviderOutage> outages = new(StringComparer.Ordinal);
    private int generation;

    /// <summary>All sources that have reported, by name, as of now.</summary>
    public IReadOnlyDictionary<string, SourceState> Sources => sources.ToDictionary(s => s.Key, s => s.Value.State, StringComparer.Ordinal);

    /// <summary>How good what the sources say has been of late.</summary>
    public SourceScores Scores { get; } = new();

    /// <summary>How often sources disagreed.</summary>
    public ConflictBook Conflicts { get; } = new();

    /// <summary>The sources that are watched for content that stands still.</summary>
    public IEnumerable<Standstill> Watched => watched.Values;

    /// <summary>Whether what a source says stands still; null when it is not watched.</summary>
    public Standstill? Content(string source) => watched.GetValueOrDefault(source);

    /// <summary>How far a source can be relied on of late, from 0 to 1: the share of about its last twenty requests that were answered; 0 while what it says stands still.</summary>
    public double Reliability(string source) => Content(source)?.IsFrozen == true ? 0 : answers.TryGetValue(source, out var share) ? share.Value : 1;

    /// <summary>When a provider could not be asked any more.</summary>
    /// <param name="provider">The provider's name.</param>
    public ProviderOutage Outage(string provider) => outages.GetOrAdd(provider, static _ => new ProviderOutage());

    /// <summary>Has a source watched.</summary>
    /// <param name="source">The source's name.</param>
    /// <param name="after">How long its content has to stand still.</param>
    internal Standstill Watch(string source, TimeSpan after) => watched.AddOrUpdate(
        source,
        _ => new Standstill(source, after),
        (_, known) => known.After == after ? known : new Standstill(source, after));

    /// <summary>Grows when what the pipeline remembered of earlier payloads was lost.</summary>
    public int Generation => Volatile.Read(ref generation);

    /// <summary>
    /// What the pipeline remembered of earlier payloads is lost: "nothing has changed" means nothing to it any more, so sources
    /// ask for whole payloads once.
    /// </summary>
    public void AskInFull() => Interlocked.Increment(ref generation);

    /// <summary>A payload arrived.</summary>
    /// <param name="source">The source's name.</param>
    /// <param name="changed">False for a 304 or the same bytes as before.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="isWhole">Whether all that was asked for is here now: false for a page that others follow, which ends no row of failures.</param>
    public void Succeeded(string source, bool changed, long bytes, bool isWhole = true)
    {
        // Told of every batch: without closures.
        Change(
            source,
            static (known, payload) => known with
            {
                LastSuccess = payload.At,
                Payloads = known.Payloads + 1,
                Confirmed = known.Confirmed + (payload.changed ? 0 : 1),
                Bytes = known.Bytes + payload.bytes,
                FailuresInARow = payload.isWhole ? 0 : known.FailuresInARow,
            },
            (At: time.GetUtcNow(), changed, bytes, isWhole));
        if (isWhole)
        {
            Answers(source).Add(1, 1);
        }
    }

    /// <summary>A source goes on from a checkpoint: it last had a payload before this process was started.</summary>
    public void Restored(string source, DateTimeOffset lastSuccess) => Change(source, static (known, last) => known with { LastSuccess = known.LastSuccess ?? last }, lastSuccess);

    /// <summary>A request failed for good, after its retries.</summary>
    /// <param name="source">The source's name.</param>
    /// <param name="error">What happened, without secrets.</param>
    /// <param name="isPartly">Whether a part of what was asked for had come before.</param>
    public void Failed(string source, string error, bool isPartly = false)
    {
        Change(
            source,
            static (known, failure) => known with
            {
                LastFailure = failure.At,
                LastError = failure.error,
                Failures = known.Failures + 1,
                Incomplete = known.Incomplete + (failure.isPartly ? 1 : 0),
                FailuresInARow = known.FailuresInARow + 1,
            },
            (At: time.GetUtcNow(), error, isPartly));
        Answers(source).Add(1, 0);
    }

    /// <summary>The provider's sequence numbers show that messages did not arrive.</summary>
    public void Missed(string source, long messages) => Change(source, static (known, more) => known with { Missed = known.Missed + more }, messages);

    /// <summary>A patch was asked for instead of a whole document.</summary>
    /// <param name="source">The source's name.</param>
    /// <param name="usable">Whether it could be used; else the whole document was asked for after all.</param>
    public void Patched(string source, bool usable) => Change(
        source,
        static (known, usable) => usable ? known with { Patches = known.Patches + 1 } : known with { UnusablePatches = known.UnusablePatches + 1 },
        usable);

    private void Change<T>(string source, Func<SourceState, T, SourceState> change, T with) => sources.GetOrAdd(source, static _ => new Book()).Change(change, with);

    private ScoreAverage Answers(string source) => answers.GetOrAdd(source, static _ => new ScoreAverage(Decay, start: 1));

    /// <summary>What is known about one source, changed in place.</summary>
    private sealed class Book
    {
        private readonly Lock gate = new();
        private SourceState state;

        public SourceState State
        {
            get
            {
                lock (gate)
                {
                    return state;
                }
            }
        }

        public void Change<T>(Func<SourceState, T, SourceState> change, T with)
        {
            lock (gate)
            {
                state = change(state, with);
            }
        }
    }
}

/// <summary>What is known about one source.</summary>
public readonly record struct SourceState
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

    /// <summary>Those of which a part had come: some of the pages, or fewer items than the provider has.</summary>
    public long Incomplete { get; init; }

    /// <summary>Failures since the last success.</summary>
    public int FailuresInARow { get; init; }

    /// <summary>Messages that did not arrive, as jumps in the provider's sequence numbers show.</summary>
    public long Missed { get; init; }

    /// <summary>Patches that were used in place of whole documents, those that changed nothing included.</summary>
    public long Patches { get; init; }

    /// <summary>Patches that could not be used.</summary>
    public long UnusablePatches { get; init; }
}
