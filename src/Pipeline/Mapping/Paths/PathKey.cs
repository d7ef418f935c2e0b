namespace StreamEngine.Pipeline.Mapping;

/// <summary>Under what an item stood: a member's name or a position in an array.</summary>
internal readonly struct PathKey
{
    private PathKey(byte[]? name, int token, int position, bool exists, int node = 0) => (KnownName, Token, Position, Exists, Node) = (name, token, position, exists, node);

    /// <summary>False for the document itself, which stands under nothing.</summary>
    public bool Exists { get; }

    /// <summary>The name, when the path says it.</summary>
    public byte[]? KnownName { get; }

    /// <summary>The name's token, when only the document says it; else 0, which is the document and no name.</summary>
    public int Token { get; }

    /// <summary>The position in the array, when there is no name.</summary>
    public int Position { get; }

    /// <summary>The value itself, when only a search can tell under what it stands; else 0.</summary>
    public int Node { get; }

    /// <summary>Under whatever the value stands.</summary>
    public static PathKey Of(int node) => new(null, 0, 0, node > 0, node);

    public static PathKey Name(byte[] name) => new(name, 0, 0, true);

    public static PathKey Member(int token) => new(null, token, 0, true);

    public static PathKey Item(int position) => new(null, 0, position, true);
}
