using System.Buffers.Binary;

namespace StreamEngine.Benchmarks;

/// <summary>Numbers as digits.</summary>
internal static unsafe class Digits
{
    /// <summary>Puts a number that is not negative.</summary>
    public static void Put(ref byte* to, long value)
    {
        if (value < 10)
        {
            *to++ = (byte)('0' + value);
            return;
        }

        if (value >= 10_000_000_000_000_000)
        {
            Put(ref to, value / 10_000_000_000_000_000);
            Sixteen(ref to, value % 10_000_000_000_000_000);
            return;
        }

        if (value >= 1_000_000_000_000_000)
        {
            Sixteen(ref to, value);
            return;
        }

        var length = 0;
        for (var rest = value; rest > 0; rest /= 10)
        {
            length++;
        }

        for (var i = length - 1; i >= 0; i--, value /= 10)
        {
            to[i] = (byte)('0' + (value % 10));
        }

        to += length;
    }

    private static void Sixteen(ref byte* to, long value)
    {
        var (high, low) = Math.DivRem((ulong)value, 100_000_000);
        Eight(to, (uint)high);
        Eight(to + 8, (uint)low);
        to += 16;
    }

    /// <summary>Splits eight digits in halves, quarters and digits, all parts at once in one register.</summary>
    private static void Eight(byte* to, uint value)
    {
        ulong halves = (value / 10_000) | ((ulong)(value % 10_000) << 32);
        var hundreds = ((halves * 5243) >> 19) & 0x0000007F_0000007F;
        var pairs = hundreds | ((halves - (hundreds * 100)) << 16);
        var tens = ((pairs * 103) >> 10) & 0x000F000F_000F000F;
        var digits = tens | ((pairs - (tens * 10)) << 8);
        BinaryPrimitives.WriteUInt64LittleEndian(new Span<byte>(to, 8), digits + 0x30303030_30303030);
    }
}
