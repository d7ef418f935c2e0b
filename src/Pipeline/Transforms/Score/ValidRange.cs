using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Score;

/// <summary>The declared range of a field.</summary>
internal sealed class ValidRange
{
    // Doubles hold whole numbers exactly up to here.
    private const long Exact = 1L << 53;

    private const int Scales = 9;

    private readonly double min;
    private readonly double max;
    private readonly (long Min, long Max)[] mantissas = new (long, long)[Scales];

    public ValidRange(int slot, double? min, double? max)
    {
        Slot = slot;
        this.min = min ?? double.NegativeInfinity;
        this.max = max ?? double.PositiveInfinity;
        for (sbyte scale = 0; scale < Scales; scale++)
        {
            var decimals = scale;
            mantissas[scale] = (FirstAbove(m => Value(m, decimals) >= this.min), FirstAbove(m => !(Value(m, decimals) <= this.max)) - 1);
        }
    }

    public int Slot { get; }

    /// <summary>Whether a row's value, which it has, lies in the range.</summary>
    /// <param name="cell">The value.</param>
    /// <param name="row">The row.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(in Cell cell, Row row)
    {
        if (cell.Kind == CellKind.Number && (uint)cell.Scale < (uint)mantissas.Length)
        {
            // The nearest double grows with the mantissa, so that a comparison of doubles is one of mantissas.
            ref readonly var range = ref mantissas[cell.Scale];
            if (cell.Bits >= range.Min && cell.Bits <= range.Max)
            {
                return true;
            }
        }

        return ContainsDouble(row);
    }

    private bool ContainsDouble(Row row) => row.Double(Slot) is var value && value >= min && value <= max;

    private static double Value(long mantissa, sbyte scale) =>
        Decimals.ToDouble(new Cell { Kind = CellKind.Number, Bits = mantissa, Scale = scale }, default);

    /// <summary>The first mantissa from which on a condition holds that holds for all greater ones too; 2^53 + 1 when it holds for none.</summary>
    private static long FirstAbove(Func<long, bool> holds)
    {
        var (from, to) = (-Exact, Exact + 1);
        while (from < to)
        {
            var middle = from + ((to - from) / 2);
            if (holds(middle))
            {
                to = middle;
            }
            else
            {
                from = middle + 1;
            }
        }

        return to;
    }
}
