using System.Globalization;
using System.Text;

namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>Writes the one path to a node that is in normal form (RFC 9535, 2.7).</summary>
internal static class NormalizedPath
{
    /// <summary>Writes the path.</summary>
    /// <param name="tape">The document.</param>
    /// <param name="bytes">The memory the tape's tokens count in.</param>
    /// <param name="root">The token <c>$</c> stands for.</param>
    /// <param name="node">The token of a value that is the root or inside it.</param>
    public static string Of(JsonTape tape, ReadOnlySpan<byte> bytes, int root, int node)
    {
        var path = new StringBuilder("$");
        for (var at = root; at != node;)
        {
            var position = 0;
            var children = new Children(tape, at);
            while (true)
            {
                if (!children.MoveNext() || children.Current > node)
                {
                    throw new ArgumentOutOfRangeException(nameof(node), node, "No value inside the root.");
                }

                if (tape.After(children.Current) > node)
                {
                    break;
                }

                position++;
            }

            Append(path, tape, bytes, at, children.Current, position);
            at = children.Current;
        }

        return path.ToString();
    }

    private static void Append(StringBuilder path, JsonTape tape, ReadOnlySpan<byte> bytes, int parent, int child, int position)
    {
        if (tape.Tokens[parent].Kind == JsonKind.Array)
        {
            path.Append('[').Append(position).Append(']');
            return;
        }

        path.Append("['");
        using var name = new TextBuffer(bytes, tape.Tokens[child - 1], stackalloc byte[TextBuffer.Short]);
        foreach (var c in Encoding.UTF8.GetString(name.Text))
        {
            Append(path, c);
        }

        path.Append("']");
    }

    private static void Append(StringBuilder path, char c)
    {
        switch (c)
        {
            case '\b':
                path.Append("\\b");
                break;
            case '\f':
                path.Append("\\f");
                break;
            case '\n':
                path.Append("\\n");
                break;
            case '\r':
                path.Append("\\r");
                break;
            case '\t':
                path.Append("\\t");
                break;
            case '\'' or '\\':
                path.Append('\\').Append(c);
                break;
            case < ' ':
                path.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                break;
            default:
                path.Append(c);
                break;
        }
    }
}
