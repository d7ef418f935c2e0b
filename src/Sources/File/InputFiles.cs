namespace StreamEngine.Sources.File;

/// <summary>Which files a path or pattern means.</summary>
internal static class InputFiles
{
    /// <summary>Looking among more for a file that was renamed would take too long.</summary>
    private const int MaxNeighbours = 10_000;

    /// <summary>Whether the last part is a pattern.</summary>
    public static bool IsPattern(string path) => Path.GetFileName(path).AsSpan().ContainsAny('*', '?');

    /// <summary>The files there are, by name; none when there is no such file.</summary>
    public static IReadOnlyList<string> Find(string fullPath)
    {
        if (!IsPattern(fullPath))
        {
            return System.IO.File.Exists(fullPath) ? [fullPath] : [];
        }

        var folder = Path.GetDirectoryName(fullPath) ?? ".";
        return Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder, Path.GetFileName(fullPath)).Order(StringComparer.Ordinal)]
            : [];
    }

    /// <summary>The files that a rotation may have made of this one: in the same folder, with something added to the name.</summary>
    public static IReadOnlyList<string> Rotated(string fullPath)
    {
        var folder = Path.GetDirectoryName(fullPath);
        return Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder).Take(MaxNeighbours).Where(f => f.Length > fullPath.Length && f.StartsWith(fullPath, StringComparison.Ordinal)).Order(StringComparer.Ordinal)]
            : [];
    }
}
