using System.Buffers;
using System.Globalization;
using System.Text;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Reads the path notation.</summary>
internal sealed class PathParser(string text)
{
    private const string Reserved = ".[]{}()^$@'\"=!<>, \t\r\n";
    private static readonly SearchValues<char> EndsName = SearchValues.Create(Reserved);
    private static readonly string[] Context = ["@key", "@url", "@file", "@fetched"];

    private readonly List<PathStep> steps = [];
    private int at;
    private string? fault;

    public MappingPath? Parse(out string? error)
    {
        var path = Read();
        error = fault is null ? null : $"'{text}' is no path: {fault}";
        return fault is null ? path : null;
    }

    private MappingPath? Read()
    {
        if (text.Length == 0)
        {
            return Fail("it is empty; '$' is the document");
        }

        var root = PathRoot.Item;
        var climb = 0;
        if (Peek == '$')
        {
            root = PathRoot.Document;
            at++;
        }

        while (root == PathRoot.Item && Peek == '^')
        {
            climb++;
            at++;
        }

        if (Peek == '@' && root == PathRoot.Item)
        {
            return ReadContext(climb);
        }

        var first = root == PathRoot.Item && climb == 0;
        while (fault is null && at < text.Length)
        {
            ReadStep(first);
            first = false;
        }

        if (steps.Count(s => s.IsWildcard) > PathWalk.MaxWildcards)
        {
            return Fail($"it has more than {PathWalk.MaxWildcards} wildcards; split it into levels of 'each'");
        }

        return fault is null ? new MappingPath(text, root, climb, [.. steps]) : null;
    }

    private MappingPath? ReadContext(int climb)
    {
        var name = text[at..];
        var root = name switch
        {
            "@key" => PathRoot.Key,
            "@url" or "@file" => PathRoot.Origin,
            "@fetched" => PathRoot.Fetched,
            _ => PathRoot.Item,
        };
        if (root == PathRoot.Item)
        {
            return Fail($"'{name}' is unknown{Suggestion.Remedy(name, Context)}");
        }

        return climb > 0 && root != PathRoot.Key
            ? Fail($"'{name}' belongs to the document; write it without '^'")
            : new MappingPath(text, root, climb, []);
    }

    private void ReadStep(bool first)
    {
        if (Peek == '[')
        {
            at++;
            ReadBracket();
            return;
        }

        if (!first)
        {
            if (Peek != '.')
            {
                Fail($"'.' or '[' expected at position {at + 1}");
                return;
            }

            at++;
        }

        if (Peek == '*')
        {
            at++;
            steps.Add(PathStep.Wildcard);
            return;
        }

        var length = text.AsSpan(at).IndexOfAny(EndsName);
        var name = length < 0 ? text[at..] : text.Substring(at, length);
        if (name.Length == 0)
        {
            Fail($"a name is missing at position {at + 1}; names with special characters are written ['name']");
            return;
        }

        at += name.Length;
        steps.Add(PathStep.Member(name));
    }

    private void ReadBracket()
    {
        if (Peek is '\'' or '"')
        {
            var quote = text[at++];
            var name = new StringBuilder();
            while (at < text.Length && text[at] != quote)
            {
                at += text[at] == '\\' && at + 1 < text.Length ? 1 : 0;
                name.Append(text[at++]);
            }

            at++;
            steps.Add(PathStep.Member(name.ToString()));
        }
        else
        {
            var end = text.IndexOf(']', at);
            var inside = end < 0 ? text[at..] : text[at..end];
            if (inside == "*")
            {
                steps.Add(PathStep.Wildcard);
            }
            else if (int.TryParse(inside, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            {
                steps.Add(PathStep.Item(index));
            }
            else
            {
                Fail($"'[{inside}]' is unknown; write a position such as [0], a name such as ['a b'], or [*]");
                return;
            }

            at += inside.Length;
        }

        if (Peek != ']')
        {
            Fail($"']' expected at position {Math.Min(at, text.Length) + 1}");
            return;
        }

        at++;
    }

    private char Peek => at < text.Length ? text[at] : '\0';

    private MappingPath? Fail(string message)
    {
        fault ??= message;
        return null;
    }
}
