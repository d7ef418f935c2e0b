using System.Text;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>
/// Knows what members an object is likely to have, and in what order: documents of a stream are mostly alike. Bounded: besides
/// those that are wanted it remembers some others, and of two that fall to the same place the later one.
/// </summary>
internal sealed class MemberGuide
{
    /// <summary>Stands before the first member.</summary>
    public const int Start = 0;

    private const int Stranger = 1;
    private const int FirstWanted = 2;
    private const int OtherBits = 6;

    private readonly MemberTable? table;
    private readonly KnownMember nobody;
    private readonly int firstOther;

    /// <param name="trie">What is wanted; null for nothing.</param>
    /// <param name="nowhere">Where values are noted that nobody wants.</param>
    /// <param name="below">Who knows the members of a trie.</param>
    public MemberGuide(MemberTrie? trie, int nowhere, Func<MemberTrie?, int> below)
    {
        var edges = trie?.Edges ?? [];
        table = trie?.Table;
        nobody = new KnownMember([], nowhere, below(null));
        firstOther = FirstWanted + edges.Length;
        Members = new KnownMember[firstOther + (1 << OtherBits)];
        Members.AsSpan().Fill(nobody);
        foreach (var edge in edges)
        {
            Members[FirstWanted + edge.Place] = new KnownMember(edge.Name, edge.Slot < 0 ? nowhere : edge.Slot, below(edge.Below));
        }
    }

    /// <summary>The members it knows. Those that never stand in a text are told apart by nothing and have no name.</summary>
    public KnownMember[] Members { get; }

    /// <summary>Which member a name is; it is expected from now on where it came now.</summary>
    /// <param name="bytes">The memory.</param>
    /// <param name="name">The name, without escapes.</param>
    /// <param name="before">The member before it.</param>
    public int Identify(ReadOnlySpan<byte> bytes, in JsonToken name, int before) =>
        Members[before].Next = table?.Find(bytes, name) is { } edge ? FirstWanted + edge.Place : Remember(bytes.Slice(name.Start, name.Length));

    private int Remember(ReadOnlySpan<byte> name)
    {
        // What is recognised isn't looked at again: only of ASCII it is known that it is UTF-8.
        if (!KnownMember.IsRecognisable(name) || !Ascii.IsValid(name))
        {
            return Stranger;
        }

        var hash = (uint)name.Length;
        foreach (var c in name)
        {
            hash = (hash ^ c) * 0x0100_0193;
        }

        var place = firstOther + (int)(hash * 0x9E37_79B9 >> (32 - OtherBits));
        var known = new KnownMember(name, nobody.Slot, nobody.Below);
        if (!Members[place].IsSame(known))
        {
            Members[place] = known;
        }

        return place;
    }
}
