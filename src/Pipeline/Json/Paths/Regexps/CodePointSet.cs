using System.Text;

namespace StreamEngine.Pipeline.Json.Paths.Regexps;

/// <summary>A set of Unicode scalar values: what one atom of an I-Regexp matches.</summary>
internal sealed class CodePointSet
{
    /// <summary>The last code point there is.</summary>
    public const int Last = 0x10FFFF;

    private const int FirstSurrogate = 0xD800;
    private const int LastSurrogate = 0xDFFF;

    private List<(int From, int To)> ranges = [];

    /// <summary>What is in it, ascending and apart from each other.</summary>
    public IReadOnlyList<(int From, int To)> Ranges => ranges;

    /// <summary>A set of one.</summary>
    public static CodePointSet Of(int codePoint)
    {
        var set = new CodePointSet();
        set.Add(codePoint, codePoint);
        return set;
    }

    /// <summary>Puts a range in, both ends included.</summary>
    public void Add(int from, int to) => ranges.Add((from, to));

    /// <summary>Puts ranges in.</summary>
    public void Add(IEnumerable<(int From, int To)> others) => ranges.AddRange(others);

    /// <summary>Brings the ranges in order, and turns the set into all that was not in it where that is asked for.</summary>
    public CodePointSet Close(bool complement)
    {
        Merge();
        if (complement)
        {
            // Surrogates are no scalar values: they may be in neither a set nor its complement.
            ranges.Add((FirstSurrogate, LastSurrogate));
            Merge();
            ranges = Gaps();
        }

        return this;
    }

    /// <summary>Whether a code point is in it.</summary>
    public bool Contains(int codePoint)
    {
        var (low, high) = (0, ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (ranges[middle].To < codePoint)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < ranges.Count && ranges[low].From <= codePoint;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (from, to) in ranges)
        {
            text.Append(from).Append('-').Append(to).Append(',');
        }

        return text.ToString();
    }

    private void Merge()
    {
        ranges.Sort();
        var merged = new List<(int From, int To)>(ranges.Count);
        foreach (var range in ranges)
        {
            if (merged.Count > 0 && range.From <= merged[^1].To + 1)
            {
                merged[^1] = (merged[^1].From, Math.Max(merged[^1].To, range.To));
            }
            else
            {
                merged.Add(range);
            }
        }

        ranges = merged;
    }

    private List<(int From, int To)> Gaps()
    {
        var gaps = new List<(int From, int To)>();
        var next = 0;
        foreach (var (from, to) in ranges)
        {
            if (from > next)
            {
                gaps.Add((next, from - 1));
            }

            next = to + 1;
        }

        if (next <= Last)
        {
            gaps.Add((next, Last));
        }

        return gaps;
    }
}
