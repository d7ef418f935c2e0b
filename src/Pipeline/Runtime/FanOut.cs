using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// Hands each batch to every reader and loses none: transforms get batches of their own to edit, sinks share one sealed
/// batch by counted leases. It waits for the slowest reader, which is how backpressure reaches the source.
/// </summary>
/// <param name="pool">Where copies come from.</param>
/// <param name="tap">Shown what leaves here, in order.</param>
internal sealed class FanOut(BatchPool pool, Tap tap)
{
    private readonly List<Stage> transforms = [];
    private readonly List<Stage> sinks = [];

    /// <summary>Whether records have to be encoded for those who read here.</summary>
    public bool HasSinks => sinks.Count > 0;

    public bool HasReaders => transforms.Count + sinks.Count > 0;

    /// <summary>Whether somebody wants to be told what the pipeline knew before it was restarted.</summary>
    public bool TakesRestored => transforms.Concat(sinks).Any(r => r.TakesRestored);

    /// <summary>Waits for an empty batch.</summary>
    public ValueTask<Batch> RentAsync(CancellationToken cancellationToken) => pool.RentAsync(cancellationToken);

    public void Add(Stage reader)
    {
        (reader.IsSink ? sinks : transforms).Add(reader);
        reader.AddInput();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendAsync(Batch batch)
    {
        if (batch.IsRestored)
        {
            await SendRestoredAsync(batch).ConfigureAwait(false);
            return;
        }

        tap.Show(batch.Whole);
        if (batch.IsSpent || !HasReaders)
        {
            batch.Release();
            return;
        }

        // The last transform may have the original when no sink reads it; copies are made before anyone can edit it.
        var copies = sinks.Count > 0 ? transforms.Count : transforms.Count - 1;
        for (var i = 0; i < copies; i++)
        {
            var copy = pool.RentCopy();
            batch.CopyTo(copy);
            await transforms[i].SendAsync(copy).ConfigureAwait(false);
        }

        if (sinks.Count == 0)
        {
            await transforms[^1].SendAsync(batch).ConfigureAwait(false);
            return;
        }

        batch.Seal();
        batch.Retain(sinks.Count - 1);
        foreach (var sink in sinks)
        {
            await sink.SendAsync(batch).ConfigureAwait(false);
        }
    }

    /// <summary>Hands on what is told again to those who want it.</summary>
    private async ValueTask SendRestoredAsync(Batch batch)
    {
        if (!batch.IsSpent)
        {
            foreach (var reader in transforms.Where(r => r.TakesRestored))
            {
                var copy = pool.RentCopy();
                batch.CopyTo(copy);
                await reader.SendAsync(copy).ConfigureAwait(false);
            }

            batch.Seal();
            foreach (var reader in sinks.Where(r => r.TakesRestored))
            {
                batch.Retain();
                await reader.SendAsync(batch).ConfigureAwait(false);
            }
        }

        batch.Release();
    }

    /// <summary>Brings a barrier to all readers, then waits until each of them has it from all its senders: two that waited one after the other could wait for each other.</summary>
    public Task PassAsync(CheckpointBarrier barrier) => Task.WhenAll(transforms.Concat(sinks).Select(r => r.ArriveAsync(barrier)));

    public void End()
    {
        foreach (var reader in transforms.Concat(sinks))
        {
            reader.InputEnded();
        }
    }
}
