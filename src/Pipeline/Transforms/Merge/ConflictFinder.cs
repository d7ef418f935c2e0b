using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>Finds the fields about which fresh sources disagree, and counts them.</summary>
/// <param name="schema">Names of sources and fields.</param>
/// <param name="options">What counts as heard together.</param>
/// <param name="staleness">Knows which sources are fresh.</param>
/// <param name="agreement">Knows which values agree.</param>
/// <param name="book">Where conflicts are counted.</param>
internal sealed class ConflictFinder(RecordSchema schema, MergeOptions options, Staleness staleness, FieldAgreement agreement, ConflictBook book)
{
    private readonly long within = (options.ConflictWithin ?? options.StaleAfter).Value.Ticks;
    private readonly Dictionary<(int Type, int Slot, short Winner, short Other), ConflictCount> counts = [];

    /// <summary>The fields of a record that are in conflict.</summary>
    /// <param name="record">The record, its winners chosen.</param>
    /// <param name="now">UTC ticks.</param>
    public FieldSet Find(MergedRecord record, long now)
    {
        var conflicts = default(FieldSet);
        var winners = record.Winners;
        foreach (ref readonly var winner in record.Contributions)
        {
            foreach (ref readonly var other in record.Contributions)
            {
                if (winner.Source == other.Source || !AreTogether(winner, other, now))
                {
                    continue;
                }

                foreach (var slot in winner.Present & other.Present)
                {
                    if (winners[slot] == winner.Source && !agreement.Agree(record.Type, slot, winner, other))
                    {
                        conflicts.Add(slot);
                        Count(record.Type, slot, winner.Source, other.Source);
                    }
                }
            }
        }

        return conflicts;
    }

    /// <summary>Whether both were heard lately enough, and close enough to each other, that they should say the same.</summary>
    public bool AreTogether(in Contribution a, in Contribution b, long now) =>
        !staleness.IsStale(a, now) && !staleness.IsStale(b, now) && Math.Abs(a.Received - b.Received) <= within;

    private void Count(int type, int slot, short winner, short other)
    {
        var key = (type, slot, winner, other);
        if (!counts.TryGetValue(key, out var count))
        {
            var kind = schema.Types[type];
            count = book.Of(kind.Name, kind.Fields[slot].Name, schema.Sources[winner].Name, schema.Sources[other].Name);
            if (counts.Count < ConflictBook.MaxPairs)
            {
                counts[key] = count;
            }
        }

        count.Increment();
    }
}
