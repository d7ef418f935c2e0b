using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>What is held of a key of which only one source has spoken: all in one array, so that it lies in a few cache lines in a row.</summary>
/// <param name="memory">The source's contribution; between its head and its values stand this record's and the key.</param>
internal readonly partial struct SoleRecord(byte[] memory)
{
    private static readonly int KeyAt = Contribution.HeadSize + Unsafe.SizeOf<Head>();

    // All arrays of records are made by Make, or by their contributions from such, with room for both heads and the key.
    private readonly ref Head Own => ref Unsafe.As<byte, Head>(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(memory), Contribution.HeadSize));

    /// <summary>The array it stands in.</summary>
    public byte[] Memory => memory;

    /// <summary>What the source says.</summary>
    public Contribution Contribution => new(memory);

    public int Type => Own.Type;

    public ref RecordVersion Version => ref Own.Version;

    public ReadOnlySpan<byte> Key => memory.AsSpan(KeyAt, Own.KeyLength);

    /// <summary>Makes the record of a row's key; its source has said nothing yet.</summary>
    public static SoleRecord Make(Row row) => Make(row.Head.Type, row.Key, row.Head.Source);

    /// <summary>Makes the record of a key of which one source is left.</summary>
    public static SoleRecord Make(MergedRecord record)
    {
        var sole = Make((short)record.Type, record.Key, record[0].Source);
        sole.Version = record.Version;
        var contribution = sole.Contribution;
        contribution.CopyValues(record[0]);
        return new SoleRecord(contribution.Memory);
    }

    /// <summary>Whether it is that of a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Is(short type, ReadOnlySpan<byte> key)
    {
        ref readonly var own = ref Own;
        return own.Type == type && own.KeyLength == key.Length && CellValues.Same(
            ref MemoryMarshal.GetReference(key), ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(memory), KeyAt), key.Length);
    }

    private static SoleRecord Make(short type, ReadOnlySpan<byte> key, short source)
    {
        var memory = new Contribution(source, KeyAt + key.Length).Memory;
        var record = new SoleRecord(memory);
        record.Own.Type = type;
        record.Own.KeyLength = key.Length;
        key.CopyTo(memory.AsSpan(KeyAt));
        return record;
    }

    private struct Head
    {
        public RecordVersion Version;
        public int KeyLength;
        public short Type;
    }
}
