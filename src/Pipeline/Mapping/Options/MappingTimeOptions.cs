using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Where a time stands and how it is written.</summary>
[ShortForm(nameof(Path))]
public sealed record MappingTimeOptions
{
    /// <summary>Path of the time; of several the first that has a value counts.</summary>
    [RequiredSetting]
    public IReadOnlyList<string> Path { get; init; } = [];

    /// <summary>
    /// How it is written: <c>iso</c> (the default), <c>unix</c> (seconds), <c>unixMilliseconds</c>, or a .NET format such as <c>yyyyMMdd_HHmmss</c>.
    /// </summary>
    public string? Format { get; init; }

    /// <summary>Time zone of a time that names none, such as <c>America/New_York</c>; UTC by default.</summary>
    public string? Zone { get; init; }
}
