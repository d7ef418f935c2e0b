using System.Buffers;
using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Messages;

/// <summary>
/// What the rows of a batch stand in, and what they are encoded to. A pool lends it to a batch when its first row is about to be made, and lends what came back last first: that is
/// most likely still in a core's cache, which has no room for the rows of all batches.
/// </summary>
internal sealed class RowMemory
{
    private const int FewRows = 4;

    private RowMemory(RowHead[] heads, Cell[] cells) => (Heads, Cells) = (heads, cells);

    public RowMemory(RecordSchema schema)
        : this(new RowHead[FewRows], new Cell[FewRows * schema.Stride])
    {
    }

    /// <summary>That of a batch without rows.</summary>
    public static RowMemory None { get; } = new([], []);

    /// <summary>The rows' fixed parts.</summary>
    public RowHead[] Heads { get; private set; }

    /// <summary>Their cells, row after row.</summary>
    public Cell[] Cells { get; private set; }

    /// <summary>The encoded records.</summary>
    public ArrayBufferWriter<byte> Data { get; } = new();

    /// <summary>What it takes, in bytes.</summary>
    public int Bytes => (Heads.Length * Unsafe.SizeOf<RowHead>()) + (Cells.Length * Unsafe.SizeOf<Cell>()) + Data.Capacity;

    /// <summary>Makes room for twice as many rows.</summary>
    public void Grow(RecordSchema schema)
    {
        var heads = Heads;
        var cells = Cells;
        Array.Resize(ref heads, heads.Length * 2);
        Array.Resize(ref cells, heads.Length * schema.Stride);
        (Heads, Cells) = (heads, cells);
    }

    /// <summary>Forgets what was in it.</summary>
    public void Clear()
    {
#if DEBUG
        System.Runtime.InteropServices.MemoryMarshal.AsMemory(Data.WrittenMemory).Span.Fill(Batch.Poison);
        Heads.AsSpan().Fill(new RowHead { Type = -1, KeyOffset = int.MaxValue, DataOffset = int.MaxValue });
        Cells.AsSpan().Fill(new Cell { Bits = 0x5DDD_DDDD_DDDD_DDDD, Offset = int.MaxValue, Kind = CellKind.Text });
#endif
        Data.ResetWrittenCount();
    }
}
