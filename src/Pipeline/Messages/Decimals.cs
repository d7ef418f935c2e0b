using System.Buffers.Text;
using System.Globalization;

namespace StreamEngine.Pipeline.Messages;

/// <summary>Exact decimal numbers as mantissa and scale: value = mantissa / 10^scale.</summary>
public static class Decimals
{
    private static readonly double[] Powers = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

    /// <summary>
    /// Reads a decimal such as <c>-12.50</c>, <c>.272</c>, <c>+3</c> or <c>1e3</c>.
    /// False when it is no number, or needs more than 64 bits or 100 decimals.
    /// </summary>
    /// <param name="token">UTF-8 digits.</param>
    /// <param name="mantissa">All digits as one whole number.</param>
    /// <param name="scale">How many of them stand after the point; negative for trailing zeros not written.</param>
    public static bool TryParse(ReadOnlySpan<byte> token, out long mantissa, out sbyte scale)
    {
        mantissa = 0;
        scale = 0;
        var i = 0;
        var negative = false;
        if (i < token.Length && (token[i] == '-' || token[i] == '+'))
        {
            negative = token[i++] == '-';
        }

        ulong digits = 0;
        var decimals = 0;
        var any = false;
        var point = false;
        for (; i < token.Length; i++)
        {
            var c = token[i];
            if (c == '.' && !point)
            {
                point = true;
                continue;
            }

            var digit = (uint)(c - '0');
            if (digit > 9)
            {
                break;
            }

            if (digits > ((ulong)long.MaxValue - digit) / 10)
            {
                return false;
            }

            digits = (digits * 10) + digit;
            decimals += point ? 1 : 0;
            any = true;
        }

        if (!any)
        {
            return false;
        }

        if (i < token.Length)
        {
            if ((token[i] | 0x20) != 'e' || i + 1 == token.Length)
            {
                return false;
            }

            var exponentToken = token[(i + 1)..];
            if (exponentToken[0] == (byte)'+')
            {
                exponentToken = exponentToken[1..];
            }

            if (!Utf8Parser.TryParse(exponentToken, out int exponent, out var used) || used != exponentToken.Length || Math.Abs((long)exponent) > 100)
            {
                return false;
            }

            decimals -= exponent;
        }

        if (decimals is > 100 or < -100)
        {
            return false;
        }

        mantissa = negative ? -(long)digits : (long)digits;
        scale = (sbyte)decimals;
        return true;
    }

    /// <summary>Takes trailing zeros off, so that equal numbers have equal parts: 1.50 becomes 15 / 10.</summary>
    public static void Normalize(ref long mantissa, ref sbyte scale)
    {
        if (mantissa == 0)
        {
            scale = 0;
            return;
        }

        while (mantissa % 10 == 0 && scale > -100)
        {
            mantissa /= 10;
            scale--;
        }
    }

    /// <summary>
    /// Gives equal numbers equal parts as <see cref="Normalize"/> does, but with the least scale that is not negative wherever 64 bits
    /// hold that: of most numbers nothing changes.
    /// </summary>
    public static void Canonical(ref long mantissa, ref sbyte scale)
    {
        if (mantissa == 0)
        {
            scale = 0;
            return;
        }

        while (scale > 0 && (mantissa & 1) == 0)
        {
            var (quotient, rest) = Math.DivRem(mantissa, 10);
            if (rest != 0)
            {
                return;
            }

            mantissa = quotient;
            scale--;
        }

        while (scale < 0 && mantissa is <= long.MaxValue / 10 and >= long.MinValue / 10)
        {
            mantissa *= 10;
            scale++;
        }
    }

    /// <summary>The nearest double of a number cell.</summary>
    public static double ToDouble(in Cell cell, ReadOnlySpan<byte> bytes)
    {
        // Exact: both the mantissa and the power are exactly representable, so one correctly rounded division is the nearest double.
        if (cell.Kind == CellKind.Number && cell.Scale is >= 0 and <= 22 && cell.Bits is >= -(1L << 53) and <= 1L << 53)
        {
            return cell.Bits / Powers[cell.Scale];
        }

        if (cell.Length > 0)
        {
            return double.Parse(bytes.Slice(cell.Offset, cell.Length), NumberStyles.Float, CultureInfo.InvariantCulture);
        }

        return double.Parse($"{cell.Bits}e{-cell.Scale}", NumberStyles.Float, CultureInfo.InvariantCulture);
    }
}
