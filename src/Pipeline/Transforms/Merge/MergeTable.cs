using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.State;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>
/// The records held, by type and key: <see cref="MergedRecord"/>s, and arrays of <see cref="SoleRecord"/>s. At the bound the one of
/// a few leaves that was touched longest ago; of not more than those few, so the one of all.
/// </summary>
/// <remarks>
/// An open table whose entries keep half of the key's hash and the time of the last touch, counted in touches: four to a cache line,
/// and neither growing nor choosing who leaves has to look at a record.
/// </remarks>
/// <param name="maxKeys">The most records held.</param>
/// <param name="maxBytes">The most memory that they may take, the table itself not counted.</param>
internal sealed partial class MergeTable(int maxKeys, long maxBytes = long.MaxValue)
{
    private const int None = -1;
    private const int Few = 16;

    /// <summary>Of so many records the oldest leaves.</summary>
    private const int Samples = 16;

    /// <summary>Most keys of a hundred places: with more of them, searches take long.</summary>
    private const int Load = 70;

    private const int Line = 64;
    private const int LinesAhead = 5;

    private readonly ChangedPlaces changes = new();
    private Entry[] entries = new Entry[Few];
    private uint clock;
    private int hand;

    public int Count { get; private set; }

    /// <summary>Keys forgotten because of a bound.</summary>
    public long Evicted { get; private set; }

    /// <summary>Memory that the records take, in bytes; that of records of several sources as of when they were last counted.</summary>
    public long Bytes { get; private set; }

    /// <summary>The record found at an index.</summary>
    public object this[int index]
    {
        get => entries[index].Record!;
        set
        {
            Bytes += Weight(value) - Weight(entries[index].Record!);
            entries[index].Record = value;
        }
    }

    /// <summary>The most memory that a table itself takes while it grows, in bytes.</summary>
    /// <param name="maxKeys">The most records held.</param>
    public static long TableBytes(int maxKeys) => Places(maxKeys) * 3 / 2 * Unsafe.SizeOf<Entry>();

    /// <summary>The record found at an index, which is not a <see cref="MergedRecord"/>.</summary>
    public SoleRecord Sole(int index) => new(Unsafe.As<byte[]>(this[index]));

    /// <summary>Where a key is to be looked for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(in RowHead head) => Hash(head.KeyHash, head.Type);

    /// <summary>The index of a row's record, touched, good until the next is added or removed; negative when none is held.</summary>
    public int Find(Row row)
    {
        ref readonly var head = ref row.Head;
        var index = Find(Hash(head), head.Type, row.Key);
        if (index >= 0)
        {
            entries[index].Touched = ++clock;
            changes.Mark(index);
        }

        return index;
    }

    /// <summary>The index of a key's record, as good as untouched; negative when none is held.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(uint hash, short type, ReadOnlySpan<byte> key)
    {
        var table = entries;
        var mask = table.Length - 1;
        for (var index = (int)hash & mask; ; index = (index + 1) & mask)
        {
            ref readonly var entry = ref table[index];
            if (entry.Record is not { } record)
            {
                return None;
            }

            if (entry.Hash == hash && Holds(record, type, key))
            {
                return index;
            }
        }
    }

    /// <summary>Adds the record of a row's key, which is not held.</summary>
    public void Add(Row row, object record) => Add(new Entry { Record = record, Hash = Hash(row.Head), Touched = ++clock });

    /// <summary>A record of several sources has changed: counts its memory anew.</summary>
    public void Reweigh(MergedRecord record) => Bytes += record.Reweigh();

    /// <summary>Forgets records until those that are left take no more memory than they may; no index is good any more.</summary>
    public void Trim()
    {
        while (Bytes > maxBytes && Count > 1)
        {
            Evict();
        }
    }

    private void Add(in Entry entry)
    {
        if (Count == maxKeys)
        {
            Evict();
        }

        if ((Count + 1) * 100L > entries.Length * (long)Load)
        {
            Grow();
        }

        Place(entry);
        Count++;
        Bytes += Weight(entry.Record!);
    }

    /// <summary>Forgets the record at an index; those behind it move up, so that no search meets a gap.</summary>
    public void Remove(int index)
    {
        Bytes -= Weight(this[index]);
        var mask = entries.Length - 1;
        for (var next = (index + 1) & mask; entries[next].Record is not null; next = (next + 1) & mask)
        {
            if (((next - (int)entries[next].Hash) & mask) >= ((next - index) & mask))
            {
                entries[index] = entries[next];
                changes.Mark(index);
                index = next;
            }
        }

        entries[index] = default;
        changes.Mark(index);
        Count--;
    }

    /// <summary>The record at the next place that has one; null at the end.</summary>
    /// <param name="place">Where to look on; moved behind the record.</param>
    public object? Next(ref int place)
    {
        while (place < entries.Length)
        {
            if (entries[place++].Record is { } record)
            {
                return record;
            }
        }

        return null;
    }

    /// <summary>Whether there may be a record behind a place.</summary>
    public bool HasNext(int place) => place < entries.Length;

    /// <summary>Brings the place of a key nearer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchPlace(uint hash)
    {
        if (Sse.IsSupported)
        {
            unsafe
            {
                Sse.Prefetch0(Unsafe.AsPointer(ref entries[(int)hash & (entries.Length - 1)]));
            }
        }
    }

    /// <summary>Brings a key's record nearer, whose place should be near already.</summary>
    public void PrefetchRecord(uint hash)
    {
        var table = entries;
        var mask = table.Length - 1;
        var index = (int)hash & mask;
        while (table[index].Hash != hash && table[index].Record is not null)
        {
            index = (index + 1) & mask;
        }

        Prefetch(ref table[index].Record);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(ref object? record)
    {
        if (Sse.IsSupported)
        {
            unsafe
            {
                // The address alone, so that nothing waits for the record. It may have moved meanwhile: then this was in vain.
                var address = (byte*)Unsafe.As<object?, nint>(ref record);
                for (var line = 0; line < LinesAhead; line++)
                {
                    Sse.Prefetch0(address + (line * Line));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Holds(object record, short type, ReadOnlySpan<byte> key) => record is MergedRecord several
        ? several.Type == type && key.SequenceEqual(several.Key)
        : new SoleRecord(Unsafe.As<byte[]>(record)).Is(type, key);

    private static int Weight(object record) => record is MergedRecord several ? several.Weight : Unsafe.As<byte[]>(record).Length + MergedRecord.ObjectBytes;

    private void Place(in Entry entry)
    {
        var mask = entries.Length - 1;
        var index = (int)entry.Hash & mask;
        while (entries[index].Record is not null)
        {
            index = (index + 1) & mask;
        }

        entries[index] = entry;
        changes.Mark(index);
    }

    private void Evict()
    {
        var oldest = None;
        var age = 0U;
        var seen = 0;
        for (var passed = 0; seen < Samples && passed < entries.Length; passed++)
        {
            hand = (hand + 1) & (entries.Length - 1);
            ref readonly var entry = ref entries[hand];
            if (entry.Record is null)
            {
                continue;
            }

            seen++;
            if (oldest == None || clock - entry.Touched > age)
            {
                (oldest, age) = (hand, clock - entry.Touched);
            }
        }

        Remove(oldest);
        Evicted++;
    }

    private void Grow()
    {
        var old = entries;
        changes.MarkAll();
        entries = new Entry[BitOperations.RoundUpToPowerOf2((uint)old.Length + 1)];
        foreach (ref readonly var entry in old.AsSpan())
        {
            if (entry.Record is not null)
            {
                Place(entry);
            }
        }
    }

    private struct Entry
    {
        public object? Record;
        public uint Hash;
        public uint Touched;
    }
}
