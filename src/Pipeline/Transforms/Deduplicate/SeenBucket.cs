using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace StreamEngine.Pipeline.Transforms.Deduplicate;

/// <summary>What was last seen under one key: 20 bytes and ten bits.</summary>
/// <param name="Content">The hash of key and content.</param>
/// <param name="Stamp">48 bits of the sequence over 16 bits of time.</param>
/// <param name="Print">32 bits of the key's hash; 0 for an empty slot.</param>
/// <param name="Tail">10 more bits of it.</param>
internal readonly record struct SeenEntry(ulong Content, ulong Stamp, uint Print, uint Tail);

/// <summary>Three entries in one cache line.</summary>
[StructLayout(LayoutKind.Sequential, Size = Size)]
internal struct SeenBucket
{
    public const int Size = 64;
    public const int Slots = 3;
    public const int TailBits = 10;

    private const uint TailMask = (1U << TailBits) - 1;

    private Words contents;
    private Words stamps;
    private Prints prints;

    [UnscopedRef]
    public ref ulong Content(int slot) => ref contents[slot];

    [UnscopedRef]
    public ref ulong Stamp(int slot) => ref stamps[slot];

    public readonly bool IsEmpty(int slot) => prints[slot] == 0;

    public readonly uint Tail(int slot) => (prints[Slots] >> (slot * TailBits)) & TailMask;

    /// <summary>The slot that holds a key; -1 when none does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Find(uint print, uint tail)
    {
        // The fourth word holds the tails; a print that equals it is masked out.
        var found = Vector128.Equals(Vector128.LoadUnsafe(in prints[0]), Vector128.Create(print)).ExtractMostSignificantBits() & 0b111;
        while (found != 0)
        {
            var slot = System.Numerics.BitOperations.TrailingZeroCount(found);
            if (Tail(slot) == tail)
            {
                return slot;
            }

            found &= found - 1;
        }

        return -1;
    }

    public readonly SeenEntry Get(int slot) => new(contents[slot], stamps[slot], prints[slot], Tail(slot));

    public void Set(int slot, in SeenEntry entry)
    {
        contents[slot] = entry.Content;
        stamps[slot] = entry.Stamp;
        prints[slot] = entry.Print;
        var shift = slot * TailBits;
        prints[Slots] = (prints[Slots] & ~(TailMask << shift)) | (entry.Tail << shift);
    }

    public void Clear(int slot) => prints[slot] = 0;

    [InlineArray(Slots)]
    private struct Words
    {
        private ulong first;
    }

    [InlineArray(Slots + 1)]
    private struct Prints
    {
        private uint first;
    }
}
