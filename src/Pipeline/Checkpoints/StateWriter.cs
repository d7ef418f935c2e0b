using System.Buffers;

namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>One block's part of a checkpoint, or that of one of its shards: named fields of bytes.</summary>
/// <remarks>
/// A step writes all it needs with <see cref="Write"/> or <see cref="Begin"/> and has to know nothing else. One whose state is large may write
/// what has changed since <see cref="LastComplete"/> with <see cref="BeginChanges"/>.
/// </remarks>
public sealed class StateWriter
{
    private readonly List<StateField> fields = [];

    /// <summary>The number of the checkpoint; 0 when it is none, as when state is handed on within the process.</summary>
    public long Number { get; init; }

    /// <summary>
    /// The number of the last checkpoint before that is complete and was made in this run; 0 for none. What was written to later ones was not
    /// kept, so it has to be written again.
    /// </summary>
    public long LastComplete { get; init; }

    /// <summary>The fields written so far.</summary>
    public IReadOnlyList<StateField> Fields => fields;

    /// <summary>Begins a field; what is written to the result until the next one begins is its content.</summary>
    /// <param name="name">Its name, unique within the block; lower case, such as <c>keys</c>.</param>
    /// <param name="version">Version of the field's format, from 1.</param>
    public IBufferWriter<byte> Begin(string name, int version) => Add(name, version, 0);

    /// <summary>
    /// Begins a field of which this checkpoint holds only what has changed since <see cref="LastComplete"/>; what the ones before hold of it is
    /// given back with it, as <see cref="StateSection.Earlier"/>.
    /// </summary>
    /// <param name="name">Its name, unique within the block; lower case, such as <c>keys</c>.</param>
    /// <param name="version">Version of the field's format, from 1.</param>
    /// <param name="from">Number of the first checkpoint whose part of the field is needed: <see cref="Number"/> when all is written, so that no earlier one is. It never goes back.</param>
    public IBufferWriter<byte> BeginChanges(string name, int version, long from)
    {
        if (from < 1 || from > Number || (from < Number && LastComplete < from))
        {
            throw new ArgumentOutOfRangeException(nameof(from), $"Checkpoint {Number} can't need {from} for field '{name}': the last complete one is {LastComplete}.");
        }

        return Add(name, version, from);
    }

    /// <summary>Writes a field at once.</summary>
    public void Write(string name, int version, ReadOnlySpan<byte> content) => Begin(name, version).Write(content);

    /// <summary>Takes back what was written.</summary>
    public void Clear()
    {
        foreach (var field in fields)
        {
            field.Content.Dispose();
        }

        fields.Clear();
    }

    private StateBuffer Add(string name, int version, long from)
    {
        if (fields.Any(f => f.Name == name))
        {
            throw new InvalidOperationException($"State field '{name}' is written twice.");
        }

        var content = new StateBuffer();
        fields.Add(new StateField(name, version, content) { From = from });
        return content;
    }
}

/// <summary>A named part of a block's state.</summary>
/// <param name="Name">Unique within the block.</param>
/// <param name="Version">Version of the format, from 1.</param>
/// <param name="Content">The bytes.</param>
public sealed record StateField(string Name, int Version, StateBuffer Content)
{
    /// <summary>Number of the first checkpoint that holds a part of it; 0 when this one holds all, and the next ones will.</summary>
    public long From { get; init; }
}

/// <summary>Bytes in pieces of rented memory: it grows without copying, and large states leave no garbage.</summary>
public sealed class StateBuffer : IBufferWriter<byte>, IDisposable
{
    private const int SmallestPiece = 256;
    private const int LargestPiece = 1 << 20;

    private readonly List<ArraySegment<byte>> full = [];
    private byte[] piece = [];
    private int used;

    /// <summary>How many bytes were written.</summary>
    public long Length { get; private set; }

    /// <summary>The bytes, piece by piece.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Pieces => full.Select(p => (ReadOnlyMemory<byte>)p).Append(piece.AsMemory(0, used));

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, piece.Length - used);
        used += count;
        Length += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return piece.AsMemory(used);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return piece.AsSpan(used);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var segment in full)
        {
            ArrayPool<byte>.Shared.Return(segment.Array!);
        }

        if (piece.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(piece);
        }

        full.Clear();
        (piece, used, Length) = ([], 0, 0);
    }

    private void Reserve(int sizeHint)
    {
        if (piece.Length - used >= Math.Max(sizeHint, 1))
        {
            return;
        }

        if (piece.Length > 0)
        {
            full.Add(new ArraySegment<byte>(piece, 0, used));
        }

        piece = ArrayPool<byte>.Shared.Rent(Math.Max(sizeHint, Math.Clamp(piece.Length * 2, SmallestPiece, LargestPiece)));
        used = 0;
    }
}
