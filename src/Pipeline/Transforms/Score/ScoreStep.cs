using System.Globalization;
using System.Numerics;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Score;

/// <summary>Gives every record its quality, as far as it can be known from the record, its source and the time.</summary>
internal sealed class ScoreStep : IStep
{
    private readonly RecordSchema schema;
    private readonly RecordDemands[] rules;
    private readonly double[] reliabilities;
    private readonly Func<double>?[] answers;
    private readonly double completenessWeight;
    private readonly double validityWeight;
    private readonly double freshnessWeight;
    private readonly double reliabilityWeight;
    private readonly double timelinessWeight;
    private readonly double halfLife;
    private readonly double timelyWithin;
    private readonly double flagBelow;
    private readonly double deadLetterBelow;
    private readonly bool knowsNothing;
    private readonly ScoreTally? tally;

    /// <param name="schema">Record types and sources.</param>
    /// <param name="options">How it scores.</param>
    /// <param name="scores">Told how good what each source says is.</param>
    /// <param name="answers">By source, how far it can be relied on of late; null for one that always can.</param>
    public ScoreStep(RecordSchema schema, ScoreOptions options, SourceScores? scores = null, Func<double>?[]? answers = null)
    {
        this.schema = schema;
        this.answers = answers ?? [];
        rules = RecordDemands.Of(schema);
        reliabilities = [.. schema.Sources.Select(s => s.Reliability)];
        var weights = options.Weights;
        knowsNothing = weights.Known == 0;
        var sum = knowsNothing ? 1 : weights.Known;
        completenessWeight = weights.Completeness / sum;
        validityWeight = weights.Validity / sum;
        freshnessWeight = weights.Freshness / sum;
        reliabilityWeight = weights.Reliability / sum;
        timelinessWeight = weights.Timeliness / sum;
        halfLife = options.HalfLife.Value.Ticks;
        timelyWithin = options.TimelyWithin.Value.Ticks;
        flagBelow = options.FlagBelow;
        deadLetterBelow = options.DeadLetterBelow;

        // A merge that completes the scores tells of them.
        tally = weights.NeedsMerge || scores is null ? null : new ScoreTally(schema, scores, ScorePart.Quality);
    }

    public static BlockType BlockType { get; } = BlockType.Transform<ScoreOptions>(
        "score",
        "Keeps no state: a record's score depends on the record, its source and the time alone.",
        (options, context) => new ScoreStep(context.Schema, options, context.Health.Scores, Answers(context.Pipeline, context.Schema, context.Health)),
        ScoreCheck.Check,
        Scaling.Anywhere);

    /// <summary>How far sources can be relied on of late. What has no provider, or is played again, is the same each time.</summary>
    internal static Func<double>?[] Answers(PipelineOptions pipeline, RecordSchema schema, SourceHealth health) =>
    [
        .. schema.Sources.Select(s => pipeline.Clock != "event" && pipeline.Sources.GetValueOrDefault(s.Name) is IUsesProvider { Provider.Length: > 0 }
            ? () => health.Reliability(s.Name)
            : (Func<double>?)null),
    ];

    public void Process(Part part, StepTime now)
    {
        for (var source = 0; source < answers.Length; source++)
        {
            if (answers[source] is { } share)
            {
                reliabilities[source] = schema.Sources[source].Reliability * share();
            }
        }

        var (freshness, timeliness) = (new Decay(halfLife), new Decay(timelyWithin));
        foreach (var row in part)
        {
            if (row.Head.Op == RowOp.Update)
            {
                Score(row, now.Of(row.Head), ref freshness, ref timeliness);
            }
        }

        tally?.Flush();
    }

    private void Score(Row row, long now, ref Decay freshness, ref Decay timeliness)
    {
        ref var head = ref row.Head;
        var type = rules[head.Type];
        type.CheckRanges(row);
        var broken = type.Broken(row);
        var faults = head.Invalid.Count + BitOperations.PopCount(broken);
        var checks = head.Present.Count + head.Invalid.Count + type.Count;
        var age = Math.Max(0, now - head.EventTime);
        var score = completenessWeight * type.Weight(head.Present) / Math.Max(1, type.TotalWeight)
            + validityWeight * (1 - (faults / (double)Math.Max(1, checks)))
            + freshnessWeight * freshness.At(age)
            + reliabilityWeight * reliabilities[head.Source];
        var marks = age > halfLife ? QualityMarks.Old : QualityMarks.None;
        if (timelinessWeight > 0)
        {
            var delay = Math.Max(0, head.ReceivedTime - head.EventTime);
            score += timelinessWeight * timeliness.At(delay);
            marks |= delay > timelyWithin ? QualityMarks.Late : QualityMarks.None;
        }

        score = knowsNothing ? 1 : score;
        head.Quality = new Quality
        {
            Score = (float)score,
            Level = type.Level(head, score, broken),
            Marks = score < flagBelow ? marks | QualityMarks.LowScore : marks,
            Missing = type.Missing(head),
            BrokenRules = broken,
        };
        tally?.Add(head.Source, score);
        if (score < deadLetterBelow)
        {
            row.Dead("low quality", string.Create(CultureInfo.InvariantCulture, $"score {score:0.000}, {deadLetterBelow} is needed"));
        }
    }

    /// <summary>What is left after a time, of what halves. The records of a batch often share one, and exponentials are dear.</summary>
    private struct Decay(double halfLife)
    {
        private readonly double rate = -Math.Log(2) / halfLife;
        private long lastAge;
        private double last = 1;

        public double At(long age)
        {
            if (age != lastAge)
            {
                (lastAge, last) = (age, Math.Exp(age * rate));
            }

            return last;
        }
    }
}
