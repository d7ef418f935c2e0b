using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace StreamEngine.Pipeline.Transforms.Deduplicate;

/// <summary>
/// A fixed number of buckets, each on a cache line of its own, and the two of them that a key may stand in: the first is one of the
/// even ones, the second one of the odd ones. From where an entry stands and from its print the other bucket is known, and so are
/// both in a table of twice the size: entries can move without their keys.
/// </summary>
internal readonly struct SeenBuckets
{
    private readonly ulong[] memory;
    private readonly int start;
    private readonly uint root;
    private readonly int doublings;

    /// <summary>Makes empty buckets.</summary>
    /// <param name="root">Pairs of buckets before any doubling.</param>
    /// <param name="doublings">How often that number was doubled; its bits are taken from the prints.</param>
    public SeenBuckets(uint root, int doublings)
    {
        (this.root, this.doublings) = (root, doublings);
        Pairs = root << doublings;

        // A pinned array doesn't move, so that what is aligned to a cache line stays so.
        const int Line = SeenBucket.Size / sizeof(ulong);
        memory = GC.AllocateArray<ulong>(checked((int)((2 * Pairs) + 1) * Line), pinned: true);
        start = (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0) & (SeenBucket.Size - 1)) / sizeof(ulong);
    }

    /// <summary>Half the number of buckets.</summary>
    public uint Pairs { get; }

    /// <summary>How many buckets there are.</summary>
    public uint Count => 2 * Pairs;

    /// <summary>Memory taken.</summary>
    public long Bytes => (long)memory.Length * sizeof(ulong);

    /// <summary>The bucket at an index below <see cref="Count"/>, as all that these methods return are.</summary>
    public ref SeenBucket this[uint index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref Unsafe.Add(ref Unsafe.As<ulong, SeenBucket>(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(memory), start)), index);
    }

    /// <summary>The first bucket of a key.</summary>
    /// <param name="upper">The upper half of the key's hash.</param>
    /// <param name="print">Its print.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint First(uint upper, uint print) => First((uint)(((ulong)upper * root) >> 32), print, doublings);

    /// <summary>The second bucket of a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Second(uint first, uint print)
    {
        var pair = (first >> 1) + Distance(print);
        return 2 * (pair >= Pairs ? pair - Pairs : pair) + 1;
    }

    /// <summary>The bucket that an entry could stand in besides the one it does.</summary>
    public uint Other(uint index, uint print) => (index & 1) == 0 ? Second(index, print) : FirstOf(index, print);

    /// <summary>The first bucket that an entry of this table has in one of another size.</summary>
    public uint FirstIn(in SeenBuckets table, uint index, uint print) =>
        First(FirstOf(index, print) >> 1 >> doublings, print, table.doublings);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(uint index)
    {
        if (Sse.IsSupported)
        {
            unsafe
            {
                Sse.Prefetch0(Unsafe.AsPointer(ref this[index]));
            }
        }
    }

    /// <summary>All buckets, as they lie in memory.</summary>
    public Span<SeenBucket> All => MemoryMarshal.CreateSpan(ref this[0], (int)Count);

    /// <summary>Counts the entries.</summary>
    public int CountEntries()
    {
        var count = 0;
        foreach (ref readonly var bucket in All)
        {
            for (var slot = 0; slot < SeenBucket.Slots; slot++)
            {
                count += bucket.IsEmpty(slot) ? 0 : 1;
            }
        }

        return count;
    }

    public void Clear() => memory.AsSpan().Clear();

    private static uint First(uint rootPair, uint print, int doublings) => ((rootPair << doublings) | (print & ((1U << doublings) - 1))) << 1;

    private uint FirstOf(uint index, uint print)
    {
        if ((index & 1) == 0)
        {
            return index;
        }

        var (pair, distance) = (index >> 1, Distance(print));
        return 2 * (pair >= distance ? pair - distance : pair + Pairs - distance);
    }

    // The print's low bits are in the first bucket's index already: multiplied, all of its bits count here.
    private uint Distance(uint print) => (uint)(((ulong)(print * 0x9E37_79B1U) * Pairs) >> 32);
}
