using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Json;

/// <summary>Numbers as JSON writes them.</summary>
internal static class JsonNumbers
{
    private const int Word = sizeof(ulong);

    private static ReadOnlySpan<int> Powers => [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

    /// <summary>Reads the usual number: at most seven digits, and at most seven behind a point.</summary>
    /// <param name="text">Start of the memory.</param>
    /// <param name="start">Where the number starts, with a digit or a minus sign. From here on 32 bytes must be inside the memory.</param>
    /// <param name="token">Gets all but where it starts.</param>
    /// <returns>The end, which may lie behind that of the document; -1 when it is another number, or none.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int EndOfShort(ref byte text, int start, ref JsonToken token)
    {
        // Bytes read: a sign, a word, a point, a word, one more: 19 of the 32 that the caller vouches for.
        var at = start;
        if (Unsafe.Add(ref text, at) == '-')
        {
            at++;
        }

        var value = Digits(ref text, at, out var count);
        if (count is 0 or Word || (count > 1 && Unsafe.Add(ref text, at) == '0'))
        {
            return -1;
        }

        at += count;
        var scale = 0;
        int next = Unsafe.Add(ref text, at);
        if (next == '.')
        {
            var decimals = Digits(ref text, at + 1, out scale);
            if (scale is 0 or Word)
            {
                return -1;
            }

            // scale is 1 to 7 here.
            value = (value * (ulong)Unsafe.Add(ref MemoryMarshal.GetReference(Powers), scale)) + decimals;
            at += 1 + scale;
            next = Unsafe.Add(ref text, at);
        }

        token.Bits = Unsafe.Add(ref text, start) == '-' ? -(long)value : (long)value;
        token.Length = at - start;
        token.Meta = JsonToken.Number(scale);
        return (next | 0x20) == 'e' ? -1 : at;
    }

    /// <summary>Reads any number.</summary>
    /// <param name="text">From the number's start to the end of the document.</param>
    /// <param name="token">What is on the tape of it: all but where it starts.</param>
    /// <returns>Its length, or the complement (~) of where it goes wrong.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int Read(ReadOnlySpan<byte> text, ref JsonToken token)
    {
        var at = !text.IsEmpty && text[0] == '-' ? 1 : 0;
        var whole = CountDigits(text[at..]);
        if (whole == 0 || (whole > 1 && text[at] == '0'))
        {
            return ~(whole == 0 ? at : at + 1);
        }

        at += whole;
        if (at < text.Length && text[at] == '.')
        {
            var decimals = CountDigits(text[++at..]);
            if (decimals == 0)
            {
                return ~at;
            }

            at += decimals;
        }

        if (at < text.Length && (text[at] | 0x20) == 'e')
        {
            at++;
            at += at < text.Length && text[at] is (byte)'+' or (byte)'-' ? 1 : 0;
            var exponent = CountDigits(text[at..]);
            if (exponent == 0)
            {
                return ~at;
            }

            at += exponent;
        }

        var fits = Decimals.TryParse(text[..at], out token.Bits, out var scale);
        token.Meta = fits ? JsonToken.Number(scale) : (uint)JsonKind.Number | JsonToken.BigFlag;
        token.Length = at;
        return at;
    }

    private static int CountDigits(ReadOnlySpan<byte> text)
    {
        var count = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return count < 0 ? text.Length : count;
    }

    /// <summary>Up to eight digits at once (Lemire, "Quickly parsing eight digits", 2018).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Digits(ref byte text, int at, out int count)
    {
        var word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref text, at));
        if (!BitConverter.IsLittleEndian)
        {
            word = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word);
        }

        // A byte that is no digit gets its upper bit; its carry can only disturb bytes behind it.
        word ^= 0x3030_3030_3030_3030;
        var others = ((word + 0x7676_7676_7676_7676) | word) & 0x8080_8080_8080_8080;
        count = BitOperations.TrailingZeroCount(others) >> 3;

        // The digits become the last of eight, after zeros. With no digit at all the result means nothing.
        return (ulong)Value(word << (64 - (8 * count)));
    }

    /// <summary>The number of eight digits, each a byte, the first in the lowest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Value(ulong digits)
    {
        digits = (digits * 10) + (digits >> 8);
        return (long)((((digits & 0x0000_00FF_0000_00FF) * 0x000F_4240_0000_0064) + (((digits >> 16) & 0x0000_00FF_0000_00FF) * 0x0000_2710_0000_0001)) >> 32);
    }
}
