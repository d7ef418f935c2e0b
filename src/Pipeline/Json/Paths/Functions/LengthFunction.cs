namespace StreamEngine.Pipeline.Json.Paths.Functions;

/// <summary><c>length</c> (RFC 9535, 2.4.4): the characters of a string, items of an array or members of an object; else Nothing.</summary>
internal sealed class LengthFunction(ValueExpression measured) : ValueExpression
{
    private const int UnicodeEscape = 6;

    public override PathValue Read(in QueryArgument argument, int current)
    {
        var value = measured.Read(argument, current);
        return value.Kind switch
        {
            JsonKind.String => PathValue.Of(CountCharacters(value.Bytes.Slice(value.Token.Start, value.Token.Length), value.Token.IsEscaped)),
            JsonKind.Array or JsonKind.Object => PathValue.Of(Children.Count(value.Tape, value.Node)),
            _ => default,
        };
    }

    /// <summary>Unicode scalar values in a string; half a surrogate pair counts as one.</summary>
    private static int CountCharacters(ReadOnlySpan<byte> raw, bool isEscaped)
    {
        var count = 0;
        for (var at = 0; at < raw.Length; count++)
        {
            if (isEscaped && raw[at] == '\\')
            {
                at += EscapeLength(raw[at..]);
                continue;
            }

            // The bytes after a character's first one are 10xxxxxx.
            for (at++; at < raw.Length && (raw[at] & 0xC0) == 0x80; at++)
            {
            }
        }

        return count;
    }

    private static int EscapeLength(ReadOnlySpan<byte> text)
    {
        if (text[1] != 'u')
        {
            return 2;
        }

        var isPair = IsSurrogate(text, low: false) && text.Length >= 2 * UnicodeEscape && text[UnicodeEscape] == '\\'
            && text[UnicodeEscape + 1] == 'u' && IsSurrogate(text[UnicodeEscape..], low: true);
        return isPair ? 2 * UnicodeEscape : UnicodeEscape;
    }

    /// <summary>Whether a <c>\u</c> escape writes the first or second half of a pair: D800 to DBFF, or DC00 to DFFF.</summary>
    private static bool IsSurrogate(ReadOnlySpan<byte> escape, bool low) =>
        (escape[2] | 0x20) == 'd' && (low ? (escape[3] | 0x20) is >= 'c' and <= 'f' : (escape[3] | 0x20) is '8' or '9' or 'a' or 'b');
}
