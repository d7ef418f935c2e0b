using StreamEngine.Pipeline.Json;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>A member that paths go through or end at.</summary>
/// <param name="Name">UTF-8.</param>
/// <param name="Slot">Where its value is noted; -1 when paths only go through it.</param>
/// <param name="Below">The members looked for in its value.</param>
internal sealed record MemberEdge(byte[] Name, int Slot, MemberTrie? Below);

/// <summary>Finds the values of many paths in one walk over an item's members.</summary>
internal sealed class MemberTrie
{
    private readonly MemberTable table;
    private readonly int first;
    private readonly int count;

    public MemberTrie(MemberEdge[] edges, int first, int count)
    {
        this.first = first;
        this.count = count;
        table = new MemberTable(edges);
    }

    /// <summary>Notes for each path the value it leads to, or 0: the document itself is no member.</summary>
    public void Find(JsonTape tape, ReadOnlySpan<byte> bytes, int item, Span<int> found)
    {
        found.Slice(first, count).Clear();
        var tokens = tape.Tokens;
        if (tokens[item].Kind != JsonKind.Object)
        {
            return;
        }

        var end = tokens[item].Next;
        for (var at = item + 1; at < end;)
        {
            // Of members with the same name the last counts: what an earlier one gave is overwritten, all of it.
            if (table.Find(bytes, tokens[at]) is { } edge)
            {
                if (edge.Slot >= 0)
                {
                    found[edge.Slot] = at + 1;
                }

                edge.Below?.Find(tape, bytes, at + 1, found);
            }

            ref readonly var value = ref tokens[at + 1];
            at = value.Kind >= JsonKind.Array ? value.Next : at + 2;
        }
    }
}
