using StreamEngine.Pipeline.Json;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>What a path finds below a value, in document order. Enumerating allocates nothing.</summary>
public ref struct PathMatches
{
    private readonly JsonValue root;
    private PathWalk walk;

    internal PathMatches(PathStep[] steps, JsonValue root)
    {
        this.root = root;
        walk = new PathWalk(steps, root.Tape, root.Index);
    }

    /// <summary>The match the walk stands on.</summary>
    public readonly JsonValue Current => new(root.Tape, root.Bytes, walk.Current);

    /// <summary>The walk itself.</summary>
    public readonly PathMatches GetEnumerator() => this;

    /// <summary>Goes to the next match; false at the end.</summary>
    public bool MoveNext() => walk.MoveNext(root.Bytes);
}
