using System.Buffers;

namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>Equality of arrays and of objects (RFC 9535, 2.3.5.2.2). As deep as the tape allows at most.</summary>
internal static class StructuralEquality
{
    /// <summary>Whether two arrays, or two objects, have equal contents.</summary>
    public static bool AreEqual(in PathValue left, in PathValue right)
    {
        var a = new QueryArgument(left.Tape, left.Bytes, left.Node);
        var b = new QueryArgument(right.Tape, right.Bytes, right.Node);
        return AreEqual(a, left.Node, b, right.Node);
    }

    private static bool AreEqual(in QueryArgument a, int left, in QueryArgument b, int right) => a[left].Kind switch
    {
        JsonKind.Array => b[right].Kind == JsonKind.Array && ArraysAreEqual(a, left, b, right),
        JsonKind.Object => b[right].Kind == JsonKind.Object && ObjectsAreEqual(a, left, b, right),
        _ => PathComparison.AreEqual(PathValue.Of(a, left), PathValue.Of(b, right)),
    };

    private static bool ArraysAreEqual(in QueryArgument a, int left, in QueryArgument b, int right)
    {
        var (items, others) = (new Children(a.Tape, left), new Children(b.Tape, right));
        while (items.MoveNext())
        {
            if (!others.MoveNext() || !AreEqual(a, items.Current, b, others.Current))
            {
                return false;
            }
        }

        return !others.MoveNext();
    }

    private static bool ObjectsAreEqual(in QueryArgument a, int left, in QueryArgument b, int right)
    {
        var (count, others) = (Children.Count(a.Tape, left), Children.Count(b.Tape, right));
        var rented = ArrayPool<int>.Shared.Rent(2 * (count + others));
        try
        {
            // Looking each name up in the other object would take the square of the members' number.
            var members = SortedMembers.Of(a, left, rented.AsSpan(0, 2 * count));
            var otherMembers = SortedMembers.Of(b, right, rented.AsSpan(2 * count, 2 * others));
            if (members.Length != otherMembers.Length)
            {
                return false;
            }

            for (var i = 0; i < members.Length; i++)
            {
                if (SortedMembers.CompareNames(a, members[i], b, otherMembers[i]) != 0 || !AreEqual(a, members[i], b, otherMembers[i]))
                {
                    return false;
                }
            }

            return true;
        }
        finally
        {
            ArrayPool<int>.Shared.Return(rented);
        }
    }
}
