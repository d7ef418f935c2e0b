using System.Buffers;

namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>Items from one position up to another, such as <c>1:5:2</c> (RFC 9535, 2.3.4).</summary>
/// <param name="start">The first position; null for the first one there is, in the direction of the step.</param>
/// <param name="end">The position before which it ends; null for going on to the end.</param>
/// <param name="step">The distance between positions; negative to go backward. Nothing is selected by 0.</param>
internal sealed class SliceSelector(long? start, long? end, long step) : Selector
{
    /// <summary>Whether it selects nothing, however many items there are.</summary>
    public bool IsEmpty => step == 0
        || ((step > 0 ? start ?? 0 : start) is { } from && end is { } to && from < 0 == to < 0 && (step > 0 ? from >= to : from <= to));

    public override bool Select(int node, in Traversal rest)
    {
        if (step == 0 || rest.Argument[node].Kind != JsonKind.Array)
        {
            return true;
        }

        var count = Children.Count(rest.Argument.Tape, node);
        return step > 0 ? Forward(node, count, rest) : Backward(node, count, rest);
    }

    private bool Forward(int node, int count, in Traversal rest)
    {
        var wanted = Math.Clamp(FromStart(start ?? 0, count), 0, count);
        var upper = Math.Clamp(FromStart(end ?? count, count), 0, count);
        long position = 0;
        foreach (var item in new Children(rest.Argument.Tape, node))
        {
            if (wanted >= upper)
            {
                break;
            }

            if (position++ == wanted)
            {
                wanted += step;
                if (!rest.Visit(item))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool Backward(int node, int count, in Traversal rest)
    {
        var upper = Math.Clamp(start is null ? count - 1 : FromStart(start.Value, count), -1, count - 1);
        var lower = end is null ? -1 : Math.Clamp(FromStart(end.Value, count), -1, count - 1);
        if (upper <= lower)
        {
            return true;
        }

        // A tape can be read forward only.
        var items = ArrayPool<int>.Shared.Rent(count);
        try
        {
            var position = 0;
            foreach (var item in new Children(rest.Argument.Tape, node))
            {
                items[position++] = item;
            }

            for (var at = upper; at > lower; at += step)
            {
                if (!rest.Visit(items[at]))
                {
                    return false;
                }
            }

            return true;
        }
        finally
        {
            ArrayPool<int>.Shared.Return(items);
        }
    }

    private static long FromStart(long position, int count) => position < 0 ? position + count : position;
}
