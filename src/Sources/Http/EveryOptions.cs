using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Http;

/// <summary>How often a request is made.</summary>
[ShortForm(nameof(Otherwise))]
public sealed record EveryOptions
{
    /// <summary>
    /// The name, bound by <c>for</c>, whose value decides; or a path into the answer, which begins with <c>$</c>, such as
    /// <c>$.games[*].state</c>: of several values the one with the shortest interval counts.
    /// </summary>
    public string? When { get; init; }

    /// <summary>The interval, whatever the value, when no other fits.</summary>
    [SettingName("*")]
    [RequiredSetting]
    [Between("10ms", "7d")]
    public Duration? Otherwise { get; init; }

    /// <summary>The interval for one value.</summary>
    [OtherMembers]
    [Between("10ms", "7d")]
    public IReadOnlyDictionary<string, Duration> Values { get; init; } = new Dictionary<string, Duration>();

    /// <summary>Whether the answer itself says how often it is asked for.</summary>
    internal bool IsOfAnswer => When?.StartsWith('$') == true;

    /// <summary>The interval for a value.</summary>
    internal TimeSpan For(string? value) =>
        (value is not null && Values.TryGetValue(value, out var every) ? every : Otherwise ?? Duration.Seconds(60)).Value;

    /// <summary>The shortest of all intervals.</summary>
    internal TimeSpan Shortest => Values.Values.Select(v => v.Value).Append(For(null)).Min();

    /// <summary>The longest of all intervals.</summary>
    public TimeSpan Longest => Values.Values.Select(v => v.Value).Append(For(null)).Max();
}
