using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>A crosswalk table; a path alone means one whose columns are named after the namespaces.</summary>
[ShortForm(nameof(Path))]
public sealed record IdentifyTableOptions
{
    /// <summary>The file, relative to the config's folder.</summary>
    [RequiredSetting]
    public string Path { get; init; } = "";

    /// <summary>The kind of all its entities, such as <c>player</c>, when it has no column <c>kind</c>.</summary>
    public string? Kind { get; init; }

    /// <summary>
    /// By namespace the column with its ids, ours first, when columns have other names: <c>{ "mlb": "key_mlbam", "retro": "key_retro" }</c>. Rows
    /// without an id of ours are left out.
    /// </summary>
    public IReadOnlyDictionary<string, string> Ids { get; init; } = new Dictionary<string, string>();

    /// <summary>Columns that together are the entity's name, such as <c>["name_first", "name_last", "name_suffix"]</c>.</summary>
    public IReadOnlyList<string> Name { get; init; } = [];

    /// <summary>The column with its birth date (<c>1994-05-28</c>), or those with year, month and day.</summary>
    public IReadOnlyList<string> BirthDate { get; init; } = [];
}
