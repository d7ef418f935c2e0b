using System.Numerics;
using System.Runtime.CompilerServices;

namespace StreamEngine.Pipeline.Transforms.Deduplicate;

/// <summary>
/// What was last seen under a key, bounded by time and count: a two-choice cuckoo table of 24 bytes a key when full. Time counts
/// in 4096ths of the window. At the bound the oldest of at least six entries leaves, not the oldest of all.
/// </summary>
internal sealed partial class SeenTable
{
    /// <summary>The window in units of time: 16 bits of them overflow only after 16 windows, long after an entry was swept.</summary>
    private const int Window = 4096;

    /// <summary>In this many units all buckets are swept once.</summary>
    private const int SweepTime = 1024;

    /// <summary>Of the six slots of a pair 5.4 are used, 90%: well below the 96% up to which a place can be found by moving others.</summary>
    private const double Load = 5.4;

    /// <summary>Pairs of buckets before any doubling, at most.</summary>
    private const int MaxRoot = 512;

    /// <summary>Pairs more than the load needs: few keys can collide more often than many.</summary>
    private const int Spare = 8;

    private const int Samples = 6;
    private const int MaxMoves = 500;

    private readonly int maxKeys;
    private readonly long unit;
    private uint root;
    private int doublingsAtBound;
    private SeenBuckets buckets;
    private int doublings;
    private long clock;
    private uint sweep;
    private uint turn;

    /// <summary>Makes an empty table.</summary>
    /// <param name="maxKeys">The most keys kept.</param>
    /// <param name="window">Ticks after which what was not seen again is forgotten, up to a 4096th later.</param>
    public SeenTable(int maxKeys, long window)
    {
        this.maxKeys = maxKeys;
        unit = Math.Max(1, (window + Window - 1) / Window);
        doublingsAtBound = DoublingsAtBound(MaxRoot);
        root = (PairsAtBound >> doublingsAtBound) + 1;
        buckets = new SeenBuckets(root, 0);
    }

    /// <summary>Keys remembered, among them such as have expired but not been swept.</summary>
    public int Count { get; private set; }

    /// <summary>Keys forgotten because of the bound.</summary>
    public long Evicted { get; private set; }

    private uint PairsAtBound => PairsFor(maxKeys);

    /// <summary>Memory taken by the entries.</summary>
    public long Bytes => buckets.Bytes;

    /// <summary>The most memory that a table takes, half as large once more while it grows, in bytes.</summary>
    /// <param name="maxKeys">The most keys kept.</param>
    public static long MostBytes(int maxKeys) => PairsFor(maxKeys) * 2L * SeenBucket.Size * 3 / 2;

    private static uint PairsFor(int keys) => (uint)(keys / Load) + Spare;

    /// <summary>Goes on to a time; one before the last one is taken for the last one.</summary>
    public void Advance(long now)
    {
        var time = Math.Max(clock, now / unit);
        var passed = time - clock;
        clock = time;
        if (Count == 0 || passed == 0)
        {
            return;
        }

        if (passed > Window)
        {
            buckets.Clear();
            Count = 0;
            return;
        }

        Sweep((uint)Math.Min(buckets.Count, ((passed * buckets.Count) + SweepTime - 1) / SweepTime));
    }

    /// <summary>Brings what is known of a key nearer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(ulong key)
    {
        var print = Print(key);
        var first = buckets.First((uint)(key >> 32), print);
        buckets.Prefetch(first);
        buckets.Prefetch(buckets.Second(first, print));
    }

    /// <summary>Position of a key, good until the next one is added; -1 when it is not known.</summary>
    public int Find(ulong key)
    {
        var print = Print(key);
        var index = buckets.First((uint)(key >> 32), print);
        var slot = buckets[index].Find(print, Tail(key));
        if (slot < 0)
        {
            index = buckets.Second(index, print);
            slot = buckets[index].Find(print, Tail(key));
            if (slot < 0)
            {
                return -1;
            }
        }

        ref var bucket = ref buckets[index];
        if (Age(bucket.Stamp(slot)) > Window)
        {
            Remove(ref bucket, slot);
            return -1;
        }

        return (int)((index << 2) | (uint)slot);
    }

    /// <summary>The entry was seen again.</summary>
    public void Touch(int position)
    {
        ref var stamp = ref Bucket(position).Stamp(position & 3);
        stamp = (stamp & ~(ulong)ushort.MaxValue) | (ushort)clock;
    }

    /// <summary>Whether a sequence comes before the entry's. They may be up to 2^47 apart, in microseconds four years.</summary>
    public bool IsBefore(long sequence, int position) =>
        ((long)((ulong)sequence << 16) - (long)(Bucket(position).Stamp(position & 3) & ~(ulong)ushort.MaxValue)) < 0;

    /// <summary>The entry was seen again with this content.</summary>
    /// <returns>Whether the content is the same as before.</returns>
    public bool Replace(int position, ulong content, long sequence)
    {
        ref var bucket = ref Bucket(position);
        var slot = position & 3;
        var same = bucket.Content(slot) == content;
        bucket.Content(slot) = content;
        bucket.Stamp(slot) = Stamp(sequence);
        return same;
    }

    /// <summary>Adds a key that is not there; at the bound an old one leaves.</summary>
    public void Add(ulong key, ulong content, long sequence)
    {
        if (doublings < doublingsAtBound && Count >= (int)(buckets.Pairs * Load))
        {
            Resize(doublings + 1);
        }
        else if (Count >= maxKeys)
        {
            MakeRoom(key);
        }

        var entry = new SeenEntry(content, Stamp(sequence), Print(key), Tail(key));
        Place(entry, buckets.First((uint)(key >> 32), entry.Print));
    }

    private static uint Print(ulong key) => Math.Max(1, (uint)key);

    private static uint Tail(ulong key) => (uint)(key >> 32) & ((1U << SeenBucket.TailBits) - 1);

    private ref SeenBucket Bucket(int position) => ref buckets[(uint)position >> 2];

    private ulong Stamp(long sequence) => ((ulong)sequence << 16) | (ushort)clock;

    private ushort Age(ulong stamp) => (ushort)((ushort)clock - (ushort)stamp);

    private void Remove(ref SeenBucket bucket, int slot)
    {
        bucket.Clear(slot);
        Count--;
    }

    /// <summary>Puts an entry into one of its two buckets; others move to their other bucket for it.</summary>
    private void Place(SeenEntry entry, uint first)
    {
        Count++;
        var index = buckets.Second(first, entry.Print);
        if (TryPut(entry, first) || TryPut(entry, index))
        {
            return;
        }

        for (var move = 0; move < MaxMoves; move++)
        {
            var slot = (int)(turn++ % SeenBucket.Slots);
            ref var bucket = ref buckets[index];
            var moved = bucket.Get(slot);
            bucket.Set(slot, entry);
            entry = moved;
            index = buckets.Other(index, entry.Print);
            if (TryPut(entry, index))
            {
                return;
            }
        }

        Count--;
        Evicted++;
    }

    private bool TryPut(in SeenEntry entry, uint index)
    {
        ref var bucket = ref buckets[index];
        for (var slot = 0; slot < SeenBucket.Slots; slot++)
        {
            if (!bucket.IsEmpty(slot) && Age(bucket.Stamp(slot)) > Window)
            {
                Remove(ref bucket, slot);
            }

            if (bucket.IsEmpty(slot))
            {
                bucket.Set(slot, entry);
                return true;
            }
        }

        return false;
    }

    /// <summary>How often so many pairs must double until the bound's fit.</summary>
    private int DoublingsAtBound(uint from) => PairsAtBound < from ? 0 : BitOperations.Log2(PairsAtBound / from) + 1;

    private void Resize(int to)
    {
        var old = buckets;
        doublings = to;
        buckets = new SeenBuckets(root, doublings);
        Count = 0;
        sweep = 0;
        for (var index = 0U; index < old.Count; index++)
        {
            ref var bucket = ref old[index];
            for (var slot = 0; slot < SeenBucket.Slots; slot++)
            {
                if (!bucket.IsEmpty(slot) && Age(bucket.Stamp(slot)) <= Window)
                {
                    var entry = bucket.Get(slot);
                    Place(entry, old.FirstIn(buckets, index, entry.Print));
                }
            }
        }
    }

    private void Sweep(uint count)
    {
        for (; count > 0; count--)
        {
            ref var bucket = ref buckets[sweep];
            for (var slot = 0; slot < SeenBucket.Slots; slot++)
            {
                if (!bucket.IsEmpty(slot) && Age(bucket.Stamp(slot)) > Window)
                {
                    Remove(ref bucket, slot);
                }
            }

            sweep = sweep + 1 == buckets.Count ? 0 : sweep + 1;
        }
    }

    private void MakeRoom(ulong key)
    {
        // What has expired goes first.
        Sweep(Math.Min(4, buckets.Count));
        if (Count < maxKeys)
        {
            return;
        }

        var print = Print(key);
        var first = buckets.First((uint)(key >> 32), print);
        var second = buckets.Second(first, print);
        var oldest = new Sample(-1, -1, 0);
        Take(first, ref oldest);
        Take(second, ref oldest);
        for (var more = 0U; oldest.Count < Samples && more < buckets.Count; more++)
        {
            var index = sweep;
            Sweep(1);
            if (Count < maxKeys)
            {
                return;
            }

            if (index != first && index != second)
            {
                Take(index, ref oldest);
            }
        }

        Remove(ref Bucket(oldest.Position), oldest.Position & 3);
        Evicted += oldest.Age > Window ? 0 : 1;
    }

    private void Take(uint index, ref Sample oldest)
    {
        ref var bucket = ref buckets[index];

        // Among those of the same age chance decides: else what has just come would leave again.
        var start = turn++;
        for (var i = 0; i < SeenBucket.Slots; i++)
        {
            var slot = (int)((start + (uint)i) % SeenBucket.Slots);
            if (!bucket.IsEmpty(slot))
            {
                var age = Age(bucket.Stamp(slot));
                oldest = age > oldest.Age
                    ? new Sample((int)((index << 2) | (uint)slot), age, oldest.Count + 1)
                    : oldest with { Count = oldest.Count + 1 };
            }
        }
    }

    private readonly record struct Sample(int Position, int Age, int Count);
}
