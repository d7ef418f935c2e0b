using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>
/// Gives every entity one key: translates the providers' ids to ours by crosswalk tables. Keys look like <c>kind:namespace:id</c>,
/// such as <c>player:statline:sl-17</c>, which becomes <c>player:mlb:660271</c>; keys that are ours already stay.
/// </summary>
public sealed record IdentifyOptions : TransformOptions
{
    /// <summary>
    /// CSV files, relative to the config's folder. Their header is <c>kind</c>, our namespace, then the providers' namespaces
    /// (<c>kind,mlb,statline,boxwire</c>); each row names one entity, an empty cell means no id there.
    /// </summary>
    [RequiredSetting]
    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>What becomes of records whose key is in no table: pass (with the key they have), filter or deadLetter.</summary>
    [OneOf("pass", "filter", "deadLetter")]
    public string Unknown { get; init; } = "pass";
}
