using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Host.Running;

/// <summary>The pipeline as one block.</summary>
/// <param name="In">Payloads that the sources took in.</param>
/// <param name="InRate">The same per second, over the last seconds.</param>
/// <param name="Out">Records handed to the sinks, each counted once.</param>
/// <param name="OutRate">The same per second, over the last seconds.</param>
/// <param name="Filtered">Records taken out by a rule.</param>
/// <param name="DeadLettered">Records in the dead letter.</param>
internal sealed record Totals(long In, double InRate, long Out, double OutRate, long Filtered, long DeadLettered)
{
    public static Totals Of(PipelineStatus status)
    {
        var sources = status.Blocks.Where(b => b.Kind == "source").ToList();
        var sinks = status.Blocks.Where(b => b.Kind == "sink").Select(b => b.Name).ToHashSet(StringComparer.Ordinal);
        var last = status.Links.Where(l => sinks.Contains(l.To)).Select(l => l.From).ToHashSet(StringComparer.Ordinal);
        var ends = status.Blocks.Where(b => last.Contains(b.Name)).ToList();
        return new Totals(
            sources.Sum(b => b.Out),
            sources.Sum(b => b.Rate),
            ends.Sum(b => b.Out),
            ends.Sum(b => b.Rate),
            status.Blocks.Sum(b => b.Filtered.Values.Sum()),
            status.Blocks.Sum(b => b.DeadLettered.Values.Sum()));
    }
}
