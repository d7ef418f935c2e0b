using System.Collections.Concurrent;
using System.Text;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Sources.Tests;

/// <summary>A document as it left the source, copied out of its batch.</summary>
internal sealed record Emitted(int Batch, string Text, Document Document);

/// <summary>A pipeline of nothing: keeps what a source emits and gives the batches back.</summary>
internal sealed class TestOutput : ISourceOutput, IDisposable
{
    private readonly BatchPool pool = new(new RecordSchema([], [new SourceInfo("other", 0, 1, 1), new SourceInfo("tested", 1, 1, 1)]), 2);
    private readonly ConcurrentQueue<Emitted> emitted = new();
    private readonly ConcurrentQueue<SourcePosition?> positions = new();
    private int batches;

    public short Source => 1;

    public IReadOnlyList<Emitted> Documents => [.. emitted];

    public IEnumerable<string> Texts => Documents.Select(d => d.Text);

    /// <summary>Where the source stood behind each batch.</summary>
    public IReadOnlyList<SourcePosition?> Positions => [.. positions];

    public int Leased => pool.Leased;

    public int Batches => batches;

    /// <summary>Called before a batch is taken; a task that isn't done is backpressure.</summary>
    public Func<Task> BeforeEmit { get; set; } = () => Task.CompletedTask;

    public ValueTask<Batch> RentAsync(CancellationToken cancellationToken) => pool.RentAsync(cancellationToken);

    public async ValueTask EmitAsync(Batch batch, CancellationToken cancellationToken)
    {
        try
        {
            await BeforeEmit().WaitAsync(cancellationToken);
            for (var i = 0; i < batch.DocumentCount; i++)
            {
                emitted.Enqueue(new Emitted(batches, Encoding.UTF8.GetString(batch.Payload(i)), batch.Document(i)));
            }

            positions.Enqueue(batch.Position);
            Interlocked.Increment(ref batches);
        }
        finally
        {
            batch.Release();
        }
    }

    /// <summary>Waits until so many documents have come.</summary>
    public Task<IReadOnlyList<Emitted>> WaitForAsync(int count) => WaitForAsync(documents => documents.Count >= count);

    public async Task<IReadOnlyList<Emitted>> WaitForAsync(Func<IReadOnlyList<Emitted>, bool> enough)
    {
        await Eventually.TrueAsync(() => enough(Documents), () => $"{Documents.Count} documents came: {string.Join(" | ", Texts.Take(10))}");
        return Documents;
    }

    public void Dispose() => pool.Dispose();
}

internal static class Eventually
{
    public static async Task TrueAsync(Func<bool> condition, Func<string>? otherwise = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, "not within 30 s. " + otherwise?.Invoke());
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
