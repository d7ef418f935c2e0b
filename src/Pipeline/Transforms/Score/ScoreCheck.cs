using System.Globalization;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Transforms.Score;

/// <summary>What the options of a score alone can't say.</summary>
internal static class ScoreCheck
{
    public static void Check(ScoreOptions options, BlockCheck check)
    {
        var weights = options.Weights;
        if (weights.Known == 0 && !weights.NeedsMerge)
        {
            check.Error("weights", "all weights are 0; at least one part of the score must count");
        }

        if (options.FlagBelow > 0 && options.FlagBelow <= options.DeadLetterBelow)
        {
            check.Error("flagBelow", string.Create(CultureInfo.InvariantCulture, $"what scores less than {options.FlagBelow} goes to the dead letter already; make it greater than deadLetterBelow ({options.DeadLetterBelow}), or remove it"));
        }

        if (weights.Timeliness > 0 && check.Pipeline.Clock == "event")
        {
            check.Warning("weights.timeliness", "with \"clock\": \"event\" every record counts as received at its event time, so this part is always 1; remove it");
        }

        if (weights.NeedsMerge && !check.Pipeline.Transforms.Any(t => t.Value is MergeOptions && ScoresBefore.Of(check.Pipeline, t.Key).Any(s => s.Block == check.Name)))
        {
            check.Error(weights.Agreement > 0 ? "weights.agreement" : "weights.consistency", "only a merge knows what all sources have said of a key; put one behind this block, with no other score between, or set it to 0");
        }
    }
}
