using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace StreamEngine.Pipeline.Configuration;

/// <summary>A length of time, written <c>500ms</c>, <c>5s</c>, <c>10m</c>, <c>2h</c> or <c>1d</c>.</summary>
/// <param name="Value">The length.</param>
public readonly record struct Duration(TimeSpan Value) : IParsable<Duration>, IComparable<Duration>
{
    private static readonly (string Unit, double Milliseconds)[] Units = [("ms", 1), ("s", 1e3), ("m", 6e4), ("h", 3.6e6), ("d", 8.64e7)];

    /// <summary>For people: tenths of a second, from a second on, are close enough.</summary>
    public static Duration Rounded(TimeSpan value)
    {
        var step = value < TimeSpan.FromSeconds(1) ? 1 : 100;
        return new Duration(TimeSpan.FromMilliseconds(Math.Round(value.TotalMilliseconds / step) * step));
    }

    /// <summary>A length of time from seconds.</summary>
    public static Duration Seconds(double seconds) => new(TimeSpan.FromSeconds(seconds));

    /// <inheritdoc/>
    public static Duration Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var duration) ? duration : throw new FormatException($"'{s}' is not a duration; write it like '500ms', '5s' or '10m'.");

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Duration result)
    {
        result = default;
        var text = s?.Trim() ?? "";
        var digits = text.Length;
        while (digits > 0 && char.IsAsciiLetter(text[digits - 1]))
        {
            digits--;
        }

        foreach (var (unit, milliseconds) in Units)
        {
            if (text[digits..] == unit
                && double.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number * milliseconds < TimeSpan.MaxValue.TotalMilliseconds)
            {
                result = new Duration(TimeSpan.FromMilliseconds(number * milliseconds));
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public int CompareTo(Duration other) => Value.CompareTo(other.Value);

    /// <summary>Whether <paramref name="a"/> is shorter than <paramref name="b"/>.</summary>
    public static bool operator <(Duration a, Duration b) => a.Value < b.Value;

    /// <summary>Whether <paramref name="a"/> is longer than <paramref name="b"/>.</summary>
    public static bool operator >(Duration a, Duration b) => a.Value > b.Value;

    /// <summary>Whether <paramref name="a"/> is not longer than <paramref name="b"/>.</summary>
    public static bool operator <=(Duration a, Duration b) => a.Value <= b.Value;

    /// <summary>Whether <paramref name="a"/> is not shorter than <paramref name="b"/>.</summary>
    public static bool operator >=(Duration a, Duration b) => a.Value >= b.Value;

    /// <summary>As an operator would write it, in the largest unit that gives a whole number.</summary>
    public override string ToString()
    {
        var milliseconds = Value.TotalMilliseconds;
        var best = Units[0];
        foreach (var unit in Units)
        {
            best = milliseconds != 0 && milliseconds % unit.Milliseconds == 0 ? unit : best;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{milliseconds / best.Milliseconds}{best.Unit}");
    }
}
