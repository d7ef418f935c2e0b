namespace StreamEngine.Pipeline.Configuration;

/// <summary>A secret and the name under which it is sent.</summary>
public sealed record NamedSecretOptions
{
    /// <summary>The header or query parameter.</summary>
    [RequiredSetting]
    public string Name { get; init; } = "";

    /// <summary>The secret.</summary>
    [RequiredSetting]
    [Secret]
    public string Value { get; init; } = "";
}
