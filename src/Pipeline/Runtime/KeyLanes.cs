using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// Each worker has its share of the keys and works on their rows in every batch. All workers see all batches in order, so a batch that
/// the last of them has left can't be overtaken by a later one.
/// </summary>
internal sealed class KeyLanes : Lanes
{
    /// <summary>Batches under way: workers may be this far apart when one batch holds more of one's keys.</summary>
    private const int InFlight = 3;

    public KeyLanes(IReadOnlyList<Worker> workers, FanOut readers, Work work, Func<Exception, Task> breakAsync)
        : base(workers, readers, InFlight, work, breakAsync)
    {
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask TakeAsync(Batch batch)
    {
        await Room.WaitAsync().ConfigureAwait(false);
        batch.Split(Workers.Count);
        for (var lane = 0; lane < Workers.Count; lane++)
        {
            Post(lane, new Item(batch, 0));
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    protected override async ValueTask<Worker.Failure?> WorkAsync(int lane, Item item)
    {
        var batch = item.Batch;
        var encode = Readers.HasSinks;
        var failure = await RunAsync(lane, batch.PartOf(lane), encode).ConfigureAwait(false);
        if (batch.LeavePart())
        {
            if (encode)
            {
                batch.SealParts();
            }

            await HandOnAsync(batch).ConfigureAwait(false);
        }

        return failure;
    }
}
