using System.Text.Json;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Records;

/// <summary>A source as rows refer to it.</summary>
/// <param name="Name">The block's name in the config.</param>
/// <param name="Index">Position in <see cref="RecordSchema.Sources"/>.</param>
/// <param name="Priority">Lower is believed first; from its provider.</param>
/// <param name="Reliability">0..1, how far the operator trusts its provider.</param>
public sealed record SourceInfo(string Name, int Index, int Priority, double Reliability)
{
    internal JsonFragment JsonName { get; } = new(JsonSerializer.SerializeToUtf8Bytes(Name));
}

/// <summary>Everything about record types and sources that is resolved when the config is compiled.</summary>
public sealed class RecordSchema
{
    private static readonly Confidence[] Confidences = Enum.GetValues<Confidence>();

    private readonly JsonFragment[] identities;

    /// <summary>Compiles the shapes of a pipeline.</summary>
    /// <param name="types">Record types; each one's index is its position.</param>
    /// <param name="sources">Sources; each one's index is its position.</param>
    public RecordSchema(IReadOnlyList<RecordType> types, IReadOnlyList<SourceInfo> sources)
    {
        Types = types;
        Sources = sources;
        Stride = Math.Max(1, types.Count == 0 ? 1 : types.Max(t => t.Fields.Count));
        Texts = [.. types.Select(t => t.Text)];
        Provenances = [.. types.Select(_ => new JsonFragmentCache())];
        SourceNames = [.. sources.Select(s => s.JsonName)];
        identities = [.. sources.SelectMany(s => Confidences.Select(c => new JsonFragment([.. ","u8, .. JsonSerializer.SerializeToUtf8Bytes(s.Name), .. ":"u8, .. JsonSerializer.SerializeToUtf8Bytes(c.ToString().ToLowerInvariant())])))];
        IdentitiesBound = identities.Sum(i => i.Length);
        LongestSource = SourceNames.Length == 0 ? 0 : SourceNames.Max(s => s.Length);
    }

    /// <summary>Record types by index.</summary>
    public IReadOnlyList<RecordType> Types { get; }

    /// <summary>Sources by index.</summary>
    public IReadOnlyList<SourceInfo> Sources { get; }

    /// <summary>Cells per row: the field count of the widest type.</summary>
    public int Stride { get; }

    /// <summary>What encoded records have in common, by type.</summary>
    internal RecordText[] Texts { get; }

    /// <summary>Provenance of records whose fields all come from one source, by type. Sources are numbered per schema, types may stand in several.</summary>
    internal JsonFragmentCache[] Provenances { get; }

    /// <summary>Names of sources as JSON, by index.</summary>
    internal JsonFragment[] SourceNames { get; }

    /// <summary>Length of the longest of <see cref="SourceNames"/>.</summary>
    internal int LongestSource { get; }

    /// <summary>Most bytes that tell how surely the ids of all sources were matched.</summary>
    internal int IdentitiesBound { get; }

    /// <summary>Says how surely a source's id was matched: <c>,"espn":"sure"</c>.</summary>
    internal JsonFragment Identity(int source, Confidence confidence) => identities[(source * Confidences.Length) + (int)confidence];

    /// <summary>The type of that name, or null.</summary>
    public RecordType? Type(string name) => Types.FirstOrDefault(t => t.Name == name);

    /// <summary>The source of that name, or null.</summary>
    public SourceInfo? Source(string name) => Sources.FirstOrDefault(s => s.Name == name);
}
