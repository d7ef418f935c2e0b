using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>What makes a change of a record an event with a name of its own.</summary>
public sealed record MergeEventOptions
{
    /// <summary>The kind of record, such as <c>player</c>.</summary>
    [RequiredSetting]
    public string Record { get; init; } = "";

    /// <summary>
    /// A condition over the merged record, in which <c>changed(team)</c>, or <c>changed(hits, atBats)</c> for any of several, asks for a field whose
    /// value differs from the revision before. In the first revision of a key nothing has changed.
    /// </summary>
    [RequiredSetting]
    public string When { get; init; } = "";
}
