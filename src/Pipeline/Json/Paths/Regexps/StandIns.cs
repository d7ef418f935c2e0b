using System.Globalization;
using System.Text;

namespace StreamEngine.Pipeline.Json.Paths.Regexps;

/// <summary>
/// Makes one UTF-16 unit of each character beyond U+FFFF. The framework's expressions match units, and would take such a character for
/// two; but a pattern tells apart only a few kinds of them, by which of its sets they are in. Each kind gets one of the surrogates, which
/// no text has after that, to stand for all its characters.
/// </summary>
internal sealed class StandIns
{
    private const int FirstBeyond = 0x10000;
    private const char First = '\uD800';
    private const char LastUnit = '\uDFFF';

    private readonly List<int> starts = [FirstBeyond];
    private readonly List<char> units = [];

    /// <summary>One character of each kind, in the order of their stand-ins.</summary>
    private readonly List<int> examples = [];

    /// <param name="sets">All sets of the pattern.</param>
    public StandIns(IReadOnlyList<CodePointSet> sets)
    {
        foreach (var (from, to) in sets.SelectMany(s => s.Ranges))
        {
            starts.AddRange(new[] { from, to + 1 }.Where(c => c is > FirstBeyond and <= CodePointSet.Last));
        }

        starts = [.. starts.Distinct().Order()];
        var kinds = new Dictionary<string, int>();
        foreach (var start in starts)
        {
            var kind = string.Create(sets.Count, (sets, start), static (bits, s) =>
            {
                for (var i = 0; i < bits.Length; i++)
                {
                    bits[i] = s.sets[i].Contains(s.start) ? '1' : '0';
                }
            });
            if (!kinds.TryGetValue(kind, out var number))
            {
                kinds.Add(kind, number = kinds.Count);
                examples.Add(start);
            }

            units.Add((char)(First + number));
        }
    }

    /// <summary>Whether there are enough surrogates.</summary>
    public bool AreEnough => examples.Count <= LastUnit - First + 1;

    /// <summary>Writes a set as a class of units, for the framework.</summary>
    public void Write(CodePointSet set, StringBuilder pattern)
    {
        var start = pattern.Append('[').Length;
        foreach (var (from, to) in set.Ranges)
        {
            if (from < FirstBeyond)
            {
                Append(pattern, from, Math.Min(to, FirstBeyond - 1));
            }
        }

        for (var kind = 0; kind < examples.Count; kind++)
        {
            if (set.Contains(examples[kind]))
            {
                Append(pattern, First + kind, First + kind);
            }
        }

        if (pattern.Length == start)
        {
            // A class may not be empty.
            pattern.Append("^\\u0000-\\uFFFF");
        }

        pattern.Append(']');
    }

    /// <summary>Puts the stand-ins into a text.</summary>
    /// <param name="text">UTF-16 with whole surrogate pairs.</param>
    /// <returns>Its new length.</returns>
    public int Fold(Span<char> text)
    {
        var length = text.IndexOfAnyInRange(First, LastUnit);
        if (length < 0)
        {
            return text.Length;
        }

        for (var at = length; at < text.Length; at++)
        {
            text[length++] = char.IsHighSurrogate(text[at]) ? Of(char.ConvertToUtf32(text[at], text[++at])) : text[at];
        }

        return length;
    }

    private char Of(int codePoint)
    {
        var found = starts.BinarySearch(codePoint);
        return units[found < 0 ? ~found - 1 : found];
    }

    private static void Append(StringBuilder pattern, int unit) => pattern.Append("\\u").Append(unit.ToString("x4", CultureInfo.InvariantCulture));

    private static void Append(StringBuilder pattern, int from, int to)
    {
        Append(pattern, from);
        if (to > from)
        {
            Append(pattern.Append('-'), to);
        }
    }
}
