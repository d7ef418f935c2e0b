using System.Numerics;
using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Transforms.State;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <content>How the table is saved and found again: its records with their places, as those decide who leaves at the bound.</content>
internal sealed partial class MergeTable
{
    private const int Ahead = 16;

    /// <summary>The most places that so many records take.</summary>
    private int MostPlaces => (int)Math.Max(Few, Math.Min(1L << 30, BitOperations.RoundUpToPowerOf2((ulong)((maxKeys * 100L / Load) + 1))));

    /// <summary>Writes the table.</summary>
    public void Save(ref StateBytesWriter to)
    {
        to.Write(new SavedTable { Evicted = Evicted, Clock = clock, Hand = hand, Places = entries.Length, Count = Count });
        for (var index = 0; index < entries.Length; index++)
        {
            // Each lies somewhere else in main memory.
            Prefetch(ref entries[(index + Ahead) & (entries.Length - 1)].Record);
            ref readonly var entry = ref entries[index];
            if (entry.Record is not { } record)
            {
                continue;
            }

            to.Write(index);
            to.Write(entry.Touched);
            if (record is MergedRecord several)
            {
                to.Write(SavedEntry.IsOfSeveral);
                several.Save(ref to);
            }
            else
            {
                var memory = Unsafe.As<byte[]>(record);
                to.Write(memory.Length);
                to.Write(memory);
            }
        }
    }

    /// <summary>Whether it can have been a table.</summary>
    public static bool IsSound(in SavedTable saved) =>
        saved.Places >= Few && BitOperations.IsPow2(saved.Places) && (uint)saved.Hand < (uint)saved.Places && saved.Count >= 0 && saved.Count * 100L <= saved.Places * (long)Load;

    /// <summary>Whether a saved table is none too large for this one's bound.</summary>
    public bool CanBecome(in SavedTable saved) => saved.Places <= MostPlaces && saved.Count <= maxKeys;

    /// <summary>Becomes a table that was saved, place by place.</summary>
    /// <returns>False when some would not be found again at those places; then it stays as it was.</returns>
    public bool TryBecome(in SavedTable saved, IReadOnlyList<SavedEntry> records)
    {
        var table = new Entry[saved.Places];
        foreach (var record in records)
        {
            table[record.Place] = new Entry { Record = record.Record, Hash = HashOf(record), Touched = record.Touched };
        }

        var mask = table.Length - 1;
        foreach (var record in records)
        {
            for (var index = (int)table[record.Place].Hash & mask; index != record.Place; index = (index + 1) & mask)
            {
                if (table[index].Record is null)
                {
                    return false;
                }
            }
        }

        (entries, clock, hand, Count, Evicted) = (table, saved.Clock, saved.Hand, records.Count, saved.Evicted);
        return true;
    }

    /// <summary>Takes over records of other tables; at the bound old ones leave.</summary>
    /// <param name="saved">The table they are from.</param>
    /// <param name="records">Some of its records.</param>
    public void Take(SavedTable saved, IEnumerable<SavedEntry> records)
    {
        // Clocks count touches: what was touched last in its table counts as touched now. The oldest come first, so that they leave first.
        foreach (var record in records.OrderByDescending(r => saved.Clock - r.Touched))
        {
            Add(new Entry { Record = record.Record, Hash = HashOf(record), Touched = clock - (saved.Clock - record.Touched) });
        }
    }

    private static uint HashOf(in SavedEntry saved) => Hash(saved.KeyHash, saved.Record is MergedRecord several ? several.Type : new SoleRecord(Unsafe.As<byte[]>(saved.Record)).Type);

    private static uint Hash(ulong keyHash, int type) => (uint)keyHash + ((uint)type * 0x9E37_79B1U);
}

/// <summary>What stands before the records of a saved table.</summary>
internal struct SavedTable
{
    public long Evicted;
    public uint Clock;
    public int Hand;
    public int Places;
    public int Count;
}

/// <summary>A record of a saved table.</summary>
/// <param name="Place">Where it stood.</param>
/// <param name="Touched">When it was touched last, by the table's clock.</param>
/// <param name="KeyHash">The hash of its key.</param>
/// <param name="Record">A <see cref="MergedRecord"/>, or the array of a <see cref="SoleRecord"/>.</param>
internal readonly record struct SavedEntry(int Place, uint Touched, ulong KeyHash, object Record)
{
    /// <summary>Stands where records of one source have their length.</summary>
    public const int IsOfSeveral = -1;
}
