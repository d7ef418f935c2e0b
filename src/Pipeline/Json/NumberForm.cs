using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace StreamEngine.Pipeline.Json;

/// <summary>
/// How a short number is written: how many digits it has, and how many of them behind a point. Numbers that stand at the same place of
/// documents are mostly written alike, and one that is written like another is read with few steps, none of which depends on where it ends.
/// </summary>
internal readonly struct NumberForm
{
    /// <summary>The longest number that has a form, in bytes.</summary>
    public const int Longest = sizeof(ulong);

    /// <summary>The form of no number.</summary>
    public const byte None = 0;

    private const ulong EachByte = 0x0101_0101_0101_0101;

    private static readonly NumberForm[] All = Make();

    // By byte, the first in the lowest: '0', or the point.
    private readonly ulong zero;

    // By byte: what makes all but digits, or all but the point, exceed 127.
    private readonly ulong excess;
    private readonly ulong counts;
    private readonly ulong whole;
    private readonly ulong decimals;
    private readonly int unused;

    /// <summary>1 where the first digit may be a zero.</summary>
    private readonly uint mayBeZero;

    /// <summary>That which no text has.</summary>
    public NumberForm() => excess = counts = 0x80 * EachByte;

    private NumberForm(int length, int scale)
    {
        var point = length - 1 - scale;
        var isPointed = scale > 0;
        counts = 0x80 * EachByte >> (8 * (Longest - length));
        whole = isPointed ? First(point) : First(length);
        decimals = isPointed ? First(length - 1) & ~whole : 0;
        zero = ('0' * EachByte) ^ (isPointed ? (ulong)('0' ^ '.') << (8 * point) : 0);
        excess = (0x76 * EachByte) ^ (isPointed ? 0x09UL << (8 * point) : 0);
        unused = 8 * (Longest - (isPointed ? length - 1 : length));
        mayBeZero = (isPointed ? point : length) == 1 ? 1U : 0;
        (Length, Meta) = (length, JsonToken.Number(scale));
    }

    /// <summary>Bytes of the number.</summary>
    public readonly int Length;

    /// <summary><see cref="JsonToken.Meta"/> of the number.</summary>
    public readonly uint Meta;

    /// <summary>The number of a form; <see cref="None"/> when there is none.</summary>
    /// <param name="length">Bytes of the number.</param>
    /// <param name="scale">How many of its digits stand behind a point.</param>
    /// <param name="isNegative">Whether it begins with a minus sign.</param>
    public static byte Of(int length, int scale, bool isNegative) =>
        isNegative || length > Longest || scale < 0 || (scale > 0 && scale > length - 2) ? None : (byte)((length * Longest) + scale);

    /// <summary>A form by its number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref readonly NumberForm At(byte form) => ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(All), form);

    /// <summary>Reads a number of this form, from the start of one; false for one of another form. What comes behind it is not looked at.</summary>
    /// <param name="text">Where it starts; a word can be read.</param>
    /// <param name="digits">All its digits as one whole number.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool TryRead(ref byte text, out long digits)
    {
        var word = Unsafe.ReadUnaligned<ulong>(ref text);
        if (!BitConverter.IsLittleEndian)
        {
            word = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word);
        }

        word ^= zero;
        var others = ((word + excess) | word) & counts;

        // The digits become the last of eight, after zeros (as in JsonNumbers).
        digits = JsonNumbers.Value(((word & whole) | ((word >> 8) & decimals)) << unused);
        return (others | (((byte)word | mayBeZero) == 0 ? 1UL : 0)) == 0;
    }

    private static ulong First(int bytes) => bytes == Longest ? ulong.MaxValue : (1UL << (8 * bytes)) - 1;

    private static NumberForm[] Make()
    {
        var forms = new NumberForm[byte.MaxValue + 1];
        forms.AsSpan().Fill(new NumberForm());
        for (var length = 1; length <= Longest; length++)
        {
            for (var scale = 0; scale == 0 || scale <= length - 2; scale++)
            {
                forms[Of(length, scale, isNegative: false)] = new NumberForm(length, scale);
            }
        }

        return forms;
    }
}
