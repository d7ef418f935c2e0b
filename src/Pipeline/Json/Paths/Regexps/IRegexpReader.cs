using System.Globalization;

namespace StreamEngine.Pipeline.Json.Paths.Regexps;

/// <summary>
/// Reads an I-Regexp by its grammar (RFC 9485, 4) into pieces of a regular expression of the framework and, between them, sets of code
/// points, which are to be written when all of them are known.
/// </summary>
internal sealed class IRegexpReader(string pattern)
{
    private const int MaxDepth = 64;

    private readonly List<(string? Text, CodePointSet? Set)> pieces = [];
    private int at;
    private int depth;
    private bool isAtom;

    /// <summary>What was read: either text, or a set of which one is to be matched.</summary>
    public IReadOnlyList<(string? Text, CodePointSet? Set)> Pieces => pieces;

    /// <summary>Where what is wrong begins: an index in the pattern, or its length when something is missing at its end.</summary>
    public int Place { get; private set; }

    /// <summary>Reads it all.</summary>
    /// <returns>What is wrong, or <see cref="IRegexpFault.None"/>.</returns>
    public IRegexpFault Read()
    {
        while (at < pattern.Length)
        {
            Place = at;
            var fault = Next();
            if (fault != IRegexpFault.None)
            {
                return fault;
            }
        }

        Place = at;
        return depth == 0 ? IRegexpFault.None : IRegexpFault.NoRegexp;
    }

    private IRegexpFault Next()
    {
        var c = pattern[at];
        switch (c)
        {
            case '|':
                return Take("|", isAtomNow: false);
            case '(':
                return ++depth > MaxDepth ? IRegexpFault.TooLarge : Take("(?:", isAtomNow: false);
            case ')':
                return --depth < 0 ? IRegexpFault.NoRegexp : Take(")", isAtomNow: true);
            case '*' or '+' or '?':
                return isAtom ? Take(c.ToString(), isAtomNow: false) : IRegexpFault.NoRegexp;
            case '{':
                return isAtom ? ReadRange() : IRegexpFault.NoRegexp;
            case '^':
                // By the grammar these two are characters like others, but RFC 9485, 5 hands them to engines which take them for anchors.
                return Take("(?:^)", isAtomNow: true);
            case '$':
                return Take("(?:\\z)", isAtomNow: true);
            case '.':
                at++;
                return Take(AllBut('\n', '\r'));
            case '[':
                return Take(ReadClass());
            case '\\':
                return Take(ReadEscape());
            case ']' or '}':
                return IRegexpFault.NoRegexp;
            default:
                return Take(ReadCharacter() is { } codePoint ? CodePointSet.Of(codePoint) : null);
        }
    }

    private IRegexpFault Take(string text, bool isAtomNow)
    {
        at++;
        pieces.Add((text, null));
        isAtom = isAtomNow;
        return IRegexpFault.None;
    }

    private IRegexpFault Take(CodePointSet? set)
    {
        pieces.Add((null, set));
        isAtom = true;
        return set is null ? IRegexpFault.NoRegexp : IRegexpFault.None;
    }

    private static CodePointSet AllBut(params ReadOnlySpan<char> characters)
    {
        var set = new CodePointSet();
        foreach (var c in characters)
        {
            set.Add(c, c);
        }

        return set.Close(complement: true);
    }

    /// <summary><c>{2}</c>, <c>{2,}</c> or <c>{2,3}</c>.</summary>
    private IRegexpFault ReadRange()
    {
        var end = pattern.IndexOf('}', at);
        var limits = end < 0 ? [] : pattern[(at + 1)..end].Split(',');
        if (limits.Length is 0 or > 2 || limits[0].Length == 0 || !Array.TrueForAll(limits, l => l.All(char.IsAsciiDigit)))
        {
            return IRegexpFault.NoRegexp;
        }

        var (least, most) = (0, int.MaxValue);
        if (!TryLimit(limits[0], out least) || (limits.Length == 2 && limits[1].Length > 0 && !TryLimit(limits[1], out most)))
        {
            return IRegexpFault.TooLarge;
        }

        at = end;
        return least > most ? IRegexpFault.NoRegexp : Take("{" + string.Join(',', limits) + "}", isAtomNow: false);
    }

    private static bool TryLimit(string digits, out int limit) => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out limit);

    private CodePointSet? ReadClass()
    {
        at++;
        var set = new CodePointSet();
        var complement = TryTake('^');
        if (TryTake('-'))
        {
            set.Add('-', '-');
        }
        else if (!ReadClassItem(set))
        {
            return null;
        }

        while (at < pattern.Length && pattern[at] != ']')
        {
            if (pattern[at] == '-')
            {
                // It may stand for itself at the end.
                set.Add('-', '-');
                at++;
                break;
            }

            if (!ReadClassItem(set))
            {
                return null;
            }
        }

        Place = at;
        return TryTake(']') ? set.Close(complement) : null;
    }

    /// <summary>A character, a range or a category.</summary>
    private bool ReadClassItem(CodePointSet set)
    {
        Place = at;
        if (at + 1 < pattern.Length && pattern[at] == '\\' && pattern[at + 1] is 'p' or 'P')
        {
            var category = ReadCategory();
            set.Add(category?.Ranges ?? []);
            return category is not null;
        }

        if (ReadClassCharacter() is not { } from)
        {
            return false;
        }

        var to = (int?)from;
        if (at + 1 < pattern.Length && pattern[at] == '-' && pattern[at + 1] != ']')
        {
            at++;
            to = ReadClassCharacter();
        }

        if (to is null || to < from)
        {
            return false;
        }

        set.Add(from, to.Value);
        return true;
    }

    private int? ReadClassCharacter()
    {
        if (at >= pattern.Length || pattern[at] is '[' or ']' or '-')
        {
            return null;
        }

        return pattern[at] == '\\' ? ReadSingleEscape() : ReadCharacter();
    }

    /// <summary>What an escape outside brackets stands for.</summary>
    private CodePointSet? ReadEscape()
    {
        if (at + 1 < pattern.Length && pattern[at + 1] is 'p' or 'P')
        {
            return ReadCategory();
        }

        return ReadSingleEscape() is { } codePoint ? CodePointSet.Of(codePoint) : null;
    }

    private int? ReadSingleEscape()
    {
        at++;
        if (at >= pattern.Length)
        {
            return null;
        }

        return pattern[at++] switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            (>= '(' and <= '+') or '-' or '.' or '?' or (>= '[' and <= '^') or (>= '{' and <= '}') => pattern[at - 1],
            _ => null,
        };
    }

    private CodePointSet? ReadCategory()
    {
        var complement = pattern[at + 1] == 'P';
        at += 2;
        var end = TryTake('{') ? pattern.IndexOf('}', at) : -1;
        if (end < 0 || UnicodeCategories.Find(pattern[at..end]) is not { } ranges)
        {
            return null;
        }

        at = end + 1;
        var set = new CodePointSet();
        set.Add(ranges);
        return set.Close(complement);
    }

    private int? ReadCharacter()
    {
        if (!System.Text.Rune.TryGetRuneAt(pattern, at, out var rune))
        {
            return null;
        }

        at += rune.Utf16SequenceLength;
        return rune.Value;
    }

    private bool TryTake(char c)
    {
        var isThere = at < pattern.Length && pattern[at] == c;
        at += isThere ? 1 : 0;
        return isThere;
    }
}
