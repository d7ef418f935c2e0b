namespace StreamEngine.Pipeline.Mapping;

/// <summary>The paths of one rule, made into one trie of member names per level.</summary>
/// <param name="levels">How many levels of <c>each</c> the rule has: its values are read where the last one's item is entered.</param>
/// <param name="look">Told of every path that is taken in.</param>
internal sealed class PathSet(int levels, Action<MappingPath>? look = null)
{
    private readonly List<BoundPath> paths = [];

    /// <summary>How many values the tries find, once they are compiled.</summary>
    public int Count { get; private set; }

    /// <summary>Takes a path in; the same path gives the same place.</summary>
    public BoundPath Add(MappingPath path)
    {
        look?.Invoke(path);
        var known = paths.Find(p => p.Path.ToString() == path.ToString());
        if (known is null)
        {
            known = new BoundPath(path, [.. path.Steps.Select(s => s.Template is null ? null : KeyTemplate.Parse(s.Template, this, out _))]);
            paths.Add(known);
        }

        known.Uses++;
        return known;
    }

    /// <summary>Whether all that the document must tell are members that are found at once.</summary>
    public bool IsPlain => paths.TrueForAll(p => (p.Path.IsPlain && !p.NeedsNode) || p.Path.IsNoPath);

    /// <summary>The headers that paths ask for.</summary>
    public IEnumerable<string> Headers => paths.Select(p => p.Path.Header).OfType<string>();

    /// <summary>Whether a path starts there.</summary>
    public bool Uses(PathRoot root) => paths.Exists(p => p.Path.Root == root);

    /// <summary>Makes the tries, by level; a level without plain paths has none.</summary>
    public MemberTrie?[] Compile()
    {
        var roots = new Node?[levels + 1];
        foreach (var path in paths)
        {
            if (!path.NeedsNode && LevelOf(path.Path) is >= 0 and var level)
            {
                var node = roots[level] ??= new Node();
                foreach (var step in path.Path.Steps)
                {
                    node = node.Child(step.Name!);
                }

                node.Paths.Add(path);
            }
        }

        return [.. roots.Select(r => r is null ? null : Compile(r))];
    }

    private int LevelOf(MappingPath path) => path.IsPlain ? path.Root == PathRoot.Document ? 0 : levels - path.Climb : -1;

    // Depth first, so that the values below a member stand together and can be forgotten together.
    private MemberTrie Compile(Node node)
    {
        var first = Count;
        var edges = new List<MemberEdge>();
        foreach (var (name, child) in node.Children)
        {
            var slot = child.Paths.Count > 0 ? Count++ : -1;
            child.Paths.ForEach(p => (p.Slot, p.IsShared) = (slot, child.Paths.Count > 1 || p.Uses > 1));
            edges.Add(new MemberEdge(name, edges.Count, slot, child.Children.Count > 0 ? Compile(child) : null));
        }

        return new MemberTrie([.. edges], first, Count - first);
    }

    private sealed class Node
    {
        public List<(byte[] Name, Node Child)> Children { get; } = [];

        public List<BoundPath> Paths { get; } = [];

        public Node Child(byte[] name)
        {
            foreach (var (known, child) in Children)
            {
                if (known.AsSpan().SequenceEqual(name))
                {
                    return child;
                }
            }

            Children.Add((name, new Node()));
            return Children[^1].Child;
        }
    }
}
