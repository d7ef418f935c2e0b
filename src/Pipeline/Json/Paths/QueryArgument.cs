namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>The value a query is applied to (RFC 9535, 1.1): what <c>$</c> stands for, on its tape, with the bytes the tape was read from.</summary>
internal readonly ref struct QueryArgument(JsonTape tape, ReadOnlySpan<byte> bytes, int root)
{
    /// <summary>The tape the value is on.</summary>
    public readonly JsonTape Tape = tape;

    /// <summary>The memory the tape's tokens count in.</summary>
    public readonly ReadOnlySpan<byte> Bytes = bytes;

    /// <summary>Index of the value's token.</summary>
    public readonly int Root = root;

    /// <summary>A token of the tape.</summary>
    public ref readonly JsonToken this[int node] => ref Tape.Tokens[node];
}
