using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>
/// Makes one trusted record of what several sources say about a key. Each field comes from the source preferred for it among those
/// that have it. Only a change of a value is passed on, with a revision and the names of the fields that changed. What a source says
/// replaces all it said before, and never goes back in time.
/// </summary>
public sealed record MergeOptions : TransformOptions, INamesEvents
{
    /// <summary>
    /// What decides between sources, the first that makes a difference: priority (of the provider), quality (the score), freshness (the
    /// later event time), agreement (the value that most fresh sources give). Sources whose last word is stale come last in any case.
    /// </summary>
    [OneOf("priority", "quality", "freshness", "agreement")]
    public IReadOnlyList<string> Prefer { get; init; } = ["priority", "quality", "freshness"];

    /// <summary>
    /// What decides instead for some fields: by <c>record.field</c>, such as <c>player.injury</c>, or by record, such as <c>player</c>, for all
    /// its fields that have no line of their own.
    /// </summary>
    [OneOf("priority", "quality", "freshness", "agreement")]
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Fields { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>How long after it was last received or confirmed what a source said counts as stale. It does so at once when the breaker of its provider opens.</summary>
    [Between("1s", "30d")]
    public Duration StaleAfter { get; init; } = Duration.Seconds(120);

    /// <summary>
    /// Sources that were heard within this time of each other, and neither is stale, are in conflict about a field when their values differ by
    /// more than its tolerance: the update names it among its <c>conflicts</c>, and it is counted. Null doesn't look for conflicts.
    /// </summary>
    [Between("1s", "30d")]
    public Duration? ConflictWithin { get; init; }

    /// <summary>Names for changes, such as <c>trade</c>: the first whose condition holds is the update's <c>event</c>.</summary>
    [NamedMembers]
    public IReadOnlyDictionary<string, MergeEventOptions> Events { get; init; } = new Dictionary<string, MergeEventOptions>();

    /// <summary>Most keys held; at the limit the one of a few that was not heard of for longest is forgotten, not always the one of all.</summary>
    [Between("1", "100000000")]
    public int MaxKeys { get; init; } = 1_000_000;

    /// <summary>Memory that their records may take, what every source last said included; past it keys are forgotten in the same way.</summary>
    [Between("64KB", "1024GB")]
    public ByteSize MaxBytes { get; init; } = new(256L << 20);

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> State(MemoryTerms terms) =>
    [
        new MemoryNeed("records of all sources", MaxBytes.Bytes, "maxBytes"),
        new MemoryNeed("table of keys", MergeTable.TableBytes(MaxKeys), "maxKeys"),
    ];

    IEnumerable<string> INamesEvents.EventsOf(string kind) => Events.Where(e => e.Value.Record == kind).Select(e => e.Key);
}
