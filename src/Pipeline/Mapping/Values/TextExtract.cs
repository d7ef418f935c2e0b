using System.Text;
using System.Text.RegularExpressions;
using StreamEngine.Pipeline.Conditions;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Takes a part of a text by a regular expression. The time it takes grows with the text's length only.</summary>
internal sealed class TextExtract
{
    /// <summary>A longer text is no short one with several values in it.</summary>
    private const int MaxLength = 4096;

    private readonly Regex pattern;
    private readonly int group;

    private TextExtract(Regex pattern)
    {
        this.pattern = pattern;
        group = pattern.GetGroupNumbers().Length > 1 ? 1 : 0;
    }

    /// <summary>Compiles a pattern; null with an error when it is none.</summary>
    public static TextExtract? Compile(string text, out string? error)
    {
        error = null;
        try
        {
            return new TextExtract(new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            error = $"'{text}' is no regular expression: {e.Message}";
            return null;
        }
    }

    /// <summary>Takes the part.</summary>
    /// <returns>False when the text does not match, or the value is no text and no number.</returns>
    public bool TryTake(MappingScope scope, scoped in Operand value, out Operand part)
    {
        part = default;
        if (value.Kind is not (OperandKind.Text or OperandKind.Number or OperandKind.BigNumber) || value.Text.Length > MaxLength)
        {
            return false;
        }

        var match = pattern.Match(Encoding.UTF8.GetString(value.Text));
        if (!match.Success || !match.Groups[group].Success)
        {
            return false;
        }

        part = scope.Keep(match.Groups[group].ValueSpan);
        return true;
    }
}
