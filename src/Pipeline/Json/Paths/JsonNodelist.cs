namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>The nodes a JSONPath selected (RFC 9535, 1.1), in order. Valid as long as the document's value is.</summary>
public readonly ref struct JsonNodelist
{
    private readonly JsonValue root;
    private readonly List<int> nodes;

    internal JsonNodelist(JsonValue root, List<int> nodes)
    {
        this.root = root;
        this.nodes = nodes;
    }

    /// <summary>How many there are; one that was selected twice counts twice.</summary>
    public int Count => nodes.Count;

    /// <summary>The value of a node.</summary>
    /// <param name="position">Counted from 0.</param>
    public JsonValue this[int position] => new(root.Tape, root.Bytes, nodes[position]);

    /// <summary>The path to a node in its normal form (RFC 9535, 2.7), such as <c>$['a'][0]</c>.</summary>
    /// <param name="position">Counted from 0.</param>
    public string NormalizedPath(int position) => JsonPath.NormalizedPath(root.Tape, root.Bytes, root.Index, nodes[position]);

    /// <summary>For foreach.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>Goes over the values.</summary>
    public ref struct Enumerator
    {
        private readonly JsonNodelist nodelist;
        private int position = -1;

        internal Enumerator(JsonNodelist nodelist) => this.nodelist = nodelist;

        /// <summary>The value it stands at.</summary>
        public readonly JsonValue Current => nodelist[position];

        /// <summary>Goes to the next one, if there is one.</summary>
        public bool MoveNext() => ++position < nodelist.Count;
    }
}
