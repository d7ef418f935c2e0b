using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Blocks;

/// <summary>Where payloads enter the pipeline.</summary>
public interface ISource
{
    /// <summary>True when the input ends by itself; when all sources of a pipeline have ended, so does the run.</summary>
    bool IsFinite { get; }

    /// <summary>How much of a finite input was taken in; null while or where that can't be told. Any thread may ask at any time.</summary>
    SourceProgress? Progress => null;

    /// <summary>Pulls until the input ends or <paramref name="stop"/> is signalled; then returns without throwing.</summary>
    /// <param name="output">Where payloads go.</param>
    /// <param name="stop">Signalled when the pipeline drains.</param>
    Task RunAsync(ISourceOutput output, CancellationToken stop);
}

/// <summary>How far a source is.</summary>
/// <param name="Done">Bytes of the input, as it is stored, that were read.</param>
/// <param name="Total">Bytes of the whole input.</param>
public readonly record struct SourceProgress(long Done, long Total);

/// <summary>A source's way into the pipeline. Full links make <see cref="RentAsync"/> and <see cref="EmitAsync"/> wait.</summary>
public interface ISourceOutput
{
    /// <summary>Index of this source, for <see cref="Document.Source"/>.</summary>
    short Source { get; }

    /// <summary>Leases an empty batch, waiting until one is free.</summary>
    ValueTask<Batch> RentAsync(CancellationToken cancellationToken);

    /// <summary>Hands a batch on; the caller must not touch it afterwards. Batches without documents are just released.</summary>
    ValueTask EmitAsync(Batch batch, CancellationToken cancellationToken);
}
