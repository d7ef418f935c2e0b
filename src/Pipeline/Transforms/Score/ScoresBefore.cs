using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Transforms.Score;

/// <summary>The score that a source's records have when they come to a merge.</summary>
/// <param name="Source">The source.</param>
/// <param name="Block">The block that scored them last.</param>
/// <param name="Options">How.</param>
internal sealed record ScoresBefore(string Source, string Block, ScoreOptions Options)
{
    /// <summary>All that there are: several of one source when its records come on several ways. What another merge has put together is complete already.</summary>
    public static IReadOnlyList<ScoresBefore> Of(PipelineOptions pipeline, string merge)
    {
        var found = new List<ScoresBefore>();
        var seen = new HashSet<(string Block, string? Score)>();
        Visit(merge, null);
        return found;

        void Visit(string block, string? score)
        {
            if (!seen.Add((block, score)))
            {
                return;
            }

            if (pipeline.Sources.ContainsKey(block) && score is not null)
            {
                found.Add(new ScoresBefore(block, score, (ScoreOptions)pipeline.Transforms[score]));
            }

            if (!pipeline.Transforms.TryGetValue(block, out var transform) || (transform is MergeOptions && block != merge))
            {
                return;
            }

            foreach (var from in transform.From)
            {
                Visit(from, score ?? (transform is ScoreOptions ? block : null));
            }
        }
    }
}
