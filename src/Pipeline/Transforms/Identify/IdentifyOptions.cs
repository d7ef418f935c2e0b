using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Memory;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>
/// Gives every entity one key: translates the providers' ids to ours by crosswalk tables and, where <c>match</c> says so, by names and birth
/// dates. Keys look like <c>kind:namespace:id</c>, such as <c>player:statline:sl-17</c>, which becomes <c>player:mlb:660271</c>; keys that are
/// ours already stay. See docs/identity.md.
/// </summary>
public sealed record IdentifyOptions : TransformOptions
{
    /// <summary>
    /// The crosswalk: CSV files, or JSON files (<c>*.json</c>) with a list of objects. The columns are <c>kind</c>, our namespace, then the
    /// providers' namespaces (<c>kind,mlb,statline,boxwire</c>); each row names one entity, an empty cell means no id there. A changed file is
    /// read again; one with faults is not, and health says so.
    /// </summary>
    [RequiredSetting]
    public IReadOnlyList<IdentifyTableOptions> Tables { get; init; } = [];

    /// <summary>
    /// Decisions by hand, which win over tables and rules: CSV or JSON files with the columns <c>id</c>, <c>is</c> and <c>isNot</c>, such as
    /// <c>player:espn:33303,player:mlb:571970,</c>. What is in <c>isNot</c> is never taken for the same, whatever names say.
    /// </summary>
    public IReadOnlyList<string> Overrides { get; init; } = [];

    /// <summary>By record: which of its fields tell who it is about. Without it ids are known by tables alone.</summary>
    [NamedMembers]
    public IReadOnlyDictionary<string, IdentifyMatchOptions> Match { get; init; } = new Dictionary<string, IdentifyMatchOptions>();

    /// <summary>
    /// The least confidence with which ids become one: <c>certain</c> (a table or an override says so), <c>sure</c> (the same name and birth
    /// date), <c>probable</c> (a name that only one entity has among all that are known, and only one id of the provider). An ambiguous name
    /// never makes ids one.
    /// </summary>
    [OneOf("certain", "sure", "probable")]
    public string Accept { get; init; } = "sure";

    /// <summary>
    /// What becomes of records whose id is nobody's we know: pass (with the key they have), filter, deadLetter, or park: the last record of each
    /// source is held until a table, an override or a rule says whose it is.
    /// </summary>
    [OneOf("pass", "filter", "deadLetter", "park")]
    public string Unknown { get; init; } = "pass";

    /// <summary>How often the files are looked at for changes; with <c>"clock": "event"</c> they are read at the start only.</summary>
    [Between("1s", "1d")]
    public Duration Reload { get; init; } = Duration.Seconds(5);

    /// <summary>Largest size of all files together.</summary>
    [Between("1KB", "1GB")]
    public ByteSize MaxTableBytes { get; init; } = new(2L << 20);

    /// <summary>With <c>match</c> or <c>park</c>: most ids remembered. Those past it are known by tables alone, and what has their name is no longer matched by it.</summary>
    [Between("1", "10000000")]
    public int MaxIds { get; init; } = 50_000;

    /// <summary>With <c>park</c>: most records that wait; those past it go to the dead letter.</summary>
    [Between("1", "10000000")]
    public int MaxParked { get; init; } = 10_000;

    /// <summary>With <c>park</c>: memory that they may take, their payloads included.</summary>
    [Between("4KB", "64GB")]
    public ByteSize MaxParkedBytes { get; init; } = new(16L << 20);

    /// <summary>Whether it has to remember ids.</summary>
    internal bool IsStateful => Match.Count > 0 || Unknown == "park";

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> Memory(MemoryTerms terms) =>
        [new MemoryNeed("tables, and those that replace them", 2 * Crosswalk.MemoryPerByte * MaxTableBytes.Bytes, "maxTableBytes")];

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> State(MemoryTerms terms) => !IsStateful ? [] :
    [
        new MemoryNeed("ids", MaxIds * (long)KnownId.MostBytes, "maxIds"),
        new MemoryNeed("records that wait", Unknown == "park" ? MaxParkedBytes.Bytes : 0, "maxParkedBytes"),
    ];
}
