using System.Text.Json;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Simulator;

/// <summary>A path of a pretended provider, and what it answers there: <c>json</c>, a <c>file</c>, or a list of <c>items</c>.</summary>
public sealed record SimPathOptions
{
    /// <summary>The path, such as <c>/items</c>; <c>/game/*</c> is every path that begins so and has none of its own.</summary>
    [RequiredSetting]
    public string Path { get; init; } = "";

    /// <summary>The answer.</summary>
    public JsonElement Json { get; init; }

    /// <summary>A file with the answer, JSON; it is read at the start.</summary>
    public string? File { get; init; }

    /// <summary>
    /// Answers a list of so many made-up items, <c>{ "id": "1", "value": .., "step": .., "at": ".." }</c>, and each of them below the path, as
    /// <c>/items/1</c>. A value follows from <c>seed</c>, id and step alone.
    /// </summary>
    [Between("1", "10000")]
    public int? Items { get; init; }

    /// <summary>How often the items' values change: steps are counted from 1970, so that providers with the same seed agree. Absent: never.</summary>
    [Between("10ms", "30d")]
    public Duration? Every { get; init; }

    /// <summary>Member of an object that holds the list of items; absent: the answer is the list.</summary>
    public string? In { get; init; }

    /// <summary>Whether answers have an ETag, and what a client has already is answered with 304. Faults have none.</summary>
    public bool Etag { get; init; }
}
