using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Messages;

/// <summary>
/// The unit that moves: payload bytes, the documents in them, and the records read from them as rows of 16-byte cells.
/// One owner until it is sealed; then every sink holds a counted lease, and the last release returns it to its pool.
/// </summary>
/// <remarks>Nothing read from a batch (spans, rows, cells) may outlive the lease; debug builds overwrite freed memory.</remarks>
public sealed partial class Batch : IBufferWriter<byte>
{
    /// <summary>Payload bytes from which a source hands a batch on: large enough to share the cost of a hop, small enough for the caches.</summary>
    public const int FullBytes = 32 * 1024;

    /// <summary>Documents from which a source hands a batch on.</summary>
    public const int FullDocuments = 512;

    internal const byte Poison = 0xDD;

    private const int FewDocuments = 4;

    private readonly BatchPool pool;
    private byte[] bytes = [];
    private int length;
    private Document[] documents = new Document[FewDocuments];
    private RowMemory memory = RowMemory.None;

    // The memory's own, near at hand.
    private RowHead[] heads = [];
    private Cell[] cells = [];
    private short[] origins = [];
    private int leases;

    internal Batch(BatchPool pool, RecordSchema schema)
    {
        this.pool = pool;
        Schema = schema;
        Whole = new Part(this, isWhole: true);
    }

    /// <summary>All of the batch, as a step sees it that is not run on shards.</summary>
    public Part Whole { get; }

    /// <inheritdoc cref="Part.Live"/>
    public int Live => Whole.Live;

    /// <inheritdoc cref="Part.Controls"/>
    public int Controls => Whole.Controls;

    /// <inheritdoc cref="Part.IsSpent"/>
    public bool IsSpent => Whole.IsSpent;

    /// <summary>Record types and sources that rows refer to.</summary>
    public RecordSchema Schema { get; }

    /// <summary>Payloads and all text that rows refer to.</summary>
    public ReadOnlySpan<byte> Bytes => bytes.AsSpan(0, length);

    /// <summary>Memory this batch holds on to, in bytes; that of its documents not counted.</summary>
    internal int Capacity => bytes.Length + memory.Bytes + (origins.Length * sizeof(short)) + (notes.Length * Unsafe.SizeOf<RowNotes>()) + identities.Length;

    /// <summary>How many documents the source put in.</summary>
    public int DocumentCount { get; private set; }

    /// <summary>How many rows there are, whatever became of them.</summary>
    public int RowCount { get; private set; }

    /// <summary>Where the source stands behind this batch; null for a source that can't go back. Once rows are made it says nothing.</summary>
    public SourcePosition? Position { get; set; }

    /// <summary>
    /// Whether its rows are what the pipeline knew before it was restarted, told again to those who keep nothing: no news. Only sinks that
    /// say so (<see cref="Blocks.ISink.BeginsEmpty"/>) get such a batch.
    /// </summary>
    public bool IsRestored { get; set; }

    /// <summary>Number of the last checkpoint whose barrier its source had let out before it; 0 without checkpoints.</summary>
    internal long Epoch { get; set; }

    /// <summary>Whether the rows are frozen and encoded.</summary>
    public bool IsSealed { get; private set; }

    /// <summary>The row at <paramref name="index"/>, live or not.</summary>
    public Row this[int index] => new(Whole, this, index);

    /// <summary><see cref="Bytes"/> and what memory there happens to be behind them, so that whole vectors can be read where the last payload ends.</summary>
    internal ReadOnlySpan<byte> BytesAndBeyond => bytes;

    /// <summary>The document at <paramref name="index"/>.</summary>
    public ref Document Document(int index) => ref documents.AsSpan(0, DocumentCount)[index];

    /// <summary>The payload of the document at <paramref name="index"/>.</summary>
    public ReadOnlySpan<byte> Payload(int index) => Slice(documents[index].Offset, documents[index].Length);

    /// <summary>The fixed part of the row at <paramref name="index"/>.</summary>
    public ref RowHead Head(int index) => ref heads.AsSpan(0, RowCount)[index];

    /// <summary>The cells of the row at <paramref name="index"/>, by slot.</summary>
    public Span<Cell> Cells(int index) => cells.AsSpan(index * Schema.Stride, Schema.Stride);

    /// <summary>A part of <see cref="Bytes"/>.</summary>
    public ReadOnlySpan<byte> Slice(int offset, int count) => bytes.AsSpan(offset, count);

    /// <summary>A part of <see cref="Bytes"/>; empty when a step that failed halfway left a row that points nowhere.</summary>
    internal ReadOnlySpan<byte> SliceOrNone(int offset, int count) =>
        offset >= 0 && count >= 0 && (long)offset + count <= length ? Slice(offset, count) : default;

    /// <summary>The encoded records of a sealed batch, each with a newline behind it; valid as long as the lease is held.</summary>
    public ReadOnlyMemory<byte> Lines => memory.Data.WrittenMemory;

    /// <summary>Whether rows of a sealed batch say that an entity is gone; such rows are not encoded.</summary>
    public bool HasRemovals { get; private set; }

    /// <summary>
    /// The encoded record of one row of a sealed batch; of a removal the key that the entity has instead, empty when it is gone. Valid as long as the
    /// lease is held.
    /// </summary>
    public ReadOnlyMemory<byte> DataOf(int index)
    {
        ref readonly var head = ref Head(index);
        return memory.Data.WrittenMemory.Slice(head.DataOffset, head.DataLength);
    }

    /// <summary>Live rows in order.</summary>
    public Part.Enumerator GetEnumerator() => Whole.Ahead();

    /// <summary>Copies <paramref name="text"/> into the batch.</summary>
    /// <returns>Its offset in <see cref="Bytes"/>.</returns>
    public int Append(ReadOnlySpan<byte> text)
    {
        // The text may stand in this very batch: what it stands in is freed after it was copied.
        var outgrown = Grow(text.Length);
        text.CopyTo(bytes.AsSpan(length));
        Free(outgrown);
        var offset = length;
        length += text.Length;
        return offset;
    }

    /// <inheritdoc/>
    public void Advance(int count) => length = checked(length + count) <= bytes.Length
        ? length + count
        : throw new ArgumentOutOfRangeException(nameof(count));

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Free(Grow(Math.Max(sizeHint, 1)));
        return bytes.AsMemory(length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Free(Grow(Math.Max(sizeHint, 1)));
        return bytes.AsSpan(length);
    }

    /// <summary>Gives back bytes written last, down to <paramref name="newLength"/>.</summary>
    public void Truncate(int newLength) => length = newLength <= length ? newLength : throw new ArgumentOutOfRangeException(nameof(newLength));

    /// <summary>Adds a document whose payload was written to the batch before.</summary>
    public void AddDocument(in Document document)
    {
        Append(document);
        Whole.Enter(document.Confirmed);
    }

    /// <summary>Adds a document that became records earlier, for rows that a step makes of what it has kept of them.</summary>
    /// <returns>Its index.</returns>
    internal int AddOrigin(Document document)
    {
        document.State = RowState.Mapped;
        Append(document);
        return DocumentCount - 1;
    }

    /// <summary>Takes a document out of the flow, or says that its records have become rows.</summary>
    /// <param name="index">The document.</param>
    /// <param name="state">What became of it.</param>
    /// <param name="reason">Counted; from a small fixed set. Empty for <see cref="RowState.Mapped"/>.</param>
    /// <param name="detail">More for the person who reads the dead letter.</param>
    public void LeaveDocument(int index, RowState state, string reason, string? detail = null) =>
        Whole.LeaveDocument(index, ref Document(index), state, reason, detail);

    /// <summary>Takes a document out of the flow together with the rows that were read from it last.</summary>
    internal void RefuseDocument(int index, string reason, string detail) =>
        Whole.RefuseDocument(index, ref Document(index), reason, detail);

    /// <summary>Takes <paramref name="count"/> more leases.</summary>
    public void Retain(int count = 1) => Interlocked.Add(ref leases, count);

    /// <summary>Ends one lease; the last one returns the batch to its pool.</summary>
    public void Release()
    {
        var left = Interlocked.Decrement(ref leases);
        if (left == 0)
        {
            pool.Return(this);
        }
        else if (left < 0)
        {
            throw new InvalidOperationException("A batch was released more often than it was leased.");
        }
    }

    internal void Lease()
    {
        if (Interlocked.Exchange(ref leases, 1) != 0)
        {
            throw new InvalidOperationException("A batch was rented while it was still leased.");
        }
    }

    internal void Reset(int keepBytes)
    {
#if DEBUG
        bytes.AsSpan().Fill(Poison);
#endif
        documents.AsSpan(0, DocumentCount).Clear();
        origins.AsSpan(0, Math.Min(origins.Length, RowCount * Schema.Stride)).Fill(-1);
        length = DocumentCount = RowCount = partCount = 0;
        IsSealed = HasRemovals = IsRestored = false;
        Position = null;
        Epoch = 0;
        GiveRowsBack();
        Whole.Reset(keepBytes);
        foreach (var part in parts)
        {
            part.Reset(keepBytes);
        }

        Shrink(keepBytes);
    }

    /// <summary>Lets go of what a batch of the usual size doesn't need: else each batch of the pool would in time be as large as the largest ever.</summary>
    private void Shrink(int keepBytes)
    {
        if (bytes.Length > keepBytes)
        {
            Free(bytes);
            bytes = [];
        }

        if (origins.Length * sizeof(short) > keepBytes)
        {
            origins = [];
        }

        if (notes.Length * Unsafe.SizeOf<RowNotes>() > keepBytes)
        {
            notes = [];
        }

        if (identities.Length > keepBytes)
        {
            identities = [];
        }

        if (documents.Length * Unsafe.SizeOf<Document>() > keepBytes)
        {
            documents = new Document[FewDocuments];
        }
    }

    private void Append(in Document document)
    {
        if (DocumentCount == documents.Length)
        {
            Array.Resize(ref documents, documents.Length * 2);
        }

        documents[DocumentCount++] = document;
    }

    /// <summary>Makes room for more bytes.</summary>
    /// <returns>The memory that became too small, still to be freed.</returns>
    private byte[] Grow(int more)
    {
        if (bytes.Length - length >= more)
        {
            return [];
        }

        var outgrown = bytes;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(length + more), Math.Max(outgrown.Length * 2, 512)));
        outgrown.AsSpan(0, length).CopyTo(larger);
        bytes = larger;
        return outgrown;
    }

    private static void Free(byte[] memory)
    {
        if (memory.Length == 0)
        {
            return;
        }

#if DEBUG
        memory.AsSpan().Fill(Poison);
#endif
        ArrayPool<byte>.Shared.Return(memory);
    }

    /// <summary>A text for people: sizes, no content.</summary>
    public override string ToString() =>
        new StringBuilder().Append(DocumentCount).Append(" documents, ").Append(RowCount).Append(" rows, ").Append(length).Append(" bytes").ToString();
}
