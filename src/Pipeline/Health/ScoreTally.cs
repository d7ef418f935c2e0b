using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Health;

/// <summary>Adds up the scores of a batch by source, so that the averages that others read are touched once.</summary>
/// <param name="schema">The sources.</param>
/// <param name="scores">Where the averages are.</param>
/// <param name="part">What is averaged.</param>
internal sealed class ScoreTally(RecordSchema schema, SourceScores scores, ScorePart part)
{
    private readonly ScoreAverage[] averages = [.. schema.Sources.Select(s => scores.Average(s.Name, part))];
    private readonly (int Records, double Sum)[] batch = new (int, double)[schema.Sources.Count];

    public void Add(short source, double score)
    {
        ref var sum = ref batch[source];
        sum = (sum.Records + 1, sum.Sum + score);
    }

    /// <summary>The batch is over.</summary>
    public void Flush()
    {
        for (var source = 0; source < batch.Length; source++)
        {
            if (batch[source].Records > 0)
            {
                averages[source].Add(batch[source].Records, batch[source].Sum);
                batch[source] = default;
            }
        }
    }
}
