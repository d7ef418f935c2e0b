using StreamEngine.Pipeline.Json;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>A member that paths go through or end at.</summary>
/// <param name="Name">UTF-8.</param>
/// <param name="Place">Where it stands among its trie's edges.</param>
/// <param name="Slot">Where its value is noted; -1 when paths only go through it.</param>
/// <param name="Below">The members looked for in its value.</param>
internal sealed record MemberEdge(byte[] Name, int Place, int Slot, MemberTrie? Below);

/// <summary>Finds the values of many paths in one walk over an item's members.</summary>
/// <param name="edges">The members looked for.</param>
/// <param name="first">The first of the places where they and what is below them are noted.</param>
/// <param name="count">How many such places there are, one after the other.</param>
internal sealed class MemberTrie(MemberEdge[] edges, int first, int count)
{
    /// <summary>The members looked for.</summary>
    public MemberEdge[] Edges => edges;

    /// <summary>The same, by name.</summary>
    public MemberTable Table { get; } = new(edges);

    /// <summary>Forgets what was found.</summary>
    public void Clear(Span<JsonToken> found) => found.Slice(first, count).Clear();

    /// <summary>Notes for each path the value it leads to; one of kind <see cref="JsonKind.None"/> when there is none.</summary>
    public void Find(JsonTape tape, ReadOnlySpan<byte> bytes, int item, Span<JsonToken> found)
    {
        Clear(found);
        var tokens = tape.Tokens;
        if (tokens[item].Kind != JsonKind.Object)
        {
            return;
        }

        var end = tokens[item].Next;
        for (var at = item + 1; at < end;)
        {
            // Of members with the same name the last counts: what an earlier one gave is overwritten, all of it.
            ref readonly var value = ref tokens[at + 1];
            if (Table.Find(bytes, tokens[at]) is { } edge)
            {
                if (edge.Slot >= 0)
                {
                    found[edge.Slot] = value;
                }

                edge.Below?.Find(tape, bytes, at + 1, found);
            }

            at = value.Kind >= JsonKind.Array ? value.Next : at + 2;
        }
    }
}
