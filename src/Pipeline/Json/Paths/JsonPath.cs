using System.Diagnostics.CodeAnalysis;
using StreamEngine.Pipeline.Json.Paths.Parsing;

namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>
/// A JSONPath of RFC 9535, such as <c>$.dates[*].games[?@.status.code == 'F']</c>; compiled once, used by any number of threads. It
/// selects nodes of a document in the order the RFC gives them, each as often as it is reached.
/// </summary>
/// <remarks>
/// Where the RFC leaves the choice: of an object's members with the same name, a name selects the last, while wildcards, filters,
/// descendant segments and <c>length</c> see all; objects are equal when the last ones are. Numbers are compared exactly when their
/// digits fit into 64 bits, else as doubles. A string with half a surrogate pair equals only what is written like it, and matches no
/// regular expression. In one, <c>^</c> and <c>$</c> are anchors. A pattern that is no I-Regexp matches nothing; one in the path that is too
/// large for us is refused. A filter asks for each node anew, so that a filter with <c>..</c> inside <c>..</c> takes the square of the
/// document's size.
/// </remarks>
public sealed class JsonPath
{
    /// <summary>The longest text, in UTF-16 units.</summary>
    public const int MaxLength = 4096;

    private readonly string text;
    private readonly Query query;

    private JsonPath(string text, Query query) => (this.text, this.query) = (text, query);

    /// <summary>Whether it selects at most one node of any document, by its form: it goes by names and indexes only.</summary>
    public bool IsSingular => query.IsSingular;

    /// <summary>Compiles a path.</summary>
    /// <param name="text">As it is written.</param>
    /// <param name="path">The path, when it is one.</param>
    /// <param name="error">What is wrong with it, at which character counted from 1, and what would be right, when it is none.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out JsonPath? path, [NotNullWhen(false)] out string? error)
    {
        path = null;
        if (text.Length > MaxLength)
        {
            error = $"the JSONPath is longer than {MaxLength} characters";
            return false;
        }

        var reader = new PathReader(text);
        if (reader.Next != '$')
        {
            reader.Fail("'$' expected", "with which every JSONPath begins");
        }
        else if (QueryParser.Read(reader) is { } query)
        {
            path = reader.IsAtEnd || reader.Fail("a segment expected", "such as .name, ..name or [0]") ? new JsonPath(text, query) : null;
        }

        error = path is null ? $"'{text}' is no JSONPath: {reader.Fault}" : null;
        return path is not null;
    }

    /// <summary>Selects nodes of a document.</summary>
    /// <param name="root">What <c>$</c> stands for: the document's value or a part of it.</param>
    public JsonNodelist Select(JsonValue root)
    {
        var nodes = new List<int>();
        Select(root.Tape, root.Bytes, root.Index, nodes);
        return new JsonNodelist(root, nodes);
    }

    /// <inheritdoc/>
    public override string ToString() => text;

    /// <summary>The path to a node in its normal form (RFC 9535, 2.7), such as <c>$['a'][0]</c>.</summary>
    /// <param name="tape">The document.</param>
    /// <param name="bytes">The memory the tape's tokens count in.</param>
    /// <param name="root">The token <c>$</c> stands for.</param>
    /// <param name="node">The token of a value that is the root or inside it.</param>
    internal static string NormalizedPath(JsonTape tape, ReadOnlySpan<byte> bytes, int root, int node) => Paths.NormalizedPath.Of(tape, bytes, root, node);

    /// <summary>Selects nodes of a document. Allocates nothing but the list's room, except for regular expressions.</summary>
    /// <param name="tape">The document.</param>
    /// <param name="bytes">The memory the tape's tokens count in.</param>
    /// <param name="root">The token <c>$</c> stands for.</param>
    /// <param name="into">Gets the indexes of the nodes' tokens added.</param>
    /// <param name="most">It stops at so many, at least 1: two descendant segments may select a node once for each object it is in.</param>
    /// <returns>False when it stopped.</returns>
    internal bool Select(JsonTape tape, ReadOnlySpan<byte> bytes, int root, List<int> into, int most = int.MaxValue)
    {
        var nodelist = new Nodelist(into, most);
        return query.Select(new QueryArgument(tape, bytes, root), root, ref nodelist);
    }
}
