using System.Buffers.Text;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Records;

/// <summary>Reads a number as its unit is written.</summary>
internal delegate bool NumberReader(scoped in Operand value, out decimal number);

/// <summary>The ways in which providers write numbers.</summary>
internal static class Notations
{
    /// <summary>Ten to that power.</summary>
    /// <param name="exponent">0 to 28.</param>
    public static decimal Power(int exponent) => 1 / new decimal(1, 0, 0, false, (byte)exponent);

    /// <summary>A plain decimal, as a number or a text.</summary>
    public static bool TryDecimal(scoped in Operand value, out decimal number)
    {
        var (mantissa, scale) = (value.Bits, value.Scale);
        number = 0;
        if (value.Kind != OperandKind.Number && !(value.Kind == OperandKind.Text && Decimals.TryParse(value.Text.Trim((byte)' '), out mantissa, out scale)))
        {
            return false;
        }

        Decimals.Canonical(ref mantissa, ref scale);
        if (scale is < 0 or > 28)
        {
            return false;
        }

        var size = (ulong)Math.Abs((decimal)mantissa);
        number = new decimal((int)size, (int)(size >> 32), 0, mantissa < 0, (byte)scale);
        return true;
    }

    /// <summary>Innings of three outs: 5.2 is five of them and two outs, 17.</summary>
    public static bool TryInnings(scoped in Operand value, out decimal outs)
    {
        if (!TryDecimal(value, out outs) || outs < 0)
        {
            return false;
        }

        var whole = Math.Truncate(outs);
        var part = (outs - whole) * 10;
        outs = (whole * 3) + part;
        return part is 0 or 1 or 2;
    }

    /// <summary>Feet and inches, <c>6' 5"</c>, in inches. Either may be missing, the inches may be broken: <c>6' 5.5"</c>.</summary>
    public static bool TryFeetAndInches(scoped in Operand value, out decimal inches)
    {
        inches = 0;
        var text = value.Text.Trim((byte)' ');
        if (value.Kind != OperandKind.Text || text.IsEmpty)
        {
            return false;
        }

        if (text.IndexOf((byte)'\'') is >= 0 and var feet)
        {
            if (!Utf8Parser.TryParse(text[..feet], out uint whole, out var used) || used != feet || whole > 1_000_000)
            {
                return false;
            }

            inches = whole * 12m;
            text = text[(feet + 1)..].TrimStart((byte)' ');
            if (text.IsEmpty)
            {
                return true;
            }
        }

        if (text[^1] != '"' || !TryDecimal(Operand.String(text[..^1].TrimEnd((byte)' ')), out var more) || more < 0)
        {
            return false;
        }

        inches += more;
        return true;
    }

    /// <summary>American odds as decimal odds: +150 wins 150 on a stake of 100, 2.5; -200 wins 100 on a stake of 200, 1.5.</summary>
    public static bool TryAmericanOdds(scoped in Operand value, out decimal odds)
    {
        if (!TryDecimal(value, out odds) || Math.Abs(odds) < 100)
        {
            return false;
        }

        odds = 1 + (odds > 0 ? odds / 100 : 100 / -odds);
        return true;
    }

    /// <summary>Fractional odds as decimal odds: 9/4 wins 9 on a stake of 4, 3.25.</summary>
    public static bool TryFractionalOdds(scoped in Operand value, out decimal odds)
    {
        odds = 0;
        var slash = value.Text.IndexOf((byte)'/');
        if (value.Kind != OperandKind.Text || slash < 0
            || !TryDecimal(Operand.String(value.Text[..slash]), out var won) || !TryDecimal(Operand.String(value.Text[(slash + 1)..]), out var stake)
            || won < 0 || stake <= 0 || won > 1_000_000_000)
        {
            return false;
        }

        odds = 1 + (won / stake);
        return true;
    }
}
