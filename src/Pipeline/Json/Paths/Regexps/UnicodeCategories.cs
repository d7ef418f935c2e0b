using System.Collections.Concurrent;
using System.Globalization;

namespace StreamEngine.Pipeline.Json.Paths.Regexps;

/// <summary>The general categories that an I-Regexp may name in <c>\p{Lu}</c> and <c>\P{L}</c> (RFC 9485, 4: IsCategory).</summary>
internal static class UnicodeCategories
{
    /// <summary>Their abbreviations, in the order of <see cref="UnicodeCategory"/>; surrogates are none.</summary>
    private static readonly string[] Names =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "", "Co",
        "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    /// <summary>At most one for each category and each first letter.</summary>
    private static readonly ConcurrentDictionary<string, (int From, int To)[]> Known = new();

    /// <summary>The code points of a category; null when there is none of that name.</summary>
    /// <param name="name">Such as <c>Lu</c>, or <c>L</c> for all that begin with it.</param>
    public static (int From, int To)[]? Find(string name)
    {
        var isKnown = name.Length is 1 or 2 && Array.Exists(Names, n => n.StartsWith(name, StringComparison.Ordinal));
        return isKnown ? Known.GetOrAdd(name, Scan) : null;
    }

    private static (int From, int To)[] Scan(string name)
    {
        var wanted = Array.ConvertAll(Names, n => n.StartsWith(name, StringComparison.Ordinal));
        var ranges = new List<(int From, int To)>();
        for (var codePoint = 0; codePoint <= CodePointSet.Last; codePoint++)
        {
            if (!wanted[(int)CharUnicodeInfo.GetUnicodeCategory(codePoint)])
            {
                continue;
            }

            if (ranges.Count > 0 && ranges[^1].To == codePoint - 1)
            {
                ranges[^1] = (ranges[^1].From, codePoint);
            }
            else
            {
                ranges.Add((codePoint, codePoint));
            }
        }

        return [.. ranges];
    }
}
