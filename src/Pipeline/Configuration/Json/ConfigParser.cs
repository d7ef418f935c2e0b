using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using StreamEngine.Pipeline.Configuration.Faults;

namespace StreamEngine.Pipeline.Configuration.Json;

/// <summary>JSON with comments and trailing commas, parsed into nodes that know their places.</summary>
internal sealed class ConfigParser
{
    public const int MaxBytes = 4 << 20;
    private const int MaxDepth = 64;

    private readonly LineIndex lines;
    private readonly FaultList faults;

    private ConfigParser(LineIndex lines, FaultList faults)
    {
        this.lines = lines;
        this.faults = faults;
    }

    /// <summary>Parses a file; null when it isn't JSON, which is reported where reading stopped.</summary>
    public static ConfigNode? Parse(string file, ReadOnlyMemory<byte> bytes, FaultList faults)
    {
        if (bytes.Length > MaxBytes)
        {
            faults.Error(new Place(file, 1, 1), "", $"the file has more than {new ByteSize(MaxBytes)}; a config is smaller than that");
            return null;
        }

        // Column 1 is the first character after a byte order mark, as editors show it.
        if (bytes.Span.StartsWith(Encoding.UTF8.Preamble))
        {
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        }

        var parser = new ConfigParser(new LineIndex(file, bytes), faults);
        if (!bytes.Span.ContainsAnyExcept(" \t\r\n"u8))
        {
            faults.Error(new Place(file, 1, 1), "", "the file is empty; it must hold JSON");
            return null;
        }

        return parser.IsUtf8(bytes.Span) ? parser.ParseRoot(bytes.Span) : null;
    }

    private bool IsUtf8(ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            if (Rune.DecodeFromUtf8(bytes[at..], out _, out var length) != OperationStatus.Done)
            {
                faults.Error(lines.At(at), "", "the file is not UTF-8 from here on; save it as UTF-8");
                return false;
            }

            at += length;
        }

        return true;
    }

    private ConfigNode? ParseRoot(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions
        {
            AllowTrailingCommas = true,
            CommentHandling = JsonCommentHandling.Skip,
            MaxDepth = MaxDepth,
        });
        try
        {
            reader.Read();
            var root = ParseValue(ref reader, "");
            // Throws at anything that follows the root.
            reader.Read();
            return root;
        }
        catch (JsonException e)
        {
            faults.Error(lines.At(e.LineNumber ?? 0, e.BytePositionInLine ?? 0), "", $"not valid JSON: {Words(e)}");
            return null;
        }
    }

    /// <summary>The parser's words, which may quote the text, on one line and without the place, which is told before them.</summary>
    private static string Words(JsonException e)
    {
        if (e.Message.StartsWith("The maximum configured depth", StringComparison.Ordinal))
        {
            return string.Create(CultureInfo.InvariantCulture, $"nested more than {MaxDepth} levels deep");
        }

        var tail = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (tail > 0 ? e.Message[..tail] : e.Message).ReplaceLineEndings(" ");
    }

    private ConfigNode ParseValue(ref Utf8JsonReader reader, string path)
    {
        var place = lines.At((int)reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return ParseObject(ref reader, place, path);
            case JsonTokenType.StartArray:
                var list = new ConfigNode(NodeKind.List, place);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    list.Items.Add(ParseValue(ref reader, SettingPath.Item(path, list.Items.Count)));
                }

                return list;
            case JsonTokenType.String:
                return new ConfigNode(NodeKind.Text, place, TextOf(ref reader, place, path));
            case JsonTokenType.Number:
                return new ConfigNode(NodeKind.Number, place, Encoding.UTF8.GetString(reader.ValueSpan));
            case JsonTokenType.True:
            case JsonTokenType.False:
                return new ConfigNode(NodeKind.Bool, place, reader.TokenType == JsonTokenType.True ? "true" : "false");
            default:
                return new ConfigNode(NodeKind.Null, place);
        }
    }

    private ConfigNode ParseObject(ref Utf8JsonReader reader, Place place, string path)
    {
        var node = new ConfigNode(NodeKind.Object, place);
        var seen = new Dictionary<string, Place>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var keyPlace = lines.At((int)reader.TokenStartIndex);
            var name = TextOf(ref reader, keyPlace, path);
            reader.Read();
            var value = ParseValue(ref reader, SettingPath.Child(path, name));
            if (seen.TryAdd(name, keyPlace))
            {
                node.Members.Add(new ConfigMember(name, keyPlace, value));
            }
            else
            {
                faults.Error(keyPlace, SettingPath.Child(path, name), string.Create(CultureInfo.InvariantCulture, $"given twice, first on line {seen[name].Line}; keep one of them"));
            }
        }

        return node;
    }

    private string TextOf(ref Utf8JsonReader reader, Place place, string path)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            faults.Error(place, path, "the text holds half a character (a lone \\uD800..\\uDFFF escape); write both halves");
            return "";
        }
    }
}
