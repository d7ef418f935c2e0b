using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Records;

/// <summary>A unit that a number is given in: how it is written, and how it becomes another of the same dimension.</summary>
/// <remarks>
/// (value + shift) * numerator / denominator is the same quantity in its dimension's base unit. Lengths, speeds and masses follow the
/// international yard and pound agreement of 1959, which makes all these factors exact.
/// </remarks>
internal sealed class Unit
{
    /// <summary>Digits after the point of a converted number whose field does not say how many; one that never ends is rounded there.</summary>
    public const int Decimals = 6;

    private const decimal MaxValue = 1e15m;

    private readonly string dimension;
    private readonly decimal shift;
    private readonly decimal numerator;
    private readonly decimal denominator;
    private readonly NumberReader read;
    private readonly bool isWritten;

    private Unit(string name, string dimension, decimal numerator = 1, decimal denominator = 1, decimal shift = 0, NumberReader? read = null)
    {
        (Name, this.dimension, this.numerator, this.denominator, this.shift) = (name, dimension, numerator, denominator, shift);
        this.read = read ?? Notations.TryDecimal;
        isWritten = read is null;
    }

    /// <summary>All there are, by name.</summary>
    public static IReadOnlyDictionary<string, Unit> All { get; } = new[]
    {
        new Unit("mm", "length", 1, 1000),
        new Unit("cm", "length", 1, 100),
        new Unit("m", "length"),
        new Unit("km", "length", 1000),
        new Unit("in", "length", 0.0254m),
        new Unit("ft", "length", 0.3048m),
        new Unit("ft-in", "length", 0.0254m, read: Notations.TryFeetAndInches),
        new Unit("yd", "length", 0.9144m),
        new Unit("mi", "length", 1609.344m),
        new Unit("m/s", "speed"),
        new Unit("km/h", "speed", 1000, 3600),
        new Unit("mph", "speed", 1609.344m, 3600),
        new Unit("g", "mass", 1, 1000),
        new Unit("kg", "mass"),
        new Unit("oz", "mass", 0.028349523125m),
        new Unit("lb", "mass", 0.45359237m),
        new Unit("C", "temperature"),
        new Unit("F", "temperature", 5, 9, -32),
        new Unit("K", "temperature", shift: -273.15m),
        new Unit("ms", "duration", 1, 1000),
        new Unit("s", "duration"),
        new Unit("min", "duration", 60),
        new Unit("h", "duration", 3600),
        new Unit("fraction", "share"),
        new Unit("percent", "share", 1, 100),
        new Unit("outs", "outs"),
        new Unit("innings", "outs", read: Notations.TryInnings),
        new Unit("decimalOdds", "odds"),
        new Unit("americanOdds", "odds", read: Notations.TryAmericanOdds),
        new Unit("fractionalOdds", "odds", read: Notations.TryFractionalOdds),
    }.ToDictionary(u => u.Name, StringComparer.Ordinal);

    /// <summary>As operators write it.</summary>
    public string Name { get; }

    /// <summary>Whether a record's field may be declared in it: a notation such as 6' 5" is only read.</summary>
    public bool IsWritten => isWritten;

    /// <summary>Whether numbers in it can be told in the other.</summary>
    public bool Fits(Unit other) => dimension == other.dimension;

    /// <summary>Reads a value that is given in this unit.</summary>
    /// <param name="value">A number, or a text.</param>
    /// <param name="to">The unit it is wanted in; of the same dimension.</param>
    /// <param name="decimals">Digits kept after the point.</param>
    /// <param name="converted">The number.</param>
    /// <returns>False when the value is no number in this notation.</returns>
    public bool TryConvert(scoped in Operand value, Unit to, int decimals, out Operand converted)
    {
        converted = default;
        if (!read(value, out var number) || Math.Abs(number) > MaxValue)
        {
            return false;
        }

        if (this != to && !(numerator == to.numerator && denominator == to.denominator && shift == to.shift))
        {
            number = ((number + shift) * numerator * to.denominator / (denominator * to.numerator)) - to.shift;
        }

        // The largest numbers have fewer digits after the point: 64 bits hold them all.
        var scale = (sbyte)decimals;
        for (number = Math.Round(number, scale, MidpointRounding.ToEven); Math.Abs(number) > long.MaxValue / Notations.Power(scale);)
        {
            number = Math.Round(number, --scale, MidpointRounding.ToEven);
        }

        var mantissa = (long)(number * Notations.Power(scale));
        Messages.Decimals.Canonical(ref mantissa, ref scale);
        converted = new Operand { Kind = OperandKind.Number, Bits = mantissa, Scale = scale, Offset = Operand.Nowhere };
        return true;
    }
}
