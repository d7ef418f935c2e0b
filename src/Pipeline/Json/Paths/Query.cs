namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>
/// <c>$</c> or <c>@</c> and the segments behind it (RFC 9535, 2.1): a whole JSONPath, or a part of a filter, where it gives nodes.
/// </summary>
/// <param name="isAbsolute">Whether it begins with <c>$</c>, at the query argument, and not with <c>@</c>, at the node a filter looks at.</param>
/// <param name="segments">In the order they are written; without any it selects the node it begins at.</param>
internal sealed class Query(bool isAbsolute, Segment[] segments) : FilterExpression
{
    /// <summary>Whether it selects at most one node, by its form (RFC 9535, 1.1: a singular query).</summary>
    public bool IsSingular { get; } = Array.TrueForAll(segments, s => s.IsSingular);

    /// <summary>Whether there were blanks between brackets.</summary>
    public bool HasBlanks { get; } = Array.Exists(segments, s => s.HasBlanks);

    /// <summary>Adds the nodes it selects.</summary>
    /// <param name="argument">What <c>$</c> stands for.</param>
    /// <param name="current">The node that <c>@</c> stands for.</param>
    /// <param name="nodelist">Gets the nodes.</param>
    /// <returns>False when it stopped because the nodelist wants no more.</returns>
    public bool Select(in QueryArgument argument, int current, ref Nodelist nodelist) =>
        new Traversal(argument, segments, ref nodelist).Visit(isAbsolute ? argument.Root : current);
}
