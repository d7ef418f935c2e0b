using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Sources.Http;

/// <summary>Whether assumptions speak of what the source has.</summary>
internal static class AssumeCheck
{
    public static void Run(AssumeOptions assume, HttpSourceOptions options, BlockCheck check)
    {
        if (assume.Items is not null && options.For is null)
        {
            check.Error("assume.items", "there is no 'for' that finds items; remove it");
        }

        if (assume.Pages is not null && options.Pages is null)
        {
            check.Error("assume.pages", "an answer has one page, because there is no 'pages'; remove it");
        }

        var known = options.Every.Values.Keys;
        foreach (var value in assume.Values.Keys.Where(v => !options.Every.Values.ContainsKey(v)))
        {
            check.Error($"assume.{value}", $"'every' has no interval for '{value}'; {(known.Any() ? $"known: {string.Join(", ", known)}" : "remove it, or give it one")}");
        }

        var all = options.For is null ? options.Request.Count : assume.Items;
        if (all is { } most && assume.Values.Values.Sum(v => (long)v) > most)
        {
            check.Error("assume", $"{assume.Values.Values.Sum(v => (long)v)} have values, but there are {most}; correct one of the numbers");
        }
    }
}
