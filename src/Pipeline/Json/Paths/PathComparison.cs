using System.Globalization;
using StreamEngine.Pipeline.Conditions;

namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>Equality and order of values (RFC 9535, 2.3.5.2.2).</summary>
internal static class PathComparison
{
    /// <summary>
    /// Whether two values are the same: both Nothing, equal numbers, the same texts, arrays with equal items, objects with equal members
    /// in any order. Of members with the same name the last counts.
    /// </summary>
    public static bool AreEqual(in PathValue left, in PathValue right) => left.Kind == right.Kind && left.Kind switch
    {
        JsonKind.Number => CompareNumbers(left, right) == 0,
        JsonKind.String => CompareStrings(left, right) == 0,
        JsonKind.Array or JsonKind.Object => StructuralEquality.AreEqual(left, right),
        _ => true,
    };

    /// <summary>
    /// Whether one number is less than another, or one text comes before another by the Unicode scalar values of its characters. False
    /// for all other values, which have no order.
    /// </summary>
    public static bool IsLess(in PathValue left, in PathValue right) => left.Kind == right.Kind && left.Kind switch
    {
        JsonKind.Number => CompareNumbers(left, right) < 0,
        JsonKind.String => CompareStrings(left, right) < 0,
        _ => false,
    };

    /// <summary>Orders two numbers: exactly where both are short enough to be kept exactly, else as doubles.</summary>
    private static int CompareNumbers(in PathValue left, in PathValue right) => left.Token.IsBig || right.Token.IsBig
        ? ToDouble(left).CompareTo(ToDouble(right))
        : Comparison.Compare(left.Token.Bits, left.Token.Scale, right.Token.Bits, right.Token.Scale);

    private static double ToDouble(in PathValue number) => number.Bytes.IsEmpty
        ? number.Token.Bits
        : double.Parse(number.Bytes.Slice(number.Token.Start, number.Token.Length), NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>Orders two strings; null when they have no order and are not the same, because half a surrogate pair makes one no text.</summary>
    private static int? CompareStrings(in PathValue left, in PathValue right)
    {
        using var a = new TextBuffer(left.Bytes, left.Token, stackalloc byte[TextBuffer.Short]);
        using var b = new TextBuffer(right.Bytes, right.Token, stackalloc byte[TextBuffer.Short]);

        // UTF-8 has the order of the scalar values; UTF-16, and so System.String, has not.
        var order = a.Text.SequenceCompareTo(b.Text);
        return (a.IsText && b.IsText) || (a.IsText == b.IsText && order == 0) ? order : null;
    }
}
