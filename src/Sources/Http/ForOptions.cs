using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Http;

/// <summary>Where the items come from that requests are made for.</summary>
public sealed record ForOptions
{
    /// <summary>The http source whose payloads list the items.</summary>
    [RequiredSetting]
    public string From { get; init; } = "";

    /// <summary>Path of the items in such a payload, such as <c>$.dates[*].games[*]</c>; a list descends level by level.</summary>
    [RequiredSetting]
    public IReadOnlyList<string> Each { get; init; } = [];

    /// <summary>Names for use in <c>request</c> and <c>every</c>, each with the path of its value in the item.</summary>
    [OtherMembers]
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();
}
