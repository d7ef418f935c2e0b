using System.Buffers;
using System.Text;
using System.Text.Json;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Mapping;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.WebSockets;

/// <summary>
/// A message to send. In its texts, <c>{names}</c> are replaced; a text that is nothing but a name becomes the value itself, so that a number
/// stays one. Values are escaped, so that none can change the message beyond its place.
/// </summary>
internal sealed class MessageTemplate
{
    private const string Sequence = "sequence";
    private const string Today = "today";

    private readonly List<Piece> pieces = [];
    private readonly ArrayBufferWriter<byte> literal = new();
    private readonly bool isReply;

    /// <param name="message">As it stands in the config.</param>
    /// <param name="isReply">Whether other names are paths into the message that is answered.</param>
    /// <exception cref="FormatException">A name isn't known or isn't closed.</exception>
    public MessageTemplate(JsonElement message, bool isReply = false)
    {
        this.isReply = isReply;
        if (message.ValueKind == JsonValueKind.String)
        {
            literal.Write(Encoding.UTF8.GetBytes(message.GetString()!));
        }
        else
        {
            Add(message);
        }

        pieces.Add(new Piece(literal.WrittenSpan.ToArray()));
    }

    /// <summary>The message to send now.</summary>
    /// <param name="now">The time.</param>
    /// <param name="sequence">The last sequence as JSON; empty for none.</param>
    /// <param name="answered">The message that is answered, if any.</param>
    public byte[] At(DateTimeOffset now, string sequence, JsonValue answered = default)
    {
        var text = new ArrayBufferWriter<byte>();
        foreach (var piece in pieces)
        {
            text.Write(piece.Before);
            if (piece.Today is { } today)
            {
                Write(text, Encoding.UTF8.GetBytes($"\"{today.At(now)}\""), piece.IsWhole);
            }
            else if (piece.Path is { } path)
            {
                Write(text, path.TryGet(answered, out var value) ? value.Raw : default, piece.IsWhole);
            }
            else if (piece.IsSequence)
            {
                Write(text, Encoding.UTF8.GetBytes(sequence), piece.IsWhole);
            }
        }

        return text.WrittenSpan.ToArray();
    }

    private static void Write(ArrayBufferWriter<byte> to, ReadOnlySpan<byte> value, bool isWhole)
    {
        if (isWhole)
        {
            to.Write(value.IsEmpty ? "null"u8 : value);
        }
        else if (!value.IsEmpty && value[0] is (byte)'{' or (byte)'[')
        {
            to.Write(JsonEncodedText.Encode(value).EncodedUtf8Bytes);
        }
        else if (!value.SequenceEqual("null"u8))
        {
            // What stands between the quotes is escaped already.
            to.Write(value.Length > 1 && value[0] == '"' ? value[1..^1] : value);
        }
    }

    private void Add(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                AddAll(value.EnumerateObject(), '{', '}', member =>
                {
                    literal.Write(JsonSerializer.SerializeToUtf8Bytes(member.Name));
                    literal.Write(":"u8);
                    Add(member.Value);
                });
                break;
            case JsonValueKind.Array:
                AddAll(value.EnumerateArray(), '[', ']', Add);
                break;
            case JsonValueKind.String:
                AddText(value.GetString()!);
                break;
            default:
                literal.Write(Encoding.UTF8.GetBytes(value.GetRawText()));
                break;
        }
    }

    private void AddAll<T>(IEnumerable<T> items, char open, char close, Action<T> add)
    {
        literal.Write([(byte)open]);
        foreach (var (i, item) in items.Index())
        {
            literal.Write(i > 0 ? ","u8 : default);
            add(item);
        }

        literal.Write([(byte)close]);
    }

    private void AddText(string text)
    {
        if (text.Length > 2 && text[0] == '{' && text.IndexOf('}', StringComparison.Ordinal) == text.Length - 1)
        {
            AddName(text[1..^1], isWhole: true);
            return;
        }

        literal.Write("\""u8);
        var at = 0;
        for (int open; (open = text.IndexOf('{', at)) >= 0;)
        {
            var close = text.IndexOf('}', open);
            if (close < 0)
            {
                throw new FormatException($"'{text}' has a '{{' without its '}}'; write names like {{today}}, and a message with other braces as a text");
            }

            literal.Write(JsonEncodedText.Encode(text[at..open]).EncodedUtf8Bytes);
            AddName(text[(open + 1)..close], isWhole: false);
            at = close + 1;
        }

        literal.Write(JsonEncodedText.Encode(text[at..]).EncodedUtf8Bytes);
        literal.Write("\""u8);
    }

    private void AddName(string name, bool isWhole)
    {
        var piece = new Piece(literal.WrittenSpan.ToArray()) { IsWhole = isWhole };
        literal.Clear();
        if (name == Sequence)
        {
            piece = piece with { IsSequence = true };
        }
        else if (name == Today || name.StartsWith(Today + ":", StringComparison.Ordinal))
        {
            piece = piece with { Today = new RequestTemplate($"{{{name}}}") };
        }
        else if (!isReply)
        {
            throw new FormatException($"'{{{name}}}' is not known; known: {{today}}, {{sequence}}");
        }
        else if (!MappingPath.TryParse(name, out var path, out var error) || path.NeedsContext)
        {
            throw new FormatException(error ?? $"'{name}' looks beyond the message that is answered");
        }
        else
        {
            piece = piece with { Path = path };
        }

        pieces.Add(piece);
    }

    /// <summary>What stands before a value, and which value that is.</summary>
    private sealed record Piece(byte[] Before)
    {
        public bool IsWhole { get; init; }

        public bool IsSequence { get; init; }

        public RequestTemplate? Today { get; init; }

        public MappingPath? Path { get; init; }
    }
}
