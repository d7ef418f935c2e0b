using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Json.Paths;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>What a path finds below a value, in document order. Enumerating allocates nothing but for filters, slices and the like.</summary>
public ref struct PathMatches
{
    private readonly JsonValue root;
    private PathWalk walk;

    internal PathMatches(MappingPath path, JsonValue root)
    {
        this.root = root;
        List<int>? found = null;
        if (path.Query is { } query)
        {
            found = [];
            var nodes = new Nodelist(found, PathWalk.MaxMatches);
            query.Select(new QueryArgument(root.Tape, root.Bytes, 0), root.Index, ref nodes);
        }

        walk = new PathWalk(path, root.Tape, root.Index, found);
    }

    /// <summary>The match the walk stands on.</summary>
    public readonly JsonValue Current => new(root.Tape, root.Bytes, walk.Current);

    /// <summary>The walk itself.</summary>
    public readonly PathMatches GetEnumerator() => this;

    /// <summary>Goes to the next match; false at the end.</summary>
    public bool MoveNext() => walk.MoveNext(root.Bytes);
}
