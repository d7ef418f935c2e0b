using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Benchmarks;

/// <summary>Takes records and forgets them; they were encoded before, as for any sink.</summary>
internal sealed class NullSink : ISink
{
    public static BlockType BlockType { get; } = BlockType.Sink<NullSinkOptions>("none", "Keeps nothing.", (_, _) => new NullSink());

    public ValueTask WriteAsync(Batch batch, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Takes records and forgets them.</summary>
internal sealed record NullSinkOptions : SinkOptions;
