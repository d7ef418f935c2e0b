namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>Selects children of a node (RFC 9535, 2.3).</summary>
internal abstract class Selector
{
    /// <summary>Visits the children it selects, in order.</summary>
    /// <param name="node">The node; it may have no children.</param>
    /// <param name="rest">What is to be done with each.</param>
    /// <returns>Whether further nodes are wanted.</returns>
    public abstract bool Select(int node, in Traversal rest);
}

/// <summary>A member's name, such as <c>'a'</c> (RFC 9535, 2.3.1). Of several members with the name it takes the last.</summary>
/// <param name="name">UTF-8.</param>
internal sealed class NameSelector(byte[] name) : Selector
{
    /// <summary>UTF-8.</summary>
    public byte[] Name => name;

    public override bool Select(int node, in Traversal rest)
    {
        var value = rest.Argument.Tape.Member(rest.Argument.Bytes, node, name);
        return value < 0 || rest.Visit(value);
    }
}

/// <summary><c>*</c> (RFC 9535, 2.3.2): all items, or the values of all members, those of the same name too.</summary>
internal sealed class WildcardSelector : Selector
{
    public override bool Select(int node, in Traversal rest)
    {
        foreach (var child in new Children(rest.Argument.Tape, node))
        {
            if (!rest.Visit(child))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>An item's position in an array, counted from 0, or from -1 backward from the end (RFC 9535, 2.3.3).</summary>
internal sealed class IndexSelector(long index) : Selector
{
    /// <summary>As it is written.</summary>
    public long Index => index;

    public override bool Select(int node, in Traversal rest)
    {
        var tape = rest.Argument.Tape;
        if (rest.Argument[node].Kind != JsonKind.Array)
        {
            return true;
        }

        var position = index < 0 ? index + Children.Count(tape, node) : index;
        var item = position is >= 0 and <= JsonTape.MaxTokens ? tape.Item(node, (int)position) : -1;
        return item < 0 || rest.Visit(item);
    }
}

/// <summary>
/// A name or position that is put together from values, such as <c>='ID{player.id}'</c>: no selector of the RFC. Only a mapping, which knows
/// the values, can follow it.
/// </summary>
/// <param name="template">Text with paths in braces.</param>
internal sealed class ComputedSelector(string template) : Selector
{
    /// <summary>Text with paths in braces.</summary>
    public string Template => template;

    public override bool Select(int node, in Traversal rest) => throw new System.Diagnostics.UnreachableException("A query has no computed selectors.");
}

/// <summary><c>?</c> and a condition (RFC 9535, 2.3.5): the children it holds for.</summary>
internal sealed class FilterSelector(LogicalExpression condition) : Selector
{
    public override bool Select(int node, in Traversal rest)
    {
        foreach (var child in new Children(rest.Argument.Tape, node))
        {
            if (condition.Test(rest.Argument, child) && !rest.Visit(child))
            {
                return false;
            }
        }

        return true;
    }
}
