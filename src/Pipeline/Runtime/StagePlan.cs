using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>How the workers of a segment share its records.</summary>
public enum Distribution
{
    /// <summary>There is one worker; batches pass it one at a time, in order.</summary>
    Single,

    /// <summary>Each lane has a worker: batches are worked on at the same time.</summary>
    Batches,

    /// <summary>Each worker has its share of the keys; batches pass one worker after the other, in order.</summary>
    Keys,
}

/// <summary>Neighbouring blocks that are run by the same workers.</summary>
/// <param name="Blocks">Upstream first.</param>
/// <param name="Distribution">How the workers share the records.</param>
/// <param name="Workers">How many there are.</param>
public sealed record SegmentPlan(IReadOnlyList<BlockDefinition> Blocks, Distribution Distribution, int Workers);

/// <summary>Blocks between which records need no hop: a batch stays with the lane that took it up.</summary>
/// <param name="Segments">Upstream first. A source or a sink is alone.</param>
/// <param name="Lanes">Batches worked on at the same time.</param>
public sealed record StagePlan(IReadOnlyList<SegmentPlan> Segments, int Lanes)
{
    /// <summary>All blocks, upstream first.</summary>
    public IReadOnlyList<BlockDefinition> Blocks { get; } = [.. Segments.SelectMany(s => s.Blocks)];

    internal static StagePlan Of(IReadOnlyList<BlockDefinition> blocks, int parallelism)
    {
        var segments = new List<(List<BlockDefinition> Blocks, Distribution Distribution)>();
        foreach (var block in blocks)
        {
            var scaling = block.Type.ScalingOf(block.Options);
            var distribution = block.Type.Kind != BlockKind.Transform || parallelism == 1 ? Distribution.Single : Wanted(scaling);
            if (segments.Count > 0 && (segments[^1].Distribution == distribution || scaling == Scaling.Anywhere))
            {
                segments[^1].Blocks.Add(block);
            }
            else
            {
                segments.Add(([block], distribution));
            }
        }

        return new StagePlan(
            [.. segments.Select(s => new SegmentPlan(s.Blocks, s.Distribution, s.Distribution == Distribution.Single ? 1 : parallelism))],
            segments.All(s => s.Distribution == Distribution.Single) ? 1 : parallelism);
    }

    private static Distribution Wanted(Scaling scaling) => scaling switch
    {
        Scaling.Single => Distribution.Single,
        Scaling.PerKey => Distribution.Keys,
        _ => Distribution.Batches,
    };
}
