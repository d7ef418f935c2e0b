using System.Numerics;
using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Transforms.State;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <content>How the table is saved and found again: its records with their places, as those decide who leaves at the bound.</content>
internal sealed partial class MergeTable
{
    private const int Ahead = 16;
    private const int AtOnce = 64;

    /// <summary>The most places that so many records take.</summary>
    private int MostPlaces => (int)Places(maxKeys);

    private static long Places(int keys) => Math.Max(Few, Math.Min(1L << 30, (long)BitOperations.RoundUpToPowerOf2((ulong)((keys * 100L / Load) + 1))));

    /// <summary>Selects what to write to a checkpoint: all, or what has changed and a few others.</summary>
    /// <param name="number">The checkpoint's number.</param>
    /// <param name="lastComplete">The number of the last complete one; 0 for none.</param>
    /// <returns>The number of the first checkpoint that is needed together with this one.</returns>
    public long Select(long number, long lastComplete) => changes.Select(number, lastComplete, entries.Length);

    /// <summary>Writes all of the table.</summary>
    public void Save(ref StateBytesWriter to)
    {
        to.Write(Head);
        for (var place = 0; place < entries.Length; place++)
        {
            // Each lies somewhere else in main memory.
            Prefetch(ref entries[(place + Ahead) & (entries.Length - 1)].Record);
            if (entries[place].Record is not null)
            {
                Save(place, ref to);
            }
        }
    }

    /// <summary>Writes what was selected.</summary>
    public void SaveSelected(ref StateBytesWriter to)
    {
        if (changes.Selected is not { } selected)
        {
            Save(ref to);
            return;
        }

        to.Write(Head);
        Span<int> places = stackalloc int[AtOnce + (sizeof(ulong) * 8)];
        var count = 0;
        for (var word = 0; word < selected.Length; word++)
        {
            for (var left = selected[word]; left != 0; left &= left - 1)
            {
                places[count++] = (word * sizeof(ulong) * 8) + BitOperations.TrailingZeroCount(left);
            }

            if (count >= AtOnce || word == selected.Length - 1)
            {
                Save(places[..count], ref to);
                count = 0;
            }
        }
    }

    private SavedTable Head => new() { Evicted = Evicted, Clock = clock, Hand = hand, Places = entries.Length, Count = Count };

    private void Save(scoped ReadOnlySpan<int> places, ref StateBytesWriter to)
    {
        foreach (var place in places)
        {
            Prefetch(ref entries[place].Record);
        }

        foreach (var place in places)
        {
            if (entries[place].Record is not null)
            {
                Save(place, ref to);
            }
            else
            {
                to.Write(SavedEntry.Empty(place));
            }
        }
    }

    private void Save(int place, ref StateBytesWriter to)
    {
        ref readonly var entry = ref entries[place];
        to.Write(place);
        to.Write(entry.Touched);
        if (entry.Record is MergedRecord several)
        {
            to.Write(SavedEntry.IsOfSeveral);
            several.Save(ref to);
        }
        else
        {
            var memory = Unsafe.As<byte[]>(entry.Record!);
            to.Write(memory.Length);
            to.Write(memory);
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
        Bytes = records.Sum(r => (long)Weight(r.Record));
        Trim();
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
            Trim();
        }
    }

    private static uint HashOf(in SavedEntry saved) => Hash(saved.KeyHash, saved.Record is MergedRecord several ? several.Type : new SoleRecord(Unsafe.As<byte[]>(saved.Record)).Type);

    /// <summary>Where a key is to be looked for.</summary>
    public static uint Hash(ulong keyHash, int type) => (uint)keyHash + ((uint)type * 0x9E37_79B1U);
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

    /// <summary>Says that a place is empty: stands where others have their number.</summary>
    public static int Empty(int place) => ~place;
}
