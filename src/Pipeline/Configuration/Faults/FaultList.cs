using StreamEngine.Pipeline.Configuration.Json;

namespace StreamEngine.Pipeline.Configuration.Faults;

/// <summary>Collects faults. What came from the environment or is a secret is replaced in every message before it leaves.</summary>
internal sealed class FaultList
{
    private const int MaxFaults = 1000;

    // Shorter values are no secrets, and replacing them would garble the words of a message.
    private const int MinHidden = 4;

    private readonly HashSet<ConfigFault> faults = [];
    private readonly Dictionary<string, string> hidden = new(StringComparer.Ordinal);

    public int Errors { get; private set; }

    public void Error(Place place, string path, string message) => Add(FaultSeverity.Error, place, path, message);

    public void Warning(Place place, string path, string message) => Add(FaultSeverity.Warning, place, path, message);

    /// <summary>The settings with errors so far.</summary>
    public IReadOnlyList<string> ErrorPaths() => [.. faults.Where(f => f.Severity == FaultSeverity.Error).Select(f => f.Path)];

    /// <summary>From now on, and in what was said before, the value appears as <paramref name="shownAs"/>.</summary>
    public void Hide(string value, string shownAs)
    {
        if (value.Length >= MinHidden)
        {
            hidden.TryAdd(value, shownAs);
        }
    }

    /// <summary>The values that are hidden.</summary>
    public IReadOnlyList<string> Hidden => [.. hidden.Keys];

    /// <summary>By file, line and column.</summary>
    public IReadOnlyList<ConfigFault> Sorted() =>
    [
        .. faults.Select(f => f with { Message = Clean(f.Message) })
            .OrderBy(f => f.File, StringComparer.Ordinal).ThenBy(f => f.Line).ThenBy(f => f.Column)
            .ThenBy(f => f.Path, StringComparer.Ordinal).ThenBy(f => f.Message, StringComparer.Ordinal),
    ];

    private void Add(FaultSeverity severity, Place place, string path, string message)
    {
        Errors += severity == FaultSeverity.Error ? 1 : 0;
        if (faults.Count < MaxFaults)
        {
            faults.Add(new ConfigFault(severity, place.File, place.Line, place.Column, path, message));
        }
    }

    private string Clean(string message)
    {
        // Longest first: a secret may contain another.
        foreach (var (value, shownAs) in hidden.OrderByDescending(h => h.Key.Length))
        {
            message = message.Replace(value, shownAs, StringComparison.Ordinal);
        }

        return message;
    }
}
