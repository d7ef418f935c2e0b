using System.Globalization;
using System.Text;

namespace StreamEngine.Pipeline.Json.Paths.Parsing;

/// <summary>Reads queries: segments and their selectors (RFC 9535, 2.1 to 2.5).</summary>
internal static class QueryParser
{
    /// <summary>Reads a query from its <c>$</c> or <c>@</c> on, as far as it goes.</summary>
    /// <returns>Null when it is faulty.</returns>
    public static Query? Read(PathReader reader)
    {
        var isAbsolute = reader.Next == '$';
        reader.At++;
        return ReadSegments(reader) is { } segments ? new Query(isAbsolute, segments) : null;
    }

    /// <summary>Reads segments, as far as they go.</summary>
    /// <param name="reader">The text.</param>
    /// <param name="isBare">Whether it begins with a name, or <c>*</c>, that has no dot before it.</param>
    /// <returns>Null when one is faulty.</returns>
    public static Segment[]? ReadSegments(PathReader reader, bool isBare = false)
    {
        var segments = new List<Segment>();
        while (true)
        {
            // Blanks may stand before a segment, but they are no part of a query without one.
            var end = reader.At;
            reader.SkipBlanks();
            if (!isBare && reader.Next is not ('.' or '['))
            {
                reader.At = end;
                return [.. segments];
            }

            if (!reader.TryCountSegment() || (isBare ? ReadBare(reader) : ReadSegment(reader)) is not { } segment)
            {
                return null;
            }

            isBare = false;
            segments.Add(segment);
        }
    }

    private static Segment? ReadBare(PathReader reader) =>
        ReadShorthand(reader, isDescendant: false) is { } selector ? new Segment([selector], isDescendant: false, hasBlanks: false) : null;

    private static Segment? ReadSegment(PathReader reader)
    {
        var isDescendant = reader.TryTake("..");
        var isDotted = isDescendant || reader.TryTake(".");
        if (reader.Next == '[' && (isDescendant || !isDotted))
        {
            return ReadBrackets(reader, isDescendant);
        }

        return ReadShorthand(reader, isDescendant) is { } selector ? new Segment([selector], isDescendant, hasBlanks: false) : null;
    }

    /// <summary>Reads what may stand behind dots without brackets: <c>*</c> or a name.</summary>
    private static Selector? ReadShorthand(PathReader reader, bool isDescendant)
    {
        if (reader.TryTake("*"))
        {
            return new WildcardSelector();
        }

        var start = reader.At;
        while (char.IsAsciiLetter(reader.Next) || reader.Next is '_' or >= '\u0080' || (char.IsAsciiDigit(reader.Next) && reader.At > start))
        {
            var length = reader.CharacterLength();
            if (length == 0)
            {
                reader.Fail("half a surrogate pair");
                return null;
            }

            reader.At += length;
        }

        if (reader.At == start)
        {
            reader.Fail(
                isDescendant ? "a name, '*' or '[' expected" : "a name or '*' expected",
                "and a name with other characters than letters, digits and '_' stands in brackets and quotes");
            return null;
        }

        return new NameSelector(Encoding.UTF8.GetBytes(reader.Text[start..reader.At]));
    }

    private static Segment? ReadBrackets(PathReader reader, bool isDescendant)
    {
        var selectors = new List<Selector>();
        var hasBlanks = false;
        do
        {
            reader.At++;
            hasBlanks |= reader.SkipBlanks();
            if (ReadSelector(reader) is not { } selector)
            {
                return null;
            }

            selectors.Add(selector);
            hasBlanks |= reader.SkipBlanks();
        }
        while (reader.Next == ',');
        if (!reader.TryTake("]"))
        {
            reader.Fail(selectors[^1] is FilterSelector ? "'&&', '||', ',' or ']' expected" : "',' or ']' expected");
            return null;
        }

        return new Segment([.. selectors], isDescendant, hasBlanks);
    }

    private static Selector? ReadSelector(PathReader reader)
    {
        if (reader.IsAtQuote)
        {
            return StringLiteral.Read(reader) is { } name ? new NameSelector(Encoding.UTF8.GetBytes(name)) : null;
        }

        if (reader.TryTake("*"))
        {
            return new WildcardSelector();
        }

        if (reader.IsAtNumber || reader.Next == ':')
        {
            return ReadIndexOrSlice(reader);
        }

        if (reader.Next == '?')
        {
            return ReadFilter(reader);
        }

        if (reader.Next == '=' && reader.TakesComputed)
        {
            return ReadComputed(reader);
        }

        reader.Fail("a selector expected", "such as a name in quotes, a number, '*', or '?'");
        return null;
    }

    private static ComputedSelector? ReadComputed(PathReader reader)
    {
        reader.At++;
        reader.SkipBlanks();
        if (!reader.IsAtQuote)
        {
            reader.Fail("a text in quotes expected", "such as [='ID{player.id}']");
            return null;
        }

        return StringLiteral.Read(reader) is { } template ? new ComputedSelector(template) : null;
    }

    private static FilterSelector? ReadFilter(PathReader reader)
    {
        if (!reader.TryEnter())
        {
            return null;
        }

        reader.At++;
        reader.SkipBlanks();
        var condition = FilterParser.Read(reader);
        reader.Leave();
        return condition is null ? null : new FilterSelector(condition);
    }

    private static Selector? ReadIndexOrSlice(PathReader reader)
    {
        var place = reader.At;
        var start = reader.IsAtNumber ? ReadInteger(reader) : null;
        var end = reader.At;
        reader.SkipBlanks();
        if (!reader.TryTake(":"))
        {
            // The blanks are between brackets in any case.
            reader.At = end;
            return start is null ? null : new IndexSelector(start.Value);
        }

        reader.SkipBlanks();
        var stop = reader.IsAtNumber ? ReadInteger(reader) : null;
        reader.SkipBlanks();
        long? step = null;
        if (reader.TryTake(":"))
        {
            reader.SkipBlanks();
            step = reader.IsAtNumber ? ReadInteger(reader) : null;
        }

        var slice = new SliceSelector(start, stop, step ?? 1);
        if (slice.IsEmpty)
        {
            reader.Doubt(place, "the slice", "selects nothing: it goes from its first position up to its second, which it leaves out, by the steps of its third");
        }

        return reader.Fault is null ? slice : null;
    }

    /// <summary>Reads a whole number that every reader of JSON has exactly (RFC 9535, 2.1: within the range of I-JSON).</summary>
    private static long? ReadInteger(PathReader reader)
    {
        const long Most = (1L << 53) - 1;
        var start = reader.At;
        reader.TryTake("-");
        var first = reader.At;
        while (char.IsAsciiDigit(reader.Next))
        {
            reader.At++;
        }

        var digits = reader.Text.AsSpan(first, reader.At - first);
        if (digits.IsEmpty)
        {
            reader.Fail("a digit expected");
        }
        else if (digits[0] == '0' && (digits.Length > 1 || first > start))
        {
            reader.Fail(start, $"'{reader.Text[start..reader.At]}' is no index", "a leading zero or -0 is not allowed");
        }
        else if (long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= Most)
        {
            return first > start ? -value : value;
        }
        else
        {
            reader.Fail(start, "a number out of range", $"it may be from {-Most} to {Most}");
        }

        return null;
    }
}
