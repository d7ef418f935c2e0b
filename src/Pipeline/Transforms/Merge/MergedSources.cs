using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>Which sources merges hear.</summary>
public static class MergedSources
{
    /// <summary>Whether a merge hears a source together with others, so that they can be compared.</summary>
    public static bool Compare(PipelineOptions pipeline, string source)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        return pipeline.Transforms.Where(t => t.Value is MergeOptions).Select(t => Of(pipeline, t.Key)).Any(heard => heard.Contains(source) && heard.Count > 1);
    }

    private static HashSet<string> Of(PipelineOptions pipeline, string merge)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        Visit(merge);
        seen.IntersectWith(pipeline.Sources.Keys);
        return seen;

        void Visit(string block)
        {
            if (seen.Add(block) && pipeline.Transforms.TryGetValue(block, out var transform))
            {
                foreach (var from in transform.From)
                {
                    Visit(from);
                }
            }
        }
    }
}
