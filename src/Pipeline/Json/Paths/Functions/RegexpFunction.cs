using System.Text;
using StreamEngine.Pipeline.Json.Paths.Regexps;

namespace StreamEngine.Pipeline.Json.Paths.Functions;

/// <summary>
/// <c>match</c> (RFC 9535, 2.4.6): whether a string as a whole matches a regular expression; <c>search</c> (2.4.7): whether a part of it
/// does. False when one of the two is no string, or the second no I-Regexp (RFC 9485).
/// </summary>
internal sealed class RegexpFunction : LogicalExpression
{
    /// <summary>No longer pattern is kept: in UTF-8 no UTF-16 unit takes more than three bytes.</summary>
    private const int MaxBytes = 3 * IRegexp.MaxLength;

    private readonly ValueExpression text;
    private readonly ValueExpression pattern;
    private readonly bool isEntire;
    private readonly bool isLiteral;

    /// <summary>The only one, when it is written in the query; else the last one used: filters ask many nodes about the same.</summary>
    private volatile Compiled? last;

    public RegexpFunction(ValueExpression text, ValueExpression pattern, bool isEntire)
    {
        (this.text, this.pattern, this.isEntire) = (text, pattern, isEntire);
        if (pattern is Literal literal)
        {
            isLiteral = true;
            last = literal.Text is { } written ? Compile(written) : new Compiled([], null, IRegexpFault.NoRegexp);
        }
    }

    /// <summary>Whether the pattern is written in the query and cannot be used, though it is an I-Regexp.</summary>
    public bool IsTooLarge => isLiteral && last!.Fault == IRegexpFault.TooLarge;

    /// <summary>Why it never holds, whatever it looks at, and what would be right; null when it may hold.</summary>
    public string? Doubt => !isLiteral || last!.Fault == IRegexpFault.None ? null
        : ((Literal)pattern).Text is { } written ? IRegexpRemedy.Of(Encoding.UTF8.GetString(written))
        : "its pattern is no text; write it in quotes";

    public override bool Test(in QueryArgument argument, int current)
    {
        var value = text.Read(argument, current);
        if (value.Kind != JsonKind.String || Find(argument, current) is not { } regexp)
        {
            return false;
        }

        using var buffer = new TextBuffer(value.Bytes, value.Token, stackalloc byte[TextBuffer.Short]);
        return buffer.IsText && regexp.IsMatch(buffer.Text);
    }

    private IRegexp? Find(in QueryArgument argument, int current)
    {
        if (isLiteral)
        {
            return last!.Regexp;
        }

        var value = pattern.Read(argument, current);
        if (value.Kind != JsonKind.String)
        {
            return null;
        }

        using var buffer = new TextBuffer(value.Bytes, value.Token, stackalloc byte[TextBuffer.Short]);
        if (!buffer.IsText || buffer.Text.Length > MaxBytes)
        {
            return null;
        }

        var known = last;
        if (known is null || !buffer.Text.SequenceEqual(known.Pattern))
        {
            last = known = Compile(buffer.Text);
        }

        return known.Regexp;
    }

    private Compiled Compile(ReadOnlySpan<byte> utf8)
    {
        var regexp = IRegexp.Compile(Encoding.UTF8.GetString(utf8), isEntire, out var fault);
        return new Compiled(utf8.ToArray(), regexp, fault);
    }

    private sealed record Compiled(byte[] Pattern, IRegexp? Regexp, IRegexpFault Fault);
}
