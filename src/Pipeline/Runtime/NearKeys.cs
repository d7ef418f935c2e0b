using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>Finds the keys that somebody probably meant.</summary>
internal static class NearKeys
{
    private const int Most = 3;
    private const char Separator = ':';

    /// <summary>Keys that end like what was written, in whatever case; else the one that differs from it by the fewest letters.</summary>
    public static IReadOnlyList<string> Of(string written, IReadOnlyList<string> known)
    {
        var id = written[(written.LastIndexOf(Separator) + 1)..];
        var same = known.Where(k => k.AsSpan(k.LastIndexOf(Separator) + 1).Equals(id, StringComparison.OrdinalIgnoreCase)).Take(Most).ToList();
        return same.Count > 0 ? same : Suggestion.Nearest(written, known) is { } nearest ? [nearest] : [];
    }
}
