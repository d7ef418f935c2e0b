namespace StreamEngine.Pipeline.Configuration;

/// <summary>Finds what the operator probably meant.</summary>
internal static class Suggestion
{
    private const int MaxDistance = 3;
    private const int MaxListed = 30;
    private const int MaxLength = 100;

    /// <summary>The known name closest to what was written, or null when none is close.</summary>
    public static string? Nearest(string written, IEnumerable<string> known)
    {
        string? best = null;
        var bestDistance = Math.Clamp(written.Length / 3, 1, MaxDistance) + 1;
        foreach (var name in known)
        {
            var distance = Distance(written, name);
            if (distance < bestDistance && distance < Math.Max(written.Length, name.Length))
            {
                best = name;
                bestDistance = distance;
            }
        }

        return best;
    }

    /// <summary>The remedy: <c>did you mean 'x'?</c>, or the names there are.</summary>
    public static string Hint(string written, IEnumerable<string> known, string none)
    {
        var names = known.ToList();
        return Nearest(written, names) is { } name ? $"did you mean '{name}'?"
            : names.Count == 0 ? none
            : $"known: {string.Join(", ", names.Take(MaxListed))}{(names.Count > MaxListed ? ", ..." : "")}";
    }

    /// <summary>The remedy as the end of a sentence: <c>; did you mean 'x'?</c>, or the names there are, or nothing.</summary>
    public static string Remedy(string written, IReadOnlyCollection<string> known) => Nearest(written, known) is { } name
        ? $"; did you mean '{name}'?"
        : known.Count is > 0 and <= 12 ? $"; there are: {string.Join(", ", known)}" : "";

    // Optimal string alignment: insertions, deletions, changes and swaps of neighbours, each costing one; case costs nothing.
    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > MaxDistance || a.Length > MaxLength)
        {
            return int.MaxValue;
        }

        var costs = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    costs[i, j] = i + j;
                    continue;
                }

                var change = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                costs[i, j] = Math.Min(Math.Min(costs[i - 1, j], costs[i, j - 1]) + 1, costs[i - 1, j - 1] + change);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                {
                    costs[i, j] = Math.Min(costs[i, j], costs[i - 2, j - 2] + 1);
                }
            }
        }

        return costs[a.Length, b.Length];
    }

    private static bool Same(char a, char b) => char.ToUpperInvariant(a) == char.ToUpperInvariant(b);
}
