using System.Text;
using StreamEngine.Pipeline.Json.Paths;

namespace StreamEngine.Pipeline.Json;

/// <summary>A value of a document that was read to a tape. Valid as long as the tape isn't filled again and the bytes stay.</summary>
public readonly ref struct JsonValue
{
    private readonly JsonTape? tape;
    private readonly ReadOnlySpan<byte> bytes;
    private readonly int index;

    internal JsonValue(JsonTape tape, ReadOnlySpan<byte> bytes, int index)
    {
        this.tape = tape;
        this.bytes = bytes;
        this.index = index;
    }

    /// <summary>What it is.</summary>
    public JsonKind Kind => tape is null ? JsonKind.None : tape.Tokens[index].Kind;

    /// <summary>As it is written.</summary>
    public ReadOnlySpan<byte> Raw
    {
        get
        {
            if (tape is null)
            {
                return default;
            }

            var (start, length) = tape.Raw(index);
            return bytes.Slice(start, length);
        }
    }

    /// <summary>How many items an array or members an object has; 0 for other values.</summary>
    public int Count => tape is null ? 0 : Children.Count(tape, index);

    internal JsonTape Tape => tape ?? throw new InvalidOperationException("There is no value.");

    internal ReadOnlySpan<byte> Bytes => bytes;

    internal int Index => index;

    /// <summary>The text of a string, the digits of a number; null for others and where half a surrogate pair makes it no text.</summary>
    public string? GetText()
    {
        if (Kind is not (JsonKind.String or JsonKind.Number))
        {
            return null;
        }

        ref readonly var token = ref Tape.Tokens[index];
        var raw = bytes.Slice(token.Start, token.Length);
        if (!token.IsEscaped)
        {
            return Encoding.UTF8.GetString(raw);
        }

        var text = new byte[raw.Length];
        return JsonStrings.TryUnescape(raw, text, out var written) ? Encoding.UTF8.GetString(text, 0, written) : null;
    }
}
