using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Transforms.Deduplicate;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>Sees which sources say something new, and which only answer while others change what they say too.</summary>
internal sealed class MovementWatch
{
    private readonly Standstill?[] sources;
    private readonly SourceMoves[] batch;
    private readonly FieldSet[] volatiles;
    private readonly FieldAgreement agreement;

    /// <param name="schema">Record types and sources.</param>
    /// <param name="sources">By source, who is told; null for one that is not watched.</param>
    public MovementWatch(RecordSchema schema, Standstill?[] sources)
    {
        (this.sources, agreement) = (sources, new FieldAgreement(schema));
        batch = new SourceMoves[sources.Length];
        volatiles = [.. schema.Types.Select(ContentHash.Volatiles)];
    }

    /// <summary>The sources of a pipeline that want to be watched; null for none, as where time is that of the records: what is played again stands still by itself.</summary>
    public static MovementWatch? Of(PipelineOptions pipeline, RecordSchema schema, SourceHealth health)
    {
        Standstill?[] sources = [.. schema.Sources.Select(s => pipeline.Sources.GetValueOrDefault(s.Name) is IMayFreeze { FrozenAfter: { } after } ? health.Watch(s.Name, after.Value) : null)];
        return pipeline.Clock == "event" || Array.TrueForAll(sources, s => s is null) ? null : new MovementWatch(schema, sources);
    }

    /// <summary>A source was heard that says nothing new.</summary>
    public void Heard(Row row) => batch[row.Head.Source].Hear(row.Head.ReceivedTime);

    /// <summary>What a source says has changed.</summary>
    /// <param name="row">The row that says so.</param>
    /// <param name="different">The slots in which it differs from what the source said before.</param>
    public void Changed(Row row, FieldSet different)
    {
        Heard(row);
        if (!(different - volatiles[row.Head.Type]).IsEmpty)
        {
            batch[row.Head.Source].Move();
        }
    }

    /// <summary>What one of several sources says of a key has changed.</summary>
    /// <param name="row">The row that says so.</param>
    /// <param name="former">What its source said before.</param>
    /// <param name="record">What all say by now.</param>
    public void Changed(Row row, in Contribution former, MergedRecord record)
    {
        var different = former.Differences(row);
        Changed(row, different);

        // First words are no change: they may have differed for ever.
        different &= former.Present;
        ref readonly var own = ref record[record.IndexOf(row.Head.Source)];
        foreach (ref readonly var other in record.Contributions)
        {
            if (other.Source != own.Source && sources[other.Source] is not null && Differ(record.Type, own, other, different))
            {
                batch[other.Source].Overtake(row.Head.ReceivedTime);
            }
        }
    }

    /// <summary>A source says that something is gone.</summary>
    public void Removed(Row row)
    {
        Heard(row);
        batch[row.Head.Source].Move();
    }

    /// <summary>The batch is over.</summary>
    public void Flush()
    {
        for (var source = 0; source < batch.Length; source++)
        {
            ref var moves = ref batch[source];
            if (moves.Heard > 0 || moves.Overtaken > 0)
            {
                sources[source]?.Tell(moves);
                moves = default;
            }
        }
    }

    private bool Differ(int type, in Contribution own, in Contribution other, FieldSet different)
    {
        foreach (var slot in (different & own.Present & other.Present) - volatiles[type])
        {
            if (!agreement.Agree(type, slot, own, other))
            {
                return true;
            }
        }

        return false;
    }
}
