namespace StreamEngine.Pipeline.Configuration;

/// <summary>Finds what the operator probably meant.</summary>
internal static class Suggestion
{
    /// <summary>The known name closest to <paramref name="name"/>, or null when none is close.</summary>
    public static string? Nearest(string name, IEnumerable<string> known)
    {
        string? best = null;
        var bestDistance = Math.Max(1, name.Length / 3) + 1;
        foreach (var candidate in known)
        {
            var distance = Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant());
            if (distance < bestDistance)
            {
                best = candidate;
                bestDistance = distance;
            }
        }

        return best;
    }

    /// <summary><c>; did you mean 'perMinute'?</c>, or the list of what there is, or nothing.</summary>
    public static string Remedy(string name, IReadOnlyCollection<string> known) => Nearest(name, known) is { } nearest
        ? $"; did you mean '{nearest}'?"
        : known.Count is > 0 and <= 12 ? $"; there are: {string.Join(", ", known)}" : "";

    // Optimal string alignment: swapped neighbours count as one slip.
    private static int Distance(string a, string b)
    {
        var cost = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                cost[i, j] = Math.Min(
                    Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1,
                    cost[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[a.Length, b.Length];
    }
}
