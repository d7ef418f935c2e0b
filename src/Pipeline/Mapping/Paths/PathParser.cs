using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Json.Paths;
using StreamEngine.Pipeline.Json.Paths.Parsing;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Reads the path notation: where the path starts, and the segments of RFC 9535 behind it.</summary>
/// <param name="text">As the operator wrote it.</param>
internal sealed class PathParser(string text)
{
    private static readonly string[] Context = ["@key", "@url", "@file", "@fetched", "@header('NAME')"];

    private const string HeaderStart = "@header(";

    private readonly PathReader reader = new(text) { TakesComputed = true };
    private string? fault;

    public MappingPath? Parse(out string? error)
    {
        var path = text.Length > JsonPath.MaxLength ? Fail($"it is longer than {JsonPath.MaxLength} characters") : Read();
        error = path is null ? $"'{text}' is no path: {fault ?? reader.Fault}" : null;
        return path;
    }

    private MappingPath? Read()
    {
        if (text.Length == 0)
        {
            return Fail("it is empty; '$' is the document, '@' the item");
        }

        var climb = 0;
        while (reader.TryTake("^"))
        {
            climb++;
        }

        if (reader.Next == '@' && reader.At + 1 < text.Length && char.IsAsciiLetter(text[reader.At + 1]))
        {
            return ReadContext(climb);
        }

        if (climb > 0 && reader.Next is '$' or '@')
        {
            return Fail($"'{reader.Next}' says where the path starts, and so does '^'; write one of them");
        }

        var root = reader.Next == '$' ? PathRoot.Document : PathRoot.Item;
        var isBare = !reader.TryTake("$") && !reader.TryTake("@") && climb == 0 && reader.Next is not ('.' or '[');
        if (QueryParser.ReadSegments(reader, isBare) is not { } segments)
        {
            return null;
        }

        if (!reader.IsAtEnd)
        {
            reader.Fail("'.' or '[' expected", "such as .name, ..name or [0]");
            return null;
        }

        return MappingPath.Of(text, root, climb, segments, reader.Doubts, out fault);
    }

    private MappingPath? ReadContext(int climb)
    {
        var name = text[reader.At..];
        var root = name switch
        {
            "@key" => PathRoot.Key,
            "@url" or "@file" => PathRoot.Origin,
            "@fetched" => PathRoot.Fetched,
            _ when name.StartsWith(HeaderStart, StringComparison.Ordinal) => PathRoot.Header,
            _ => PathRoot.Item,
        };
        if (root == PathRoot.Item)
        {
            return Fail($"'{name}' is unknown{Suggestion.Remedy(name, Context)}");
        }

        if (climb > 0 && root != PathRoot.Key)
        {
            return Fail($"'{name}' belongs to the document; write it without '^'");
        }

        if (root != PathRoot.Header)
        {
            return new MappingPath(text, root, climb, []);
        }

        return HeaderName(name) is { } header
            ? new MappingPath(text, root, climb, [], header: header)
            : Fail("'@header' takes the name of a header, such as @header('X-Season')");
    }

    private static string? HeaderName(string text)
    {
        if (!text.EndsWith(')'))
        {
            return null;
        }

        var name = text[HeaderStart.Length..^1];
        if (name.Length > 1 && name[0] is '\'' or '"' && name[^1] == name[0])
        {
            name = name[1..^1];
        }

        return name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') ? name : null;
    }

    private MappingPath? Fail(string message)
    {
        fault = message;
        return null;
    }
}
