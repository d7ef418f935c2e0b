using System.Numerics;

namespace StreamEngine.Pipeline.Transforms.Deduplicate;

/// <summary>
/// What was last seen under a 64-bit key, bounded by time and count. Structs in arrays: 48 bytes a key and 4 to 8 for the
/// buckets, no object per key.
/// </summary>
/// <param name="maxKeys">The most keys kept.</param>
internal sealed class SeenTable(int maxKeys)
{
    private const int None = -1;

    private int[] buckets = [];
    private Entry[] entries = [];
    private int used;
    private int free = None;
    private int oldest = None;
    private int newest = None;

    public int Count { get; private set; }

    /// <summary>Keys forgotten because of the bound.</summary>
    public long Evicted { get; private set; }

    public ref Entry this[int index] => ref entries[index];

    /// <summary>Index of the entry; -1 when the key is not known.</summary>
    public int Find(ulong key)
    {
        if (buckets.Length == 0)
        {
            return None;
        }

        var index = buckets[Bucket(key)] - 1;
        while (index >= 0 && entries[index].Key != key)
        {
            index = entries[index].Next;
        }

        return index;
    }

    /// <summary>Adds a key that is not there; at the bound the oldest one leaves.</summary>
    public void Add(ulong key, ulong content, long sequence, long now)
    {
        if (Count == maxKeys)
        {
            Remove(oldest);
            Evicted++;
        }

        var index = free;
        if (index != None)
        {
            free = entries[index].Next;
        }
        else
        {
            if (used == entries.Length)
            {
                Grow();
            }

            index = used++;
        }

        ref var bucket = ref buckets[Bucket(key)];
        entries[index] = new Entry { Key = key, Content = content, Sequence = sequence, Next = bucket - 1 };
        bucket = index + 1;
        Count++;
        Link(index, now);
    }

    /// <summary>The entry was seen again: it becomes the newest.</summary>
    public void Touch(int index, long now)
    {
        Unlink(index);
        Link(index, now);
    }

    /// <summary>Forgets all entries last seen before <paramref name="time"/>.</summary>
    public void Expire(long time)
    {
        while (oldest != None && entries[oldest].Time < time)
        {
            Remove(oldest);
        }
    }

    private void Remove(int index)
    {
        Unlink(index);
        ref var slot = ref buckets[Bucket(entries[index].Key)];
        if (slot - 1 == index)
        {
            slot = entries[index].Next + 1;
        }
        else
        {
            var before = slot - 1;
            while (entries[before].Next != index)
            {
                before = entries[before].Next;
            }

            entries[before].Next = entries[index].Next;
        }

        entries[index].Next = free;
        free = index;
        Count--;
    }

    private void Link(int index, long now)
    {
        ref var entry = ref entries[index];
        (entry.Time, entry.Older, entry.Newer) = (now, newest, None);
        if (newest != None)
        {
            entries[newest].Newer = index;
        }
        else
        {
            oldest = index;
        }

        newest = index;
    }

    private void Unlink(int index)
    {
        var (older, newer) = (entries[index].Older, entries[index].Newer);
        if (older != None)
        {
            entries[older].Newer = newer;
        }
        else
        {
            oldest = newer;
        }

        if (newer != None)
        {
            entries[newer].Older = older;
        }
        else
        {
            newest = older;
        }
    }

    private void Grow()
    {
        Array.Resize(ref entries, (int)Math.Min(maxKeys, Math.Max(256L, entries.Length * 2L)));
        buckets = new int[BitOperations.RoundUpToPowerOf2((uint)entries.Length)];
        for (var i = 0; i < used; i++)
        {
            ref var bucket = ref buckets[Bucket(entries[i].Key)];
            entries[i].Next = bucket - 1;
            bucket = i + 1;
        }
    }

    private int Bucket(ulong key) => (int)(key & (uint)(buckets.Length - 1));

    /// <summary>What was last seen under one key.</summary>
    public struct Entry
    {
        public ulong Key;
        public ulong Content;
        public long Sequence;
        public long Time;
        public int Next;
        public int Older;
        public int Newer;
    }
}
