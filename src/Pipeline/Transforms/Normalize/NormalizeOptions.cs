using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Transforms.Normalize;

/// <summary>
/// Turns payloads into records by a mapping. Payloads that are no JSON, and items without a key, go to the dead letter; payloads
/// in which no rule finds a record are filtered. A value that doesn't fit its declared type is left out and marked invalid.
/// </summary>
public sealed record NormalizeOptions : TransformOptions
{
    /// <summary>Path of the mapping file, relative to the config's folder.</summary>
    [RequiredSetting]
    public string Map { get; init; } = "";
}
