using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>Which of two contributions is believed first.</summary>
/// <param name="schema">Knows the sources' priorities.</param>
/// <param name="prefer">What decides, in order: priority, quality, freshness, agreement.</param>
/// <param name="staleness">Knows which contributions come last.</param>
/// <param name="agreement">Knows which values agree.</param>
/// <param name="completion">Completes scores; null when they are complete.</param>
internal sealed class Preference(RecordSchema schema, IReadOnlyList<string> prefer, Staleness staleness, FieldAgreement agreement, ScoreCompletion? completion = null)
{
    private readonly Criterion[] criteria = [.. prefer.Select(p => Enum.Parse<Criterion>(p, ignoreCase: true))];
    private readonly int[] priorities = [.. schema.Sources.Select(s => s.Priority)];

    /// <summary>Whether it is different from field to field.</summary>
    public bool AsksValues => criteria.Contains(Criterion.Agreement);

    /// <summary>Puts the contribution to believe first in front. Most records have two or three.</summary>
    /// <param name="record">The record.</param>
    /// <param name="slot">The field that it is about; -1 for all those that don't ask for values.</param>
    /// <param name="now">UTC ticks.</param>
    public void Sort(MergedRecord record, int slot, long now)
    {
        for (var i = 1; i < record.Count; i++)
        {
            for (var j = i; j > 0 && Compare(record, record[j], record[j - 1], slot, now, out _) < 0; j--)
            {
                (record[j], record[j - 1]) = (record[j - 1], record[j]);
            }
        }
    }

    /// <summary>Less than 0 when the first is believed before the second.</summary>
    public int Compare(MergedRecord record, in Contribution a, in Contribution b, int slot, long now, out Criterion decider)
    {
        decider = Criterion.Staleness;
        var order = staleness.IsStale(a, now).CompareTo(staleness.IsStale(b, now));
        for (var i = 0; order == 0 && i < criteria.Length; i++)
        {
            decider = criteria[i];
            order = decider switch
            {
                Criterion.Priority => priorities[a.Source].CompareTo(priorities[b.Source]),
                Criterion.Quality => completion is null ? b.Score.CompareTo(a.Score) : completion.Of(b).CompareTo(completion.Of(a)),
                Criterion.Freshness => b.EventTime.CompareTo(a.EventTime),
                _ => Support(record, b, slot, now).CompareTo(Support(record, a, slot, now)),
            };
        }

        if (order != 0)
        {
            return order;
        }

        decider = Criterion.Order;
        return a.Source.CompareTo(b.Source);
    }

    /// <summary>How many fresh sources give a contribution's value.</summary>
    private int Support(MergedRecord record, in Contribution of, int slot, long now)
    {
        var count = 0;
        if (of.Present.Has(slot))
        {
            foreach (ref readonly var other in record.Contributions)
            {
                count += other.Present.Has(slot) && !staleness.IsStale(other, now) && agreement.Agree(record.Type, slot, of, other) ? 1 : 0;
            }
        }

        return count;
    }
}
