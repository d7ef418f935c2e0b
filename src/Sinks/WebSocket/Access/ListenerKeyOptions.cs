using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sinks.WebSockets.Access;

/// <summary>A key and what it opens.</summary>
[ShortForm(nameof(Key))]
public sealed record ListenerKeyOptions
{
    /// <summary>The key, of at least 16 characters.</summary>
    [RequiredSetting]
    [Secret]
    public string Key { get; init; } = "";

    /// <summary>Channels and patterns, such as <c>player:*</c>, that it may read.</summary>
    public IReadOnlyList<string> Channels { get; init; } = ["*"];
}
