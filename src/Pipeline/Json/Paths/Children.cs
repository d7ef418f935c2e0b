namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>The items of an array, or the values of an object's members, in the order of the document; nothing for other values.</summary>
internal struct Children
{
    private readonly JsonTape tape;
    private readonly int end;
    private readonly int names;
    private int next;

    /// <param name="tape">The tape they are on.</param>
    /// <param name="node">The array or object.</param>
    public Children(JsonTape tape, int node)
    {
        ref readonly var token = ref tape.Tokens[node];
        this.tape = tape;
        next = node + 1;
        end = token.Kind >= JsonKind.Array ? token.Next : next;

        // An object's values stand behind their names.
        names = token.Kind == JsonKind.Object ? 1 : 0;
    }

    /// <summary>Index of the child's token.</summary>
    public int Current { get; private set; }

    /// <summary>How many an array or object has; 0 for other values. Members with the same name count each.</summary>
    public static int Count(JsonTape tape, int node)
    {
        var count = 0;
        foreach (var _ in new Children(tape, node))
        {
            count++;
        }

        return count;
    }

    /// <summary>For foreach.</summary>
    public readonly Children GetEnumerator() => this;

    /// <summary>Goes to the next one, if there is one.</summary>
    public bool MoveNext()
    {
        if (next >= end)
        {
            return false;
        }

        Current = next + names;
        next = tape.After(Current);
        return true;
    }
}
