using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace StreamEngine.Pipeline.Messages;

/// <content>Numbers and instants.</content>
internal static partial class Put
{
    /// <summary>Bound of a whole number, and of a decimal apart from its scale.</summary>
    public const int MostDigits = 24;

    /// <summary>Bound of an instant, without quotes.</summary>
    public const int TimeLength = 24;

    private const uint EightDigits = 100_000_000;
    private const ulong SixteenDigits = 10_000_000_000_000_000;
    private const ulong Zeros = 0x3030_3030_3030_3030;

    /// <summary>"00" to "99".</summary>
    private static ReadOnlySpan<byte> Pairs =>
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"u8;

    private static ReadOnlySpan<ulong> Powers =>
    [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 100_000_000_000,
        1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000,
        100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ];

    /// <summary>A whole number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref byte Long(ref byte to, long value)
    {
        if ((ulong)value < 100)
        {
            // Without a branch on whether there are one or two digits: nobody could predict it.
            var digits = value < 10 ? 1 : 2;
            Unsafe.WriteUnaligned(ref to, Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref MemoryMarshal.GetReference(Pairs), (nint)(value * 2) + 2 - digits)));
            return ref Unsafe.Add(ref to, digits);
        }

        return ref LongDigits(ref to, value);
    }

    /// <summary>
    /// A decimal: <paramref name="mantissa"/> / 10^<paramref name="scale"/>, rounded half to even to at most
    /// <paramref name="decimals"/> places unless that is negative. Bound: <see cref="MostDigits"/> and the scale's magnitude.
    /// </summary>
    public static ref byte Decimal(ref byte to, long mantissa, int scale, int decimals)
    {
        if (decimals >= 0 && scale > decimals)
        {
            mantissa = WithoutLast(scale - decimals, mantissa);
            scale = decimals;
        }

        if (scale <= 0)
        {
            to = ref Long(ref to, mantissa);
            if (mantissa != 0)
            {
                MemoryMarshal.CreateSpan(ref to, -scale).Fill((byte)'0');
                to = ref Unsafe.Add(ref to, -scale);
            }

            return ref to;
        }

        if (mantissa < 0)
        {
            to = (byte)'-';
            to = ref Unsafe.Add(ref to, 1);
        }

        ref var end = ref Unsigned(ref to, Magnitude(mantissa));
        var digits = (int)Unsafe.ByteOffset(ref to, ref end);
        return ref digits > scale ? ref Point(ref to, digits, scale) : ref Fraction(ref to, digits, scale);
    }

    /// <summary>A score from 0 to 1 with at most three decimals, rounded half to even.</summary>
    public static ref byte Thousandths(ref byte to, int value)
    {
        if (value is 0 or 1000)
        {
            to = (byte)(value == 0 ? '0' : '1');
            return ref Unsafe.Add(ref to, 1);
        }

        to = (byte)'0';
        Unsafe.Add(ref to, 1) = (byte)'.';
        var (tenths, rest) = Math.DivRem(value, 100);
        Unsafe.Add(ref to, 2) = (byte)('0' + tenths);
        Pair(ref Unsafe.Add(ref to, 3), (uint)rest);
        return ref Unsafe.Add(ref to, rest == 0 ? 3 : rest % 10 == 0 ? 4 : 5);
    }

    /// <summary>An instant as ISO 8601 in UTC with milliseconds, without quotes.</summary>
    public static ref byte Time(ref byte to, long ticks)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)ticks, (ulong)DateTime.MaxValue.Ticks, nameof(ticks));
        var (day, inDay) = Math.DivRem((ulong)ticks / TimeSpan.TicksPerMillisecond, TimeSpan.MillisecondsPerDay);
        Date(ref to, (uint)day);
        var (seconds, milliseconds) = Math.DivRem((uint)inDay, 1000);
        var (minutes, second) = Math.DivRem(seconds, 60);
        var (hour, minute) = Math.DivRem(minutes, 60);
        Literal(ref Unsafe.Add(ref to, 10), "T00:00:00.000Z"u8);
        Pair(ref Unsafe.Add(ref to, 11), hour);
        Pair(ref Unsafe.Add(ref to, 14), minute);
        Pair(ref Unsafe.Add(ref to, 17), second);
        var (hundreds, rest) = Math.DivRem(milliseconds, 100);
        Unsafe.Add(ref to, 20) = (byte)('0' + hundreds);
        Pair(ref Unsafe.Add(ref to, 21), rest);
        return ref Unsafe.Add(ref to, TimeLength);
    }

    /// <summary>
    /// The date of a day since 0001-01-01 by the multiplications of Neri and Schneider ("Euclidean affine functions and their
    /// application to calendar algorithms"): years begin in March, so that the leap day is the last.
    /// </summary>
    private static void Date(ref byte to, uint day)
    {
        var (century, inCentury) = Math.DivRem((4 * (day + 306)) + 3, 146_097);
        var product = 2_939_745UL * (inCentury | 3);
        var dayOfYear = (uint)product / 2_939_745 / 4;
        var monthAndDay = (2141 * dayOfYear) + 197_913;
        var nextYear = dayOfYear >= 306;
        var yearInCentury = (uint)(product >> 32) + (nextYear ? 1U : 0);
        if (yearInCentury == 100)
        {
            (century, yearInCentury) = (century + 1, 0);
        }

        Pair(ref to, century);
        Pair(ref Unsafe.Add(ref to, 2), yearInCentury);
        Unsafe.Add(ref to, 4) = (byte)'-';
        Pair(ref Unsafe.Add(ref to, 5), (monthAndDay >> 16) - (nextYear ? 12U : 0));
        Unsafe.Add(ref to, 7) = (byte)'-';
        Pair(ref Unsafe.Add(ref to, 8), ((monthAndDay & 0xFFFF) / 2141) + 1);
    }

    private static ref byte LongDigits(ref byte to, long value)
    {
        if (value < 0)
        {
            to = (byte)'-';
            to = ref Unsafe.Add(ref to, 1);
        }

        return ref Unsigned(ref to, Magnitude(value));
    }

    private static ulong Magnitude(long value) => value < 0 ? (ulong)-value : (ulong)value;

    private static ref byte Unsigned(ref byte to, ulong value)
    {
        if (value < EightDigits)
        {
            return ref Leading(ref to, (uint)value);
        }

        if (value < SixteenDigits)
        {
            var (first, last) = Math.DivRem(value, EightDigits);
            return ref Eight(ref Leading(ref to, (uint)first), (uint)last);
        }

        var (head, tail) = Math.DivRem(value, SixteenDigits);
        var (middle, end) = Math.DivRem(tail, EightDigits);
        return ref Eight(ref Eight(ref Leading(ref to, (uint)head), (uint)middle), (uint)end);
    }

    /// <summary>A number below 10^8 without leading zeros.</summary>
    private static ref byte Leading(ref byte to, uint value)
    {
        var digits = Digits(value);
        var unused = value == 0 ? 7 : System.Numerics.BitOperations.TrailingZeroCount(digits) / 8;
        Store(ref to, (digits | Zeros) >> (unused * 8));
        return ref Unsafe.Add(ref to, 8 - unused);
    }

    private static ref byte Eight(ref byte to, uint value)
    {
        Store(ref to, Digits(value) | Zeros);
        return ref Unsafe.Add(ref to, 8);
    }

    /// <summary>Eight digits, the first in the lowest byte: halves of four, pairs, then single digits, all lanes at once.</summary>
    private static ulong Digits(uint value)
    {
        var (high, low) = Math.DivRem(value, 10_000U);
        var fours = high | ((ulong)low << 32);
        var hundreds = (fours * 10_486 >> 20) & 0x0000_007F_0000_007F;
        var pairs = hundreds | ((fours - (hundreds * 100)) << 16);
        var tens = (pairs * 103 >> 10) & 0x000F_000F_000F_000F;
        return tens | ((pairs - (tens * 10)) << 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ref byte to, ulong bytes) =>
        Unsafe.WriteUnaligned(ref to, BitConverter.IsLittleEndian ? bytes : BinaryPrimitives.ReverseEndianness(bytes));

    /// <summary>Two digits of a number below 100.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pair(ref byte to, uint value) =>
        Unsafe.WriteUnaligned(ref to, Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref MemoryMarshal.GetReference(Pairs), value * 2)));

    /// <summary>Sets a point before the last digits, of which there are fewer than in all. At most 19 digits move by one.</summary>
    private static ref byte Point(ref byte to, int digits, int scale)
    {
        ref var point = ref Unsafe.Add(ref to, digits - scale);
        var fraction = Vector256.LoadUnsafe(ref point);
        point = (byte)'.';
        fraction.StoreUnsafe(ref Unsafe.Add(ref point, 1));
        return ref Unsafe.Add(ref to, digits + 1);
    }

    /// <summary>Makes digits, at most 19, the end of a fraction: 0.00digits.</summary>
    private static ref byte Fraction(ref byte to, int digits, int scale)
    {
        var fraction = Vector256.LoadUnsafe(ref to);
        MemoryMarshal.CreateSpan(ref to, scale - digits + 2).Fill((byte)'0');
        Unsafe.Add(ref to, 1) = (byte)'.';
        fraction.StoreUnsafe(ref Unsafe.Add(ref to, scale - digits + 2));
        return ref Unsafe.Add(ref to, scale + 2);
    }

    /// <summary>Takes the last digits off, rounding half to even as banks and IEEE 754 do: no drift when many values are rounded.</summary>
    private static long WithoutLast(int digits, long mantissa)
    {
        // 64 bits hold 19 digits: when more go, less than half of one is left.
        if (digits >= Powers.Length)
        {
            return 0;
        }

        var unit = Powers[digits];
        var (quotient, rest) = Math.DivRem(Magnitude(mantissa), unit);
        var other = unit - rest;
        var rounded = (long)quotient + (rest > other || (rest == other && (quotient & 1) != 0) ? 1 : 0);
        return mantissa < 0 ? -rounded : rounded;
    }
}
