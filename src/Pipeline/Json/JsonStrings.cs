using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace StreamEngine.Pipeline.Json;

/// <summary>What stands between quotes.</summary>
internal static class JsonStrings
{
    /// <summary>Flag in the result of <see cref="End"/>: there are escapes.</summary>
    public const long Escaped = 1L << 40;

    /// <summary>Flag in the result of <see cref="End"/>: there are bytes that must prove to be UTF-8.</summary>
    public const long NotAscii = 1L << 41;

    /// <summary>Bytes that are looked at at once.</summary>
    public const int Vector = 32;

    private const int FaultShift = 48;

    /// <summary>Finds the end of a string.</summary>
    /// <param name="text">Start of the memory, in which at least <see cref="JsonTokenizer.Ahead"/> bytes come behind the document.</param>
    /// <param name="start">First byte behind the opening quote; less than a vector behind the end.</param>
    /// <param name="end">End of the document.</param>
    /// <returns>
    /// The closing quote's position, plus flags: plain, so below <paramref name="end"/>, for a string of ASCII without escapes;
    /// see <see cref="FaultOf"/> for one that is wrong. It may lie behind the end when the string has none.
    /// </returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long End(ref byte text, int start, int end)
    {
        var found = start + PlainLengthOfValue(ref text, start);
        return Unsafe.Add(ref text, found) == '"' ? found : EndOfAny(ref text, start, end, end);
    }

    /// <summary>Finds the end of a string as <see cref="End"/> does, when its length is known with some probability.</summary>
    /// <remarks>
    /// The guess is compared, not taken: so the processor goes on behind the string at once, on the guess, instead of after the
    /// search. A document with the same names as the one before is read in much less time.
    /// </remarks>
    /// <param name="text">Start of the memory, in which at least <see cref="JsonTokenizer.Ahead"/> bytes come behind the document.</param>
    /// <param name="start">First byte behind the opening quote; at most a few behind the end.</param>
    /// <param name="end">End of the document.</param>
    /// <param name="guess">Any number; the length of what stood at the same place of the document before.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long EndNear(ref byte text, int start, int end, int guess)
    {
        var length = PlainLength(ref text, start);
        return length == guess && Unsafe.Add(ref text, start + guess) == '"' ? start + guess : EndOfOther(ref text, start, end, length);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long EndOfOther(ref byte text, int start, int end, int length) =>
        Unsafe.Add(ref text, start + length) == '"' ? start + length : EndOfAny(ref text, start, end, end);

    /// <summary>How many bytes come before the first quote, escape, control character or byte that is not ASCII; 32 when there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PlainLength(ref byte text, int start)
    {
        var bytes = Vector256.LoadUnsafe(ref text, (nuint)start);
        return System.Numerics.BitOperations.TrailingZeroCount((Specials(bytes) | bytes).ExtractMostSignificantBits());
    }

    /// <summary>The same in twice as many bytes; 64 when there is none. Of values some are longer than names are, which no processor can foretell.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PlainLengthOfValue(ref byte text, int start)
    {
        var (first, second) = (Vector256.LoadUnsafe(ref text, (nuint)start), Vector256.LoadUnsafe(ref text, (nuint)start + Vector));
        var stops = (Specials(first) | first).ExtractMostSignificantBits() | ((ulong)(Specials(second) | second).ExtractMostSignificantBits() << Vector);
        return System.Numerics.BitOperations.TrailingZeroCount(stops);
    }

    /// <summary>Finds the end of any string; what it gives is as of <see cref="End"/>.</summary>
    /// <param name="text">Start of the memory.</param>
    /// <param name="start">First byte behind the opening quote.</param>
    /// <param name="end">End of the document.</param>
    /// <param name="wide">The last position from which a whole vector may be read.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long EndOfAny(ref byte text, int start, int end, int wide)
    {
        var flags = 0L;
        for (var at = start; at < end;)
        {
            while (at <= wide)
            {
                var bytes = Vector256.LoadUnsafe(ref text, (nuint)at);
                var stops = Specials(bytes).ExtractMostSignificantBits();
                var before = stops == 0 ? uint.MaxValue : (stops & (0 - stops)) - 1;
                flags |= (bytes.ExtractMostSignificantBits() & before) != 0 ? NotAscii : 0;
                at += System.Numerics.BitOperations.TrailingZeroCount(stops);
                if (stops != 0)
                {
                    break;
                }
            }

            if (at >= end)
            {
                break;
            }

            var c = Unsafe.Add(ref text, at);
            if (c == '"')
            {
                return (uint)at | flags;
            }

            if (c < ' ')
            {
                return Fault(JsonFault.ControlCharacter, at);
            }

            if (c == '\\')
            {
                flags |= Escaped;
                var length = EscapeLength(MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref text, at), end - at));
                if (length == 0)
                {
                    return Fault(JsonFault.BadEscape, at);
                }

                at += length;
                continue;
            }

            flags |= c >= 0x80 ? NotAscii : 0;
            at++;
        }

        return Fault(JsonFault.OpenString, start - 1);
    }

    /// <summary>What is wrong with the string that <see cref="End"/> looked at, and where.</summary>
    public static JsonFault FaultOf(long result, out int at)
    {
        at = (int)(result & int.MaxValue);
        return (JsonFault)(result >> FaultShift);
    }

    /// <summary>Whether the escapes make text: half a surrogate pair is legal JSON, but nothing that UTF-8 could write.</summary>
    public static bool IsText(ReadOnlySpan<byte> raw)
    {
        while (raw.IndexOf((byte)'\\') is >= 0 and var at)
        {
            raw = raw[at..];
            if (!TryRead(ref raw, out _))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Writes a string's text.</summary>
    /// <param name="raw">The bytes between the quotes, known to be valid JSON.</param>
    /// <param name="target">At least as long.</param>
    /// <param name="written">Length of the text.</param>
    /// <returns>False when there is half a surrogate pair.</returns>
    public static bool TryUnescape(ReadOnlySpan<byte> raw, Span<byte> target, out int written)
    {
        written = 0;
        while (raw.IndexOf((byte)'\\') is >= 0 and var at)
        {
            raw[..at].CopyTo(target[written..]);
            written += at;
            raw = raw[at..];
            if (!TryRead(ref raw, out var rune))
            {
                return false;
            }

            written += rune.EncodeToUtf8(target[written..]);
        }

        raw.CopyTo(target[written..]);
        written += raw.Length;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Specials(Vector256<byte> bytes) =>
        Vector256.Equals(bytes, Vector256.Create((byte)'"'))
        | Vector256.Equals(bytes, Vector256.Create((byte)'\\'))
        | Vector256.Equals(Vector256.Min(bytes, Vector256.Create((byte)0x1F)), bytes);

    private static long Fault(JsonFault fault, int at) => ((long)fault << FaultShift) | (uint)at;

    /// <summary>Bytes of the escape that the text starts with; 0 when it is none.</summary>
    private static int EscapeLength(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2)
        {
            return 0;
        }

        return text[1] switch
        {
            (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t' => 2,
            (byte)'u' when text.Length >= 6 && IsHex(text[2]) && IsHex(text[3]) && IsHex(text[4]) && IsHex(text[5]) => 6,
            _ => 0,
        };
    }

    private static bool IsHex(byte c) => char.IsAsciiHexDigit((char)c);

    /// <summary>Reads the escape, or the two of a surrogate pair, that the text starts with.</summary>
    private static bool TryRead(ref ReadOnlySpan<byte> text, out Rune rune)
    {
        if (text[1] != 'u')
        {
            rune = new Rune(text[1] switch
            {
                (byte)'b' => '\b',
                (byte)'f' => '\f',
                (byte)'n' => '\n',
                (byte)'r' => '\r',
                (byte)'t' => '\t',
                var c => (char)c,
            });
            text = text[2..];
            return true;
        }

        var first = Unit(text);
        text = text[6..];
        if (!char.IsHighSurrogate(first))
        {
            return Rune.TryCreate(first, out rune);
        }

        if (text.Length < 6 || text[0] != '\\' || text[1] != 'u' || !Rune.TryCreate(first, Unit(text), out rune))
        {
            rune = default;
            return false;
        }

        text = text[6..];
        return true;
    }

    private static char Unit(ReadOnlySpan<byte> escape) => Utf8Parser.TryParse(escape.Slice(2, 4), out ushort unit, out _, 'x') ? (char)unit : '\0';
}
