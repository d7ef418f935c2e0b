namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>A value in a filter: that of a node, of a literal or of a function. The default is Nothing (RFC 9535, 2.4.1).</summary>
internal readonly ref struct PathValue
{
    /// <summary>What it is, with its place in <see cref="Bytes"/>.</summary>
    public readonly JsonToken Token;

    /// <summary>Where its text stands; empty for a number that a function counted.</summary>
    public readonly ReadOnlySpan<byte> Bytes;

    private readonly JsonTape? tape;

    /// <summary>A value without a node.</summary>
    public PathValue(JsonToken token, ReadOnlySpan<byte> bytes)
    {
        Token = token;
        Bytes = bytes;
    }

    private PathValue(in QueryArgument argument, int node)
        : this(argument[node], argument.Bytes)
    {
        tape = argument.Tape;
        Node = node;
    }

    /// <summary>What it is; <see cref="JsonKind.None"/> for Nothing.</summary>
    public JsonKind Kind => Token.Kind;

    /// <summary>The tape an array or an object is on.</summary>
    public JsonTape Tape => tape ?? throw new InvalidOperationException("The value is no node's.");

    /// <summary>Index on the tape.</summary>
    public int Node { get; }

    /// <summary>The value of a node.</summary>
    public static PathValue Of(in QueryArgument argument, int node) => new(argument, node);

    /// <summary>A number that was counted.</summary>
    public static PathValue Of(int count) => new(new JsonToken { Bits = count, Meta = JsonToken.Number(0) }, default);
}
