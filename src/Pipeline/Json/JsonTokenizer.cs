using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Unicode;

namespace StreamEngine.Pipeline.Json;

/// <summary>Reads JSON (RFC 8259) to a tape in one pass: what is skipped later was checked like everything else.</summary>
internal static class JsonTokenizer
{
    /// <summary>How far vectors and words read ahead.</summary>
    public const int Ahead = 128;

    /// <summary>Whether a reader may look beyond the document's end.</summary>
    private interface IEnd
    {
        static abstract bool IsHard { get; }
    }

    /// <summary>Fills the tape.</summary>
    /// <param name="tape">Where the tokens go.</param>
    /// <param name="bytes">The memory in which the document stands.</param>
    /// <param name="start">Where it starts.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="at">Where it goes wrong.</param>
    /// <returns>What is wrong with it.</returns>
    public static JsonFault Fill(JsonTape tape, ReadOnlySpan<byte> bytes, int start, int end, out int at)
    {
        var reading = new JsonReading { IsAscii = true };
        at = end;
        if (end > bytes.Length - Ahead || !Fill<SoftEnd>(tape, bytes, start, end, ref reading))
        {
            // Either there is nothing to look at behind the end, or what is wrong must be found out exactly.
            reading = new JsonReading { IsAscii = true };
            if (!Fill<HardEnd>(tape, bytes, start, end, ref reading))
            {
                at = reading.At;
                return reading.Fault;
            }
        }

        // Outside strings other bytes than ASCII are a fault anyway.
        return reading.IsAscii || Utf8.IsValid(bytes[start..end]) ? JsonFault.None : JsonFault.NotUtf8;
    }

    // One method, and jumps between the places of the grammar, because position and token then stay in registers; a method per
    // place takes twice the time. Writes through `token` are inside the tape: there is room for two before every value, for it and
    // for the name of the next. With a hard end no byte at or behind the end is read. With a soft one every value and every closing
    // bracket is checked to start before the end, and between two of them only a comma, a colon and a quote are read: less than
    // `Ahead`; what was read there is never accepted, because then the document ends too late.
    private static bool Fill<TEnd>(JsonTape target, ReadOnlySpan<byte> bytes, int start, int end, ref JsonReading reading)
        where TEnd : struct, IEnd
    {
        ref var text = ref MemoryMarshal.GetReference(bytes);
        ref var token = ref MemoryMarshal.GetArrayDataReference(target.Tokens);
        ref var last = ref Unsafe.Add(ref token, target.Tokens.Length - 2);
        var (pos, parent, depth, inObject) = (start, -1, 0, false);

    Value:
        if (Unsafe.IsAddressGreaterThan(ref token, ref last))
        {
            var count = target.IndexOf(ref token);
            if (!target.Grow())
            {
                return reading.Fail(JsonFault.TooLarge, pos);
            }

            token = ref target.Tokens[count];
            last = ref target.Tokens[target.Tokens.Length - 2];
        }

        if (TEnd.IsHard && pos >= end)
        {
            return reading.Fail(JsonFault.ValueExpected, end);
        }

        int c = Unsafe.Add(ref text, pos);
        if (c <= ' ')
        {
            pos = SkipSpace(ref text, pos, end);
            if (pos >= end)
            {
                return reading.Fail(JsonFault.ValueExpected, end);
            }

            c = Unsafe.Add(ref text, pos);
        }

        if (c == '"')
        {
            var close = TEnd.IsHard ? JsonStrings.EndOfAny(ref text, pos + 1, end, end - JsonStrings.Vector) : JsonStrings.End(ref text, pos + 1, end);
            token.Start = pos + 1;
            token.Meta = JsonToken.PlainString;
            if (close >= end)
            {
                close = reading.Unusual(close, end, ref token);
                if (close < 0)
                {
                    return false;
                }
            }

            token.Length = (int)close - pos - 1;
            pos = (int)close + 1;
            token = ref Unsafe.Add(ref token, 1);
        }
        else if ((uint)(c - '0') <= 9 || c == '-')
        {
            token.Start = pos;
            var behind = TEnd.IsHard ? -1 : JsonNumbers.EndOfShort(ref text, pos, ref token);
            if (behind < 0)
            {
                var length = JsonNumbers.Read(pos < end ? bytes[pos..end] : default, ref token);
                if (length < 0)
                {
                    return reading.Fail(JsonFault.BadNumber, pos + ~length);
                }

                behind = pos + length;
            }
            else if (behind > end)
            {
                return false;
            }

            pos = behind;
            token = ref Unsafe.Add(ref token, 1);
        }
        else if ((c | 0x20) == '{')
        {
            if (pos >= end || depth++ == JsonTape.MaxDepth)
            {
                return reading.Fail(JsonFault.TooDeep, pos);
            }

            // Until it is closed, Next is the way back to the parent.
            inObject = c == '{';
            token.Start = pos++;
            token.Next = parent;
            token.Meta = (uint)(inObject ? JsonKind.Object : JsonKind.Array);
            parent = target.IndexOf(ref token);
            token = ref Unsafe.Add(ref token, 1);
            pos = SkipSpace(ref text, pos, end);
            if (pos < end && Unsafe.Add(ref text, pos) == c + 2)
            {
                goto Close;
            }

            if (inObject)
            {
                goto Name;
            }

            goto Value;
        }
        else
        {
            var (kind, length) = pos < end ? Literal(bytes[pos..end]) : default;
            if (length == 0)
            {
                return reading.Fail(JsonFault.ValueExpected, pos);
            }

            token.Start = pos;
            token.Length = length;
            token.Meta = (uint)kind;
            pos += length;
            token = ref Unsafe.Add(ref token, 1);
        }

    Behind:
        if (depth == 0)
        {
            pos = SkipSpace(ref text, pos, end);
            return pos == end || reading.Fail(JsonFault.EndExpected, pos);
        }

        c = TEnd.IsHard && pos >= end ? 0 : Unsafe.Add(ref text, pos);
        if (c == ',')
        {
            pos++;
            if (inObject)
            {
                goto Name;
            }

            goto Value;
        }

        if (c <= ' ' && pos < end)
        {
            // Back with what follows the space, or with a byte that nothing allows.
            pos = SkipSpace(ref text, pos, end);
            if (pos >= end || Unsafe.Add(ref text, pos) > ' ')
            {
                goto Behind;
            }
        }

        if (pos >= end || c != (inObject ? '}' : ']'))
        {
            return reading.Fail(inObject ? JsonFault.CommaOrBraceExpected : JsonFault.CommaOrBracketExpected, pos);
        }

    Close:
        pos++;
        ref var closed = ref target.Tokens[parent];
        parent = closed.Next;
        closed.Length = pos - closed.Start;
        closed.Next = target.IndexOf(ref token);
        depth--;
        inObject = parent >= 0 && target.Tokens[parent].Kind == JsonKind.Object;
        goto Behind;

    Name:
        c = TEnd.IsHard && pos >= end ? 0 : Unsafe.Add(ref text, pos);
        if (c != '"')
        {
            pos = SkipSpace(ref text, pos, end);
            if (pos >= end || Unsafe.Add(ref text, pos) != '"')
            {
                return reading.Fail(JsonFault.NameExpected, pos);
            }
        }

        var quote = TEnd.IsHard ? JsonStrings.EndOfAny(ref text, pos + 1, end, end - JsonStrings.Vector) : JsonStrings.EndNear(ref text, pos + 1, end, token.Length);
        token.Start = pos + 1;
        token.Meta = JsonToken.PlainString;
        if (quote >= end)
        {
            quote = reading.Unusual(quote, end, ref token);
            if (quote < 0)
            {
                return false;
            }

            if (token.IsEscaped && !JsonStrings.IsText(bytes[(pos + 1)..(int)quote]))
            {
                return reading.Fail(JsonFault.HalfPairInName, pos);
            }
        }

        token.Length = (int)quote - pos - 1;
        token = ref Unsafe.Add(ref token, 1);
        pos = (int)quote + 1;
        c = TEnd.IsHard && pos >= end ? 0 : Unsafe.Add(ref text, pos);
        if (c != ':')
        {
            pos = SkipSpace(ref text, pos, end);
            if (pos >= end || Unsafe.Add(ref text, pos) != ':')
            {
                return reading.Fail(JsonFault.ColonExpected, pos);
            }
        }

        pos++;
        goto Value;
    }

    /// <summary>The next position, from <paramref name="at"/> on, with something else than white space; at most the end, unless it begins behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SkipSpace(ref byte text, int at, int end) => at < end && Unsafe.Add(ref text, at) > ' ' ? at : EndOfSpace(ref text, at, end);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int EndOfSpace(ref byte text, int at, int end)
    {
        while (at < end && Unsafe.Add(ref text, at) is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r')
        {
            at++;
        }

        return at;
    }

    /// <summary>Which of the three words the text starts with; nothing when with none.</summary>
    public static (JsonKind Kind, int Length) Literal(ReadOnlySpan<byte> text)
    {
        if (text.StartsWith("null"u8))
        {
            return (JsonKind.Null, 4);
        }

        if (text.StartsWith("true"u8))
        {
            return (JsonKind.True, 4);
        }

        return text.StartsWith("false"u8) ? (JsonKind.False, 5) : default;
    }

    private readonly struct SoftEnd : IEnd
    {
        public static bool IsHard => false;
    }

    private readonly struct HardEnd : IEnd
    {
        public static bool IsHard => true;
    }
}
