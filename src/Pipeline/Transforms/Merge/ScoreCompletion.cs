using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Transforms.Score;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>Completes scores by the parts that only show where all is held that sources say of a key: agreement and consistency.</summary>
internal sealed class ScoreCompletion
{
    private readonly Weights[] weights;
    private readonly bool compares;
    private readonly FieldSet[] compared;
    private readonly FieldAgreement agreement;
    private readonly ConflictFinder conflicts;
    private readonly ScoreTally qualities;
    private readonly ScoreTally agreements;
    private readonly ScoreTally consistencies;

    private ScoreCompletion(RecordSchema schema, IReadOnlyList<ScoresBefore> scores, FieldAgreement agreement, ConflictFinder conflicts, SourceScores told)
    {
        weights = new Weights[schema.Sources.Count];
        foreach (var score in scores)
        {
            var of = score.Options.Weights;
            weights[schema.Source(score.Source)!.Index] = new Weights(of.Known, of.Consistency, of.Agreement, score.Options.FlagBelow);
        }

        compares = weights.Any(w => w.Agreement > 0);

        // What changes without being news differs from source to source.
        compared = [.. schema.Types.Select(t => FieldSet.First(t.Fields.Count) - Deduplicate.ContentHash.Volatiles(t))];
        (this.agreement, this.conflicts) = (agreement, conflicts);
        qualities = new ScoreTally(schema, told, ScorePart.Quality);
        agreements = new ScoreTally(schema, told, ScorePart.Agreement);
        consistencies = new ScoreTally(schema, told, ScorePart.Consistency);
    }

    /// <summary>What the scores that come to a merge want; null when they are complete.</summary>
    /// <param name="schema">Record types and sources.</param>
    /// <param name="scores">The scores that come.</param>
    /// <param name="agreement">Knows which values agree.</param>
    /// <param name="conflicts">Knows which sources should say the same.</param>
    /// <param name="told">Told how good what each source says is.</param>
    public static ScoreCompletion? Of(RecordSchema schema, IReadOnlyList<ScoresBefore> scores, FieldAgreement agreement, ConflictFinder conflicts, SourceScores told) =>
        scores.Any(s => s.Options.Weights.NeedsMerge) ? new ScoreCompletion(schema, scores, agreement, conflicts, told) : null;

    /// <summary>Whether the source's scores are completed.</summary>
    public bool Completes(short source) => weights[source].Consistency + weights[source].Agreement > 0;

    /// <summary>Compares what the sources say of a key, as of now.</summary>
    public void Compare(MergedRecord record, long now)
    {
        if (!compares)
        {
            return;
        }

        foreach (ref readonly var one in record.Contributions)
        {
            var (all, same) = (0, 0);
            foreach (ref readonly var other in record.Contributions)
            {
                if (one.Source == other.Source || !conflicts.AreTogether(one, other, now))
                {
                    continue;
                }

                foreach (var slot in one.Present & other.Present & compared[record.Type])
                {
                    all++;
                    same += agreement.Agree(record.Type, slot, one, other) ? 1 : 0;
                }
            }

            one.Compared(same, all);
        }
    }

    /// <summary>The whole score of what a source said last.</summary>
    public double Of(in Contribution said) => Of(said.Score, said);

    /// <summary>What lowers it.</summary>
    public QualityMarks Marks(in Contribution said)
    {
        if (!said.IsScored || !Completes(said.Source))
        {
            return said.Marks;
        }

        ref readonly var of = ref weights[said.Source];
        return (said.Marks & ~QualityMarks.LowScore)
            | (of.Agreement > 0 && said.Agreement < 1 ? QualityMarks.Disputed : 0)
            | (of.Consistency > 0 && said.Consistency < 1 ? QualityMarks.Inconsistent : 0)
            | (Of(said) < of.FlagBelow ? QualityMarks.LowScore : 0);
    }

    /// <summary>Counts an update for its source.</summary>
    /// <param name="score">Its score as it came.</param>
    /// <param name="said">What its source has said last of the key.</param>
    /// <param name="holds">Whether it was neither refused nor takes a count back.</param>
    public void Count(float score, in Contribution said, bool holds)
    {
        ref readonly var of = ref weights[said.Source];
        if (!said.IsScored || !Completes(said.Source))
        {
            return;
        }

        qualities.Add(said.Source, Of(score, said));
        if (of.Consistency > 0)
        {
            consistencies.Add(said.Source, holds ? 1 : 0);
        }

        if (of.Agreement > 0 && said.Agreement is { } agreed)
        {
            agreements.Add(said.Source, agreed);
        }
    }

    /// <summary>The batch is over.</summary>
    public void Flush()
    {
        qualities.Flush();
        agreements.Flush();
        consistencies.Flush();
    }

    private double Of(float score, in Contribution said)
    {
        ref readonly var of = ref weights[said.Source];
        if (!said.IsScored || !Completes(said.Source))
        {
            return score;
        }

        var agreed = said.Agreement;
        var known = of.Known + of.Consistency + (agreed is null ? 0 : of.Agreement);
        return known == 0 ? score : ((of.Known * score) + (of.Consistency * said.Consistency) + (of.Agreement * (agreed ?? 0))) / known;
    }

    private readonly record struct Weights(double Known, double Consistency, double Agreement, double FlagBelow);
}
