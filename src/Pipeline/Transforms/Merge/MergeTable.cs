using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>The records held, by kind and key; at the bound the one touched longest ago leaves.</summary>
/// <param name="maxKeys">The most records held.</param>
internal sealed class MergeTable(int maxKeys)
{
    private const int None = -1;
    private const int FewSlots = 256;

    /// <summary>Rows whose records are prefetched together: many enough to wait for all at once, few enough for the first-level cache.</summary>
    private const int Ahead = 64;

    private int[] buckets = new int[FewSlots];
    private Slot[] slots = new Slot[Math.Min(maxKeys, FewSlots)];
    private readonly ulong[] hashes = new ulong[Ahead];
    private readonly int[] found = new int[Ahead];
    private int used;
    private int free = None;
    private int oldest = None;
    private int newest = None;

    public int Count { get; private set; }

    /// <summary>Keys forgotten because of the bound.</summary>
    public long Evicted { get; private set; }

    /// <summary>
    /// Brings the records of the next rows nearer. They lie in main memory one behind the other: going one step for all of them at a
    /// time costs as many waits as there are steps, not as many as there are records.
    /// </summary>
    /// <param name="rows">Where the rows come from.</param>
    /// <returns>How many rows it went on; 0 at the end.</returns>
    public int Prefetch(ref Part.Enumerator rows)
    {
        var count = 0;
        while (count < Ahead && rows.MoveNext())
        {
            hashes[count++] = Hash(rows.Current.Head);
        }

        if (Sse.IsSupported)
        {
            Prefetch(hashes.AsSpan(0, count), found.AsSpan(0, count));
        }

        return count;
    }

    /// <summary>The row's record, touched; null when none is held.</summary>
    public MergedRecord? Find(Row row)
    {
        var index = IndexOf(row);
        if (index == None)
        {
            return null;
        }

        if (index != newest)
        {
            Unlink(index);
            Link(index);
        }

        return slots[index].Record;
    }

    /// <summary>Begins a record for the row's key, which is not held.</summary>
    public MergedRecord Add(Row row)
    {
        if (Count == maxKeys)
        {
            RemoveAt(oldest);
            Evicted++;
        }

        var index = free;
        if (index != None)
        {
            free = slots[index].Next;
        }
        else
        {
            if (used == slots.Length)
            {
                Grow();
            }

            index = used++;
        }

        var record = new MergedRecord(row.Head.Type, row.Key.ToArray());
        var hash = Hash(row.Head);
        ref var bucket = ref buckets[Bucket(hash)];
        slots[index] = new Slot { Hash = hash, Record = record, Next = bucket - 1 };
        bucket = index + 1;
        Count++;
        Link(index);
        return record;
    }

    /// <summary>Forgets the row's record, which is held.</summary>
    public void Remove(Row row) => RemoveAt(IndexOf(row));

    private int IndexOf(Row row)
    {
        ref readonly var head = ref row.Head;
        var hash = Hash(head);
        var index = buckets[Bucket(hash)] - 1;
        while (index >= 0)
        {
            ref readonly var slot = ref slots[index];
            if (slot.Hash == hash && slot.Record!.Type == head.Type && row.Key.SequenceEqual(slot.Record.Key))
            {
                break;
            }

            index = slot.Next;
        }

        return index;
    }

    private static ulong Hash(in RowHead head) => head.KeyHash + (ulong)head.Type;

    private int Bucket(ulong hash) => (int)(hash & (uint)(buckets.Length - 1));

    private void RemoveAt(int index)
    {
        Unlink(index);
        ref var slot = ref slots[index];
        ref var bucket = ref buckets[Bucket(slot.Hash)];
        if (bucket - 1 == index)
        {
            bucket = slot.Next + 1;
        }
        else
        {
            var before = bucket - 1;
            while (slots[before].Next != index)
            {
                before = slots[before].Next;
            }

            slots[before].Next = slot.Next;
        }

        slot = new Slot { Next = free };
        free = index;
        Count--;
    }

    private void Link(int index)
    {
        (slots[index].Older, slots[index].Newer) = (newest, None);
        if (newest != None)
        {
            slots[newest].Newer = index;
        }
        else
        {
            oldest = index;
        }

        newest = index;
    }

    private void Unlink(int index)
    {
        var (older, newer) = (slots[index].Older, slots[index].Newer);
        if (older != None)
        {
            slots[older].Newer = newer;
        }
        else
        {
            oldest = newer;
        }

        if (newer != None)
        {
            slots[newer].Older = older;
        }
        else
        {
            newest = older;
        }
    }

    private void Grow()
    {
        Array.Resize(ref slots, (int)Math.Min(maxKeys, slots.Length * 2L));
        buckets = new int[BitOperations.RoundUpToPowerOf2((uint)slots.Length)];
        for (var i = 0; i < used; i++)
        {
            ref var bucket = ref buckets[Bucket(slots[i].Hash)];
            slots[i].Next = bucket - 1;
            bucket = i + 1;
        }
    }

    private void Prefetch(ReadOnlySpan<ulong> keys, Span<int> indices)
    {
        foreach (var key in keys)
        {
            Prefetch(ref buckets[Bucket(key)], 0);
        }

        for (var i = 0; i < indices.Length; i++)
        {
            indices[i] = buckets[Bucket(keys[i])] - 1;
            Prefetch(ref slots[Math.Max(0, indices[i])], 0);
        }

        for (var i = 0; i < indices.Length; i++)
        {
            ref var index = ref indices[i];
            while (index >= 0 && slots[index].Hash != keys[i])
            {
                index = slots[index].Next;
            }

            if (index >= 0 && slots[index] is { Record: { } record } slot)
            {
                Prefetch(ref slots[Math.Max(0, slot.Older)], 0);
                Prefetch(ref slots[Math.Max(0, slot.Newer)], 0);
                Prefetch(ref record[0], -64);
                Prefetch(ref record[0], 0);
                Prefetch(ref record[0], 64);
            }
        }

        foreach (var index in indices)
        {
            if (index >= 0 && slots[index].Record is { } record)
            {
                Prefetch(ref MemoryMarshal.GetArrayDataReference(record.Key), 0);
                ref var data = ref MemoryMarshal.GetReference(record[0].Data);
                Prefetch(ref data, 0);
                Prefetch(ref data, 64);
                Prefetch(ref data, 128);
            }
        }
    }

    private static unsafe void Prefetch<T>(ref T at, int offset) => Sse.Prefetch0((byte*)Unsafe.AsPointer(ref at) + offset);

    private struct Slot
    {
        public ulong Hash;
        public MergedRecord? Record;
        public int Next;
        public int Older;
        public int Newer;
    }
}
