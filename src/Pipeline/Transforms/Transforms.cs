using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Transforms.Deduplicate;
using StreamEngine.Pipeline.Transforms.Filter;
using StreamEngine.Pipeline.Transforms.Identify;
using StreamEngine.Pipeline.Transforms.Merge;
using StreamEngine.Pipeline.Transforms.Normalize;
using StreamEngine.Pipeline.Transforms.Score;

namespace StreamEngine.Pipeline.Transforms;

/// <summary>The engine's own transforms.</summary>
public static class Transforms
{
    /// <summary>All of them, in the order a record usually meets them.</summary>
    public static IReadOnlyList<BlockType> All { get; } =
    [
        NormalizeStep.BlockType,
        IdentifyStep.BlockType,
        DeduplicateStep.BlockType,
        ScoreStep.BlockType,
        MergeStep.BlockType,
        FilterStep.BlockType,
    ];
}
