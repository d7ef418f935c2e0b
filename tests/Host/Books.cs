using System.Globalization;
using System.Text.RegularExpressions;

namespace StreamEngine.Host.Tests;

/// <summary>The books of a block as the summary prints them.</summary>
internal sealed partial record Books(string Block, string Kind, long In, long Expanded, long Out, long Filtered, long Absorbed, long Dropped, long Dead, long Held)
{
    public static IReadOnlyList<Books> All(string output) => [.. Line().Matches(output).Select(m =>
    {
        var n = m.Groups[3].Captures.Select(c => long.Parse(c.Value, CultureInfo.InvariantCulture)).ToList();
        return new Books(m.Groups[1].Value, m.Groups[2].Value, n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]);
    })];

    public static Books Of(string output, string block) => All(output).Single(b => b.Block == block);

    [GeneratedRegex(@"^  (\S+) +(source|transform|sink)(?: +(\d+)){8}$", RegexOptions.Multiline)]
    private static partial Regex Line();
}
