namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>
/// A step of a query (RFC 9535, 2.5): a child segment such as <c>.a</c> or <c>[0, 1]</c>, or a descendant segment such as <c>..a</c>.
/// </summary>
/// <param name="selectors">One or more, applied in turn.</param>
/// <param name="isDescendant">Whether they are applied to the node and to all below it, each before what is in it.</param>
/// <param name="hasBlanks">Whether there were blanks between brackets: where the grammar asks for a singular query they may not be there.</param>
internal sealed class Segment(Selector[] selectors, bool isDescendant, bool hasBlanks)
{
    /// <summary>Its only selector, when it is a child segment with one; else null.</summary>
    public Selector? Sole { get; } = !isDescendant && selectors.Length == 1 ? selectors[0] : null;

    /// <summary>Whether a selector of it is computed.</summary>
    public bool IsComputed { get; } = Array.Exists(selectors, s => s is ComputedSelector);

    /// <summary>Whether it selects at most one node, by its form: one name or one index.</summary>
    public bool IsSingular { get; } = !isDescendant && selectors is [NameSelector or IndexSelector];

    /// <summary>Whether there were blanks between brackets.</summary>
    public bool HasBlanks { get; } = hasBlanks;

    /// <summary>Visits what it selects below a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="rest">What follows this segment.</param>
    /// <returns>Whether further nodes are wanted.</returns>
    public bool Select(int node, in Traversal rest)
    {
        if (!isDescendant)
        {
            return SelectChildren(node, rest);
        }

        // On the tape each node stands before what is in it. Only arrays and objects have children; names of members are neither.
        var end = rest.Argument.Tape.After(node);
        for (var at = node; at < end; at++)
        {
            if (rest.Argument[at].Kind >= JsonKind.Array && !SelectChildren(at, rest))
            {
                return false;
            }
        }

        return true;
    }

    private bool SelectChildren(int node, in Traversal rest)
    {
        foreach (var selector in selectors)
        {
            if (!selector.Select(node, rest))
            {
                return false;
            }
        }

        return true;
    }
}
