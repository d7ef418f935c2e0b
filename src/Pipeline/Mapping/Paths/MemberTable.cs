using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>
/// Which of a few known members one is. A hash table whose multiplier was searched so that no two names meet: a name costs
/// one multiplication and one comparison.
/// </summary>
internal sealed class MemberTable
{
    private const int Word = sizeof(ulong);

    /// <summary>Multipliers tried; the best is taken. With twice the room that is needed a few dozen do for 30 names.</summary>
    private const int Tries = 4096;

    private readonly MemberEdge[] edges;
    private readonly Entry[] entries;
    private readonly ulong multiplier;
    private readonly int shift;

    public MemberTable(MemberEdge[] edges)
    {
        this.edges = edges;
        var bits = BitOperations.Log2((uint)Math.Max(2, edges.Length)) + 2;
        shift = 64 - bits;
        entries = new Entry[1 << bits];
        multiplier = Search([.. edges.Select(e => Key(e.Name))], shift);

        // Where nobody is, no name fits: not even an empty one.
        entries.AsSpan().Fill(new Entry { Length = -1 });
        foreach (var edge in edges)
        {
            ref var entry = ref entries[(int)(Key(edge.Name) * multiplier >> shift)];
            entry = new Entry { Key = Key(edge.Name), Length = edge.Name.Length, Edge = edge, IsShared = entry.Edge is not null };
        }
    }

    /// <summary>The edge that a member's name takes; null when it takes none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public MemberEdge? Find(ReadOnlySpan<byte> bytes, in JsonToken name)
    {
        var length = name.Length;
        if (name.Meta != JsonToken.PlainString || (uint)name.Start + (uint)Math.Max(length, Word) > (uint)bytes.Length)
        {
            return FindSlowly(bytes, name);
        }

        // Inside the memory: the larger of a word and the name was just checked to be.
        ref var text = ref Unsafe.Add(ref MemoryMarshal.GetReference(bytes), name.Start);
        var bits = Math.Min(length, Word) * 4;
        var key = Read(ref text) & ~(ulong.MaxValue << bits << bits);
        if (length > Word)
        {
            key = LongKey(ref text, length);
        }

        ref var entry = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(entries), (nint)(key * multiplier >> shift));
        if (entry.IsShared)
        {
            return FindSlowly(bytes, name);
        }

        return entry.Key == key && entry.Length == length && (length <= Word || bytes.Slice(name.Start, length).SequenceEqual(entry.Edge!.Name)) ? entry.Edge : null;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private MemberEdge? FindSlowly(ReadOnlySpan<byte> bytes, in JsonToken name)
    {
        foreach (var edge in edges)
        {
            if (JsonTape.IsNamed(bytes, name, edge.Name))
            {
                return edge;
            }
        }

        return null;
    }

    private static ulong Key(byte[] name)
    {
        Span<byte> padded = stackalloc byte[Word];
        if (name.Length > Word)
        {
            return LongKey(ref name[0], name.Length);
        }

        name.CopyTo(padded);
        return Read(ref padded[0]);
    }

    private static ulong LongKey(ref byte text, int length) => Read(ref text) ^ BitOperations.RotateLeft(Read(ref Unsafe.Add(ref text, length - Word)), 29);

    private static ulong Read(ref byte text)
    {
        var word = Unsafe.ReadUnaligned<ulong>(ref text);
        return BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word);
    }

    private static ulong Search(ulong[] keys, int shift)
    {
        // Steele and Vigna's SplitMix: the same multipliers in every run.
        var (best, fewest, state) = (1UL, int.MaxValue, 0UL);
        for (var i = 0; i < Tries && fewest > 0; i++)
        {
            state += 0x9E37_79B9_7F4A_7C15;
            var mixed = (state ^ (state >> 30)) * 0xBF58_476D_1CE4_E5B9;
            mixed = (mixed ^ (mixed >> 27)) | 1;
            var met = keys.Length - keys.Select(k => k * mixed >> shift).Distinct().Count();
            (best, fewest) = met < fewest ? (mixed, met) : (best, fewest);
        }

        return best;
    }

    private struct Entry
    {
        public ulong Key;
        public MemberEdge? Edge;
        public int Length;

        /// <summary>Set when several names, alike but for their middles, have this place.</summary>
        public bool IsShared;
    }
}
