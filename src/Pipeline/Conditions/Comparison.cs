using System.Globalization;
using StreamEngine.Pipeline.Mapping;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Conditions;

/// <summary>A comparison's operator.</summary>
internal enum Comparator
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>Compares values of any origin.</summary>
internal static class Comparison
{
    public static Truth Test(Comparator comparator, in Operand left, in Operand right)
    {
        if (left.Kind is OperandKind.Missing or OperandKind.Complex || right.Kind is OperandKind.Missing or OperandKind.Complex)
        {
            return Truth.Unknown;
        }

        if (!TryCompare(left, right, out var order))
        {
            return comparator switch
            {
                Comparator.Equal => Truth.False,
                Comparator.NotEqual => Truth.True,
                _ => Truth.Unknown,
            };
        }

        return Decide(comparator, order);
    }

    /// <summary>What an order means for a comparison.</summary>
    public static Truth Decide(Comparator comparator, int order) => comparator switch
    {
        Comparator.Equal => order == 0,
        Comparator.NotEqual => order != 0,
        Comparator.Less => order < 0,
        Comparator.LessOrEqual => order <= 0,
        Comparator.Greater => order > 0,
        _ => order >= 0,
    } ? Truth.True : Truth.False;

    /// <summary>Compares two decimals exactly.</summary>
    public static int Compare(long a, sbyte aScale, long b, sbyte bScale)
    {
        if (aScale == bScale)
        {
            return a.CompareTo(b);
        }

        Decimals.Normalize(ref a, ref aScale);
        Decimals.Normalize(ref b, ref bScale);
        var apart = bScale - aScale;
        return apart switch
        {
            0 => a.CompareTo(b),
            > 0 and <= 18 => (a * Power(apart)).CompareTo((Int128)b),
            < 0 and >= -18 => ((Int128)a).CompareTo(b * Power(-apart)),
            _ => (a * Math.Pow(10, -aScale)).CompareTo(b * Math.Pow(10, -bScale)),
        };
    }

    private static Int128 Power(int exponent)
    {
        Int128 power = 1;
        for (; exponent > 0; exponent--)
        {
            power *= 10;
        }

        return power;
    }

    private static bool TryCompare(in Operand left, in Operand right, out int order)
    {
        order = 0;
        if (left.Kind == right.Kind && left.Kind is OperandKind.Text)
        {
            order = left.Text.SequenceCompareTo(right.Text);
            return true;
        }

        if (left.Kind == right.Kind && left.Kind is OperandKind.Bool or OperandKind.Time)
        {
            order = left.Bits.CompareTo(right.Bits);
            return true;
        }

        if (left.Kind == OperandKind.Time && right.Kind == OperandKind.Text)
        {
            var known = IsoTime.TryParse(right.Text, TimeZoneInfo.Utc, out var ticks);
            order = left.Bits.CompareTo(ticks);
            return known;
        }

        if (left.Kind == OperandKind.Text && right.Kind == OperandKind.Time)
        {
            var known = TryCompare(right, left, out order);
            order = -order;
            return known;
        }

        if (left.Kind is not (OperandKind.Number or OperandKind.BigNumber) && right.Kind is not (OperandKind.Number or OperandKind.BigNumber))
        {
            return false;
        }

        var a = AsNumber(left);
        var b = AsNumber(right);
        if (a.Kind == OperandKind.Number && b.Kind == OperandKind.Number)
        {
            order = Compare(a.Bits, a.Scale, b.Bits, b.Scale);
            return true;
        }

        if (TryDouble(a, out var x) && TryDouble(b, out var y))
        {
            order = x.CompareTo(y);
            return true;
        }

        return false;
    }

    // Providers write numbers as text now and then; a number makes the other side one.
    private static Operand AsNumber(in Operand operand) =>
        operand.Kind == OperandKind.Text && Decimals.TryParse(operand.Text, out var mantissa, out var scale)
            ? new Operand { Kind = OperandKind.Number, Bits = mantissa, Scale = scale }
            : operand;

    private static bool TryDouble(in Operand operand, out double value)
    {
        if (operand.Kind == OperandKind.Number)
        {
            value = operand.Bits * Math.Pow(10, -operand.Scale);
            return true;
        }

        value = 0;
        return operand.Kind == OperandKind.BigNumber
            && double.TryParse(operand.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }
}
