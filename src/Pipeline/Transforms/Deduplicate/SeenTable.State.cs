using System.Runtime.InteropServices;
using StreamEngine.Pipeline.Transforms.State;

namespace StreamEngine.Pipeline.Transforms.Deduplicate;

/// <content>How the table is saved and found again: whole buckets, as they lie in memory.</content>
internal sealed partial class SeenTable
{
    private const int MostDoublings = 24;

    private const int AtOnce = 1 << 14;

    // Any odd number of evenly many random bits: keys that stand nowhere, to begin looking for room at.
    private const ulong Elsewhere = 0x9E37_79B9_7F4A_7C15;

    /// <summary>Writes the table.</summary>
    public void Save(ref StateBytesWriter to)
    {
        to.Write(new Head
        {
            Clock = clock,
            Unit = unit,
            Evicted = Evicted,
            Count = Count,
            Root = root,
            Doublings = doublings,
            Sweep = sweep,
            Turn = turn,
        });
        for (var all = buckets.All; !all.IsEmpty; all = all[Math.Min(AtOnce, all.Length)..])
        {
            // A span of bytes could not hold all of the largest table.
            to.Write(MemoryMarshal.AsBytes(all[..Math.Min(AtOnce, all.Length)]));
        }
    }

    /// <summary>Takes over a table that was saved, of this window and bound or of others. Entries that don't fit leave as at the bound, oldest first of a few.</summary>
    /// <returns>Why it could not be taken over; null when it was.</returns>
    public string? Restore(ref StateBytesReader from)
    {
        if (!from.TryRead(out Head head)
            || head.Root is 0 or > MaxRoot
            || (uint)head.Doublings > MostDoublings
            || ((long)head.Root << head.Doublings) * 2 * SeenBucket.Size != from.Left
            || head.Unit <= 0
            || head.Clock < 0
            || head.Clock > DateTime.MaxValue.Ticks / head.Unit
            || head.Sweep >= 2 * (head.Root << head.Doublings))
        {
            return "its content is damaged";
        }

        if (head.Root != root && head.Root < Math.Min(root, MaxRoot / 2))
        {
            return "it was kept with a 'maxKeys' so small that it can't grow to what is set now";
        }

        var saved = new SeenBuckets(head.Root, head.Doublings);
        from.TryTake(from.Left, out var content);
        content.CopyTo(MemoryMarshal.AsBytes(saved.All));
        if (saved.CountEntries() != head.Count)
        {
            return "its content is damaged";
        }

        (buckets, root, doublings, doublingsAtBound) = (saved, head.Root, head.Doublings, DoublingsAtBound(head.Root));
        (clock, sweep, turn, Count, Evicted) = (head.Clock, head.Sweep, head.Turn, head.Count, head.Evicted);
        if (head.Unit != unit)
        {
            Rescale(head.Unit);
        }

        if (Count > maxKeys)
        {
            Shrink();
        }

        return null;
    }

    /// <summary>Counts time in units of this table's window.</summary>
    private void Rescale(long from)
    {
        var now = clock * from / unit;
        for (var index = 0U; index < buckets.Count; index++)
        {
            ref var bucket = ref buckets[index];
            for (var slot = 0; slot < SeenBucket.Slots; slot++)
            {
                if (bucket.IsEmpty(slot))
                {
                    continue;
                }

                ref var stamp = ref bucket.Stamp(slot);
                var age = Age(stamp) <= Window ? Age(stamp) * from / unit : long.MaxValue;
                if (age > Window)
                {
                    Remove(ref bucket, slot);
                }
                else
                {
                    stamp = (stamp & ~(ulong)ushort.MaxValue) | (ushort)(now - age);
                }
            }
        }

        clock = now;
    }

    private void Shrink()
    {
        Sweep(buckets.Count);
        while (Count > maxKeys)
        {
            MakeRoom((ulong)Count * Elsewhere);
        }

        if (doublings > doublingsAtBound)
        {
            Resize(doublingsAtBound);
        }
    }

    [StructLayout(LayoutKind.Sequential, Pack = sizeof(int))]
    private struct Head
    {
        public long Clock;
        public long Unit;
        public long Evicted;
        public int Count;
        public uint Root;
        public int Doublings;
        public uint Sweep;
        public uint Turn;
    }
}
