namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>What of a query is still to be done below a node: the segments that are left, and where the nodes behind the last one go.</summary>
/// <remarks>
/// Nodes are visited depth first, which gives the order of RFC 9535, 2.1.2: each segment's nodes one after the other, those below the
/// first before those below the second. Every segment leads at least one level down, so that the recursion is as deep as the document at
/// most, and as the query has segments.
/// </remarks>
internal readonly ref struct Traversal(QueryArgument argument, ReadOnlySpan<Segment> segments, ref Nodelist nodelist)
{
    /// <summary>What the whole query is applied to.</summary>
    public readonly QueryArgument Argument = argument;

    private readonly ReadOnlySpan<Segment> segments = segments;
    private readonly ref Nodelist nodelist = ref nodelist;

    /// <summary>Applies what is left of the query to a node.</summary>
    /// <returns>Whether further nodes are wanted.</returns>
    public bool Visit(int node) =>
        segments.IsEmpty ? nodelist.Add(node) : segments[0].Select(node, new Traversal(Argument, segments[1..], ref nodelist));
}
