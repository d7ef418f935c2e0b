using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>How the workers of a stage share its records.</summary>
public enum Distribution
{
    /// <summary>There is one worker.</summary>
    Single,

    /// <summary>Any worker takes any batch; batches leave in the order they came.</summary>
    Batches,

    /// <summary>Each worker takes its keys' records of every batch; batches leave whole and in the order they came.</summary>
    Keys,
}

/// <summary>Blocks that share a Dataflow block and its workers.</summary>
/// <param name="Blocks">Upstream first. A source or a sink is alone.</param>
/// <param name="Distribution">How the workers share the records.</param>
/// <param name="Workers">How many there are.</param>
public sealed record StagePlan(IReadOnlyList<BlockDefinition> Blocks, Distribution Distribution, int Workers)
{
    internal static StagePlan Of(IReadOnlyList<BlockDefinition> blocks, int parallelism)
    {
        var distribution = blocks[0].Type.Kind != BlockKind.Transform || parallelism == 1 || blocks.Any(b => b.Type.Scaling == Scaling.Single)
            ? Distribution.Single
            : blocks.Any(b => b.Type.Scaling == Scaling.PerKey) ? Distribution.Keys : Distribution.Batches;
        return new StagePlan(blocks, distribution, distribution == Distribution.Single ? 1 : parallelism);
    }

    /// <summary>Whether a block may be run behind these by the same workers, so that its records need no hop of their own.</summary>
    internal static bool CanFollow(IReadOnlyList<BlockDefinition> blocks, BlockDefinition next) => next.Type.Scaling switch
    {
        Scaling.Anywhere => true,

        // Records are exchanged by key once, when they have their keys.
        Scaling.MakesKeys => blocks.All(b => b.Type.Scaling is Scaling.MakesKeys or Scaling.Anywhere),
        Scaling.PerKey => blocks.All(b => b.Type.Scaling is Scaling.PerKey or Scaling.Anywhere) || blocks.All(IsSingle),
        _ => blocks.All(IsSingle),
    };

    private static bool IsSingle(BlockDefinition block) => block.Type.Scaling is Scaling.Single or Scaling.Anywhere;
}
