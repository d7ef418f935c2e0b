using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace StreamEngine.Pipeline.Configuration;

/// <summary>A number of bytes, written <c>64KB</c>, <c>100MB</c> or <c>512B</c>; units are powers of 1024.</summary>
/// <param name="Bytes">The number of bytes.</param>
public readonly record struct ByteSize(long Bytes) : IParsable<ByteSize>, IComparable<ByteSize>
{
    private static readonly (string Unit, long Factor)[] Units = [("GB", 1L << 30), ("MB", 1L << 20), ("KB", 1L << 10), ("B", 1)];

    /// <inheritdoc/>
    public static ByteSize Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var size) ? size : throw new FormatException($"'{s}' is not a size; write it like '64KB'.");

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out ByteSize result)
    {
        result = default;
        var text = s?.Trim();
        foreach (var (unit, factor) in Units)
        {
            if (text is not null && text.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
            {
                if (!double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                    || number * factor > long.MaxValue)
                {
                    return false;
                }

                result = new ByteSize((long)(number * factor));
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public int CompareTo(ByteSize other) => Bytes.CompareTo(other.Bytes);

    /// <summary>Whether <paramref name="a"/> is smaller than <paramref name="b"/>.</summary>
    public static bool operator <(ByteSize a, ByteSize b) => a.Bytes < b.Bytes;

    /// <summary>Whether <paramref name="a"/> is larger than <paramref name="b"/>.</summary>
    public static bool operator >(ByteSize a, ByteSize b) => a.Bytes > b.Bytes;

    /// <summary>Whether <paramref name="a"/> is not larger than <paramref name="b"/>.</summary>
    public static bool operator <=(ByteSize a, ByteSize b) => a.Bytes <= b.Bytes;

    /// <summary>Whether <paramref name="a"/> is not smaller than <paramref name="b"/>.</summary>
    public static bool operator >=(ByteSize a, ByteSize b) => a.Bytes >= b.Bytes;

    /// <summary>As an operator would write it.</summary>
    public override string ToString()
    {
        foreach (var (unit, factor) in Units)
        {
            if (Bytes != 0 && Bytes % factor == 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{Bytes / factor}{unit}");
            }
        }

        return "0B";
    }
}
