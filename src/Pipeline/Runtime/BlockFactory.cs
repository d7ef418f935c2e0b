using System.Threading.Tasks.Dataflow;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>The only place where Dataflow blocks are made, so that none is unbounded.</summary>
internal static class BlockFactory
{
    /// <summary>A block that handles one item after the other.</summary>
    /// <param name="capacity">Most items waiting or being handled.</param>
    /// <param name="handle">Must not throw: an exception would purge the block's queue.</param>
    public static ActionBlock<T> Action<T>(int capacity, Func<T, Task> handle)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
#pragma warning disable RS0030 // This is the factory that the ban points to.
        return new ActionBlock<T>(handle, new ExecutionDataflowBlockOptions
        {
            BoundedCapacity = capacity,
            MaxDegreeOfParallelism = 1,
            EnsureOrdered = false,
        });
#pragma warning restore RS0030
    }
}
