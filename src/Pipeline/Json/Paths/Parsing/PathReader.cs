using System.Text;

namespace StreamEngine.Pipeline.Json.Paths.Parsing;

/// <summary>A query's text, how far it has been read, and the first thing that was wrong with it.</summary>
internal sealed class PathReader(string text)
{
    /// <summary>Most filters, parentheses and calls of functions inside one another.</summary>
    public const int MaxDepth = 64;

    /// <summary>Most segments, those in filters counted too. Each is a level of recursion, so that they bound the stack a path needs.</summary>
    public const int MaxSegments = 256;

    private readonly List<string> doubts = [];
    private int depth;
    private int segments;

    /// <summary>Whether <c>[='...']</c> is taken, which the RFC does not know: a name put together from values.</summary>
    public bool TakesComputed { get; init; }

    /// <summary>The text.</summary>
    public string Text { get; } = text;

    /// <summary>Index of the next UTF-16 unit.</summary>
    public int At { get; set; }

    /// <summary>What is wrong, and where; null when nothing is.</summary>
    public string? Fault { get; private set; }

    /// <summary>What is allowed and yet cannot be meant, such as what never matches.</summary>
    public IReadOnlyList<string> Doubts => doubts;

    /// <summary>Whether the text has been read.</summary>
    public bool IsAtEnd => At >= Text.Length;

    /// <summary>The next unit; U+0000 at the end, which nothing in the grammar is.</summary>
    public char Next => At < Text.Length ? Text[At] : '\0';

    /// <summary>Whether a string literal begins here.</summary>
    public bool IsAtQuote => Next is '\'' or '"';

    /// <summary>Whether a number begins here.</summary>
    public bool IsAtNumber => Next == '-' || char.IsAsciiDigit(Next);

    /// <summary>Goes on behind blanks (RFC 9535, 2.1.1: S).</summary>
    /// <returns>Whether there were any.</returns>
    public bool SkipBlanks()
    {
        var start = At;
        while (Next is ' ' or '\t' or '\n' or '\r')
        {
            At++;
        }

        return At > start;
    }

    /// <summary>Goes on behind a token, when it is the next.</summary>
    public bool TryTake(string token)
    {
        var isNext = string.CompareOrdinal(Text, At, token, 0, token.Length) == 0;
        At += isNext ? token.Length : 0;
        return isNext;
    }

    /// <summary>Goes one level deeper.</summary>
    /// <returns>False when that is too deep.</returns>
    public bool TryEnter()
    {
        if (depth == MaxDepth)
        {
            return Fail($"more than {MaxDepth} filters, parentheses and functions inside one another");
        }

        depth++;
        return true;
    }

    /// <summary>Comes back from a level.</summary>
    public void Leave() => depth--;

    /// <summary>Counts a segment.</summary>
    /// <returns>False when there are too many.</returns>
    public bool TryCountSegment() => ++segments <= MaxSegments || Fail($"more than {MaxSegments} segments");

    /// <summary>Notes what is wrong here; the first fault counts.</summary>
    /// <param name="what">What is wrong, or what is expected.</param>
    /// <param name="hint">What would be right.</param>
    /// <returns>False.</returns>
    public bool Fail(string what, string hint = "") => Fail(At, what, hint);

    /// <summary>Notes what is wrong elsewhere.</summary>
    /// <param name="at">Index of the UTF-16 unit.</param>
    /// <param name="what">What is wrong, or what is expected.</param>
    /// <param name="hint">What would be right.</param>
    /// <returns>False.</returns>
    public bool Fail(int at, string what, string hint = "")
    {
        Fault ??= $"{what} {Place(at)}{(hint.Length == 0 ? "" : ", " + hint)}";
        return false;
    }

    /// <summary>Notes what is allowed and yet cannot be meant.</summary>
    /// <param name="at">Index of the UTF-16 unit.</param>
    /// <param name="what">What it is.</param>
    /// <param name="why">What comes of it, and what would be right.</param>
    public void Doubt(int at, string what, string why) => doubts.Add($"{what} {Place(at)} {why}");

    // People count characters, and from 1.
    private string Place(int at) => $"at position {Text[..at].EnumerateRunes().Count() + 1}";

    /// <summary>How many UTF-16 units the next character takes; 0 when half a surrogate pair makes it none.</summary>
    public int CharacterLength() => Rune.TryGetRuneAt(Text, At, out var rune) ? rune.Utf16SequenceLength : 0;
}
