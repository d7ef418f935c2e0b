using System.Globalization;
using System.Text;

namespace StreamEngine.Pipeline.Json.Paths.Parsing;

/// <summary>Reads a string in single or double quotes (RFC 9535, 2.3.1.1: string-literal).</summary>
internal static class StringLiteral
{
    private const int HexDigits = 4;

    /// <summary>Reads one from its opening quote on.</summary>
    /// <returns>Its text; null when it is faulty.</returns>
    public static string? Read(PathReader reader)
    {
        var start = reader.At;
        var quote = reader.Next;
        var text = new StringBuilder();
        for (reader.At++; !reader.IsAtEnd;)
        {
            if (reader.Next == quote)
            {
                reader.At++;
                return text.ToString();
            }

            if (!(reader.Next == '\\' ? ReadEscape(reader, quote, text) : ReadCharacter(reader, text)))
            {
                return null;
            }
        }

        reader.Fail(start, "a string without end", $"closed by {quote}");
        return null;
    }

    private static bool ReadCharacter(PathReader reader, StringBuilder text)
    {
        if (reader.Next < ' ')
        {
            return reader.Fail("a control character in a string", "to be written as an escape such as \\n or \\u0000");
        }

        var length = reader.CharacterLength();
        if (length == 0)
        {
            return reader.Fail("half a surrogate pair");
        }

        text.Append(reader.Text, reader.At, length);
        reader.At += length;
        return true;
    }

    private static bool ReadEscape(PathReader reader, char quote, StringBuilder text)
    {
        var start = reader.At++;
        var c = reader.Next;
        if (c == 'u')
        {
            return ReadUnicodeEscape(reader, start, text);
        }

        var character = c switch
        {
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '/' or '\\' => c,
            _ when c == quote => c,
            _ => '\0',
        };
        if (character == '\0')
        {
            return reader.Fail(start, "an unknown escape", $"known are \\b, \\f, \\n, \\r, \\t, \\/, \\\\, \\{quote} and \\u with four hexadecimal digits");
        }

        reader.At++;
        text.Append(character);
        return true;
    }

    private static bool ReadUnicodeEscape(PathReader reader, int start, StringBuilder text)
    {
        if (!TryReadUnit(reader, out var unit))
        {
            return reader.Fail(start, "an unknown escape", "\\u takes four hexadecimal digits");
        }

        text.Append(unit);
        if (!char.IsSurrogate(unit))
        {
            return true;
        }

        if (char.IsLowSurrogate(unit) || !reader.TryTake("\\") || !TryReadUnit(reader, out var second) || !char.IsLowSurrogate(second))
        {
            return reader.Fail(start, "half a surrogate pair", "a pair is written as in \\uD83D\\uDE00");
        }

        text.Append(second);
        return true;
    }

    /// <summary>Reads <c>u</c> and four digits.</summary>
    private static bool TryReadUnit(PathReader reader, out char unit)
    {
        unit = '\0';
        if (!reader.TryTake("u") || reader.At + HexDigits > reader.Text.Length
            || !ushort.TryParse(reader.Text.AsSpan(reader.At, HexDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        unit = (char)value;
        reader.At += HexDigits;
        return true;
    }
}
