using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>Which of two contributions is believed first.</summary>
/// <param name="schema">Knows the sources' priorities.</param>
/// <param name="prefer">What decides, in order: priority, quality, freshness.</param>
/// <param name="staleAfter">Age from which a contribution comes last.</param>
internal sealed class Preference(RecordSchema schema, IReadOnlyList<string> prefer, TimeSpan staleAfter)
{
    private readonly string[] criteria = [.. prefer];
    private readonly int[] priorities = [.. schema.Sources.Select(s => s.Priority)];

    /// <summary>Puts the contribution to believe first in front. Most records have two or three.</summary>
    public void Sort(MergedRecord record, long now)
    {
        for (var i = 1; i < record.Count; i++)
        {
            for (var j = i; j > 0 && IsBetter(record[j], record[j - 1], now); j--)
            {
                (record[j], record[j - 1]) = (record[j - 1], record[j]);
            }
        }
    }

    private bool IsBetter(in Contribution a, in Contribution b, long now)
    {
        var order = IsStale(a, now).CompareTo(IsStale(b, now));
        for (var i = 0; order == 0 && i < criteria.Length; i++)
        {
            order = criteria[i] switch
            {
                "priority" => priorities[a.Source].CompareTo(priorities[b.Source]),
                "quality" => b.Score.CompareTo(a.Score),
                _ => b.EventTime.CompareTo(a.EventTime),
            };
        }

        return order != 0 ? order < 0 : a.Source < b.Source;
    }

    private bool IsStale(in Contribution contribution, long now) => now - contribution.Received > staleAfter.Ticks;
}
