namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>
/// Gathers the nodes a query selects, as indexes of tokens (RFC 9535, 1.1: a nodelist). Who only counts them, or wants to know whether
/// there is one, needs no list.
/// </summary>
/// <param name="nodes">Gets the nodes; null when only their number matters.</param>
/// <param name="most">The query need not go on once there are so many.</param>
internal struct Nodelist(List<int>? nodes, int most)
{
    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>The first of them, when there is one.</summary>
    public int First { get; private set; }

    /// <summary>Takes one more.</summary>
    /// <returns>Whether further ones are wanted.</returns>
    public bool Add(int node)
    {
        First = Count == 0 ? node : First;
        Count++;
        nodes?.Add(node);
        return Count < most;
    }
}
