using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Json.Paths.Functions;

namespace StreamEngine.Pipeline.Json.Paths.Parsing;

/// <summary>Finds comparisons that come out the same whatever the document is.</summary>
internal static class ComparisonDoubt
{
    /// <summary>What is wrong with a comparison, and what would be right; null when it depends on the document.</summary>
    public static string? Of(Comparator comparator, ValueExpression left, ValueExpression right)
    {
        if (left is Literal && right is Literal)
        {
            return "is always the same, as both sides are fixed; compare with a path such as @.name";
        }

        var fixedKind = (left as Literal ?? right as Literal)?.Kind;
        if (fixedKind is null)
        {
            return null;
        }

        if (fixedKind != JsonKind.Number && (left is CountFunction or LengthFunction || right is CountFunction or LengthFunction))
        {
            return "is always the same, as a count is a number and the other side is none; write a number, without quotes";
        }

        return fixedKind is JsonKind.True or JsonKind.False or JsonKind.Null && comparator is not (Comparator.Equal or Comparator.NotEqual)
            ? "goes by an order that true, false and null don't have; write == or !="
            : null;
    }
}
