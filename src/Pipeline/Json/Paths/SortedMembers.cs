namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>The members of an object by name.</summary>
internal static class SortedMembers
{
    /// <summary>Puts the values of an object's members in the order of their names; of those with the same name only the last.</summary>
    /// <param name="argument">Where the object is.</param>
    /// <param name="node">The object.</param>
    /// <param name="room">Two places for each member.</param>
    /// <returns>Tokens of the values; the names stand before them.</returns>
    public static ReadOnlySpan<int> Of(in QueryArgument argument, int node, Span<int> room)
    {
        var members = room[..(room.Length / 2)];
        var spare = room[(room.Length / 2)..];
        var count = 0;
        foreach (var value in new Children(argument.Tape, node))
        {
            members[count++] = value;
        }

        var sorted = Sort(argument, members, spare);
        var left = 0;
        for (var i = 0; i < sorted.Length; i++)
        {
            // The sort is stable, so the last of the same name is the last of the document.
            if (i == sorted.Length - 1 || CompareNames(argument, sorted[i], argument, sorted[i + 1]) != 0)
            {
                sorted[left++] = sorted[i];
            }
        }

        return sorted[..left];
    }

    /// <summary>Orders two members by their names.</summary>
    public static int CompareNames(in QueryArgument a, int value, in QueryArgument b, int other)
    {
        using var name = new TextBuffer(a.Bytes, a[value - 1], stackalloc byte[TextBuffer.Short]);
        using var otherName = new TextBuffer(b.Bytes, b[other - 1], stackalloc byte[TextBuffer.Short]);
        return name.Text.SequenceCompareTo(otherName.Text);
    }

    /// <summary>Merges ever longer runs: the framework's sorts are not stable, and their comparers cannot hold spans.</summary>
    private static Span<int> Sort(in QueryArgument argument, Span<int> from, Span<int> to)
    {
        for (long run = 1; run < from.Length; run *= 2)
        {
            for (long start = 0; start < from.Length; start += 2 * run)
            {
                var middle = (int)Math.Min(start + run, from.Length);
                var end = (int)Math.Min(start + (2 * run), from.Length);
                Merge(argument, from[(int)start..middle], from[middle..end], to[(int)start..end]);
            }

            var sorted = to;
            to = from;
            from = sorted;
        }

        return from;
    }

    private static void Merge(in QueryArgument argument, ReadOnlySpan<int> first, ReadOnlySpan<int> second, Span<int> into)
    {
        foreach (ref var place in into)
        {
            ref var next = ref second;
            if (second.IsEmpty || (!first.IsEmpty && CompareNames(argument, first[0], argument, second[0]) <= 0))
            {
                next = ref first;
            }

            place = next[0];
            next = next[1..];
        }
    }
}
