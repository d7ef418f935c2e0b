using System.Globalization;
using System.Numerics;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Score;

/// <summary>Gives every record its quality.</summary>
internal sealed class ScoreStep : IStep
{
    private readonly RecordDemands[] rules;
    private readonly double[] reliabilities;
    private readonly double completenessWeight;
    private readonly double validityWeight;
    private readonly double freshnessWeight;
    private readonly double reliabilityWeight;
    private readonly double halfLife;
    private readonly double flagBelow;
    private readonly double deadLetterBelow;
    private readonly ScoreAverage[] averages;
    private readonly (int Records, double Sum)[] batch;

    /// <param name="schema">Record types and sources.</param>
    /// <param name="options">How it scores.</param>
    /// <param name="scores">Told how good what each source says is.</param>
    public ScoreStep(RecordSchema schema, ScoreOptions options, SourceScores? scores = null)
    {
        scores ??= new SourceScores();
        averages = [.. schema.Sources.Select(s => scores.Average(s.Name))];
        batch = new (int, double)[averages.Length];
        rules = RecordDemands.Of(schema);
        reliabilities = [.. schema.Sources.Select(s => s.Reliability)];
        var weights = options.Weights;
        var sum = weights.Completeness + weights.Validity + weights.Freshness + weights.Reliability;
        completenessWeight = weights.Completeness / sum;
        validityWeight = weights.Validity / sum;
        freshnessWeight = weights.Freshness / sum;
        reliabilityWeight = weights.Reliability / sum;
        halfLife = options.HalfLife.Value.Ticks;
        flagBelow = options.FlagBelow;
        deadLetterBelow = options.DeadLetterBelow;
    }

    public static BlockType BlockType { get; } = BlockType.Transform<ScoreOptions>(
        "score",
        "Keeps no state: a record's score depends on the record, its source and the time alone.",
        (options, context) => new ScoreStep(context.Schema, options, context.Health.Scores),
        Check,
        Scaling.Anywhere);

    public void Process(Part part, StepTime now)
    {
        var freshness = new Freshness(halfLife);
        foreach (var row in part)
        {
            if (row.Head.Op == RowOp.Update)
            {
                Score(row, now.Of(row.Head), ref freshness);
            }
        }

        for (var source = 0; source < batch.Length; source++)
        {
            if (batch[source].Records > 0)
            {
                averages[source].Add(batch[source].Records, batch[source].Sum);
                batch[source] = default;
            }
        }
    }

    private void Score(Row row, long now, ref Freshness freshness)
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
        head.Quality = new Quality
        {
            Score = (float)score,
            Level = type.Level(head, score, broken),
            Old = age > halfLife,
            Flagged = score < flagBelow,
            Missing = type.Missing(head),
            BrokenRules = broken,
        };
        ref var sum = ref batch[head.Source];
        sum = (sum.Records + 1, sum.Sum + score);
        if (score < deadLetterBelow)
        {
            row.Dead("low quality", string.Create(CultureInfo.InvariantCulture, $"score {score:0.000}, {deadLetterBelow} is needed"));
        }
    }

    private static void Check(ScoreOptions options, BlockCheck check)
    {
        if (options.Weights is { Completeness: 0, Validity: 0, Freshness: 0, Reliability: 0 })
        {
            check.Error("weights", "all weights are 0; at least one part of the score must count");
        }

        if (options.FlagBelow > 0 && options.FlagBelow <= options.DeadLetterBelow)
        {
            check.Error("flagBelow", string.Create(CultureInfo.InvariantCulture, $"what scores less than {options.FlagBelow} goes to the dead letter already; make it greater than deadLetterBelow ({options.DeadLetterBelow}), or remove it"));
        }
    }

    /// <summary>How fresh a record of an age is. The records of a batch often share one, and exponentials are dear.</summary>
    private struct Freshness(double halfLife)
    {
        private readonly double decay = -Math.Log(2) / halfLife;
        private long lastAge;
        private double last = 1;

        public double At(long age)
        {
            if (age != lastAge)
            {
                (lastAge, last) = (age, Math.Exp(age * decay));
            }

            return last;
        }
    }
}
