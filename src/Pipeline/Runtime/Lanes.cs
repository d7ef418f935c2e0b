using System.Runtime.CompilerServices;
using System.Threading.Tasks.Dataflow;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>Runs the steps of a stage on what a worker is given.</summary>
internal delegate Worker.Failure? Work(Worker worker, Part part);

/// <summary>
/// The workers of a stage side by side, a Dataflow block each. Batches leave in the order they came, whoever worked on them.
/// </summary>
internal abstract class Lanes
{
    private readonly Work work;
    private readonly Func<Exception, Task> breakAsync;
    private readonly ActionBlock<Item>[] blocks;
    private volatile bool broken;

    /// <param name="workers">One per lane.</param>
    /// <param name="readers">Who gets the batches.</param>
    /// <param name="maxInFlight">Most batches between entrance and exit.</param>
    /// <param name="work">What a worker does.</param>
    /// <param name="breakAsync">Told of a failure of the shell.</param>
    protected Lanes(IReadOnlyList<Worker> workers, FanOut readers, int maxInFlight, Work work, Func<Exception, Task> breakAsync)
    {
        this.work = work;
        this.breakAsync = breakAsync;
        Workers = workers;
        Readers = readers;
        Room = new SemaphoreSlim(maxInFlight, maxInFlight);

        // A lane may hold all that is in flight, and the item whose place was given back just now.
        blocks = [.. workers.Select((_, lane) => BlockFactory.Action<Item>(maxInFlight + 1, item => HandleAsync(lane, item)))];
    }

    protected IReadOnlyList<Worker> Workers { get; }

    protected FanOut Readers { get; }

    /// <summary>Free places between entrance and exit.</summary>
    protected SemaphoreSlim Room { get; }

    /// <summary>Gives a batch to one worker or to all, waiting while too many are under way. Calls never overlap.</summary>
    public abstract ValueTask TakeAsync(Batch batch);

    /// <summary>Waits until everything taken has been handed on.</summary>
    public async Task CompleteAsync()
    {
        foreach (var block in blocks)
        {
            block.Complete();
        }

        await Task.WhenAll(blocks.Select(b => b.Completion)).ConfigureAwait(false);
        Room.Dispose();
    }

    /// <summary>Puts something into a lane; there is always room, since fewer are in flight than a lane may hold.</summary>
    protected void Post(int lane, in Item item)
    {
        if (!blocks[lane].Post(item))
        {
            throw new InvalidOperationException("A lane got a batch after its stage had ended.");
        }
    }

    /// <summary>Works on an item and hands the batch on when it is this one's turn to do so.</summary>
    /// <returns>Why the worker needs fresh steps, or null.</returns>
    protected abstract ValueTask<Worker.Failure?> WorkAsync(int lane, Item item);

    /// <summary>Has a worker run its steps, and encodes what comes out where that is wanted.</summary>
    /// <returns>Why the worker needs fresh steps, or null.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    protected async ValueTask<Worker.Failure?> RunAsync(int lane, Part part, bool encode)
    {
        try
        {
            var failure = work(Workers[lane], part);
            if (encode)
            {
                part.Encode();
            }

            return failure;
        }
#pragma warning disable CA1031 // Whatever fails here, the batch must still find its way out: others wait for its turn.
        catch (Exception e)
        {
            await BreakAsync(e).ConfigureAwait(false);
            return null;
        }
#pragma warning restore CA1031
    }

    /// <summary>Gives a batch to the readers and its place to the next; null when its records have all left.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    protected async ValueTask HandOnAsync(Batch? batch)
    {
        try
        {
            if (broken)
            {
                batch?.Release();
            }
            else if (batch is not null)
            {
                await Readers.SendAsync(batch).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // Whatever fails here must not keep the batches behind it from leaving.
        catch (Exception e)
        {
            await BreakAsync(e).ConfigureAwait(false);
        }
#pragma warning restore CA1031

        Room.Release();
    }

    private Task BreakAsync(Exception exception)
    {
        broken = true;
        return breakAsync(exception);
    }

    private async Task HandleAsync(int lane, Item item)
    {
        if (await WorkAsync(lane, item).ConfigureAwait(false) is { } failure)
        {
            await Workers[lane].RestartAsync(failure).ConfigureAwait(false);
        }
    }

    /// <summary>A batch on its way through a lane.</summary>
    /// <param name="Batch">The batch.</param>
    /// <param name="Ticket">Its place in the order of arrival.</param>
    protected readonly record struct Item(Batch Batch, long Ticket);
}
