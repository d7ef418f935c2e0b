using System.Text;
using System.Text.Json;
using CsCheck;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Transforms.Merge;
using StreamEngine.Pipeline.Transforms.Score;

namespace StreamEngine.Pipeline.Tests.Transforms.Merge;

/// <summary>Scores are completed by agreement between sources and consistency with what they said before.</summary>
public class MergeScoreTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private static readonly RecordSchema Schema = new(
        [
            TestBatch.Type("player", 0, [], TestBatch.Field("name", FieldType.String), TestBatch.Field("team", FieldType.String), Counted("hits"), TestBatch.Field("at", FieldType.Time, isVolatile: true)),
            TestBatch.Type("game", 1, [], TestBatch.Field("inning", FieldType.Int)),
        ],
        TestBatch.DefaultSchema().Sources);

    private readonly SourceScores told = new();
    private long sequence;

    [Fact]
    public void Agreement_is_the_share_of_values_that_other_fresh_sources_give_too()
    {
        var step = Step(new ScoreWeights { Completeness = 0, Validity = 0, Freshness = 0, Reliability = 1, Agreement = 3 });

        // Nobody to compare with: the part is left out.
        Is(1, "", See(step, 0, 0, ("name", "A"), ("team", "LAD"), ("hits", 5)));

        // Two of three agree: both get (1 + 3 * 2/3) / 4.
        Is(0.75, "sources disagree", See(step, 1, 1, ("name", "A"), ("team", "LAD"), ("hits", 6)));
        Is(0.75, "sources disagree", See(step, 0, 2, ("name", "A"), ("team", "LAD"), ("hits", 7)));

        // What only one has is not compared.
        Is(1, "", See(step, 0, 3, ("name", "A"), ("team", "LAD")));

        // Each pair counts: the third agrees with one about three values, with the other not about its only one.
        See(step, 0, 4, ("name", "B"));
        Is((1 + (3 * 0.75)) / 4, "sources disagree", See(step, 2, 5, ("name", "A"), ("team", "LAD"), ("hits", 6)));
    }

    [Fact]
    public void What_is_stale_or_volatile_is_not_compared()
    {
        var step = Step(new ScoreWeights { Agreement = 1 });
        See(step, 0, 0, ("name", "A"), ("at", DateTimeOffset.UnixEpoch));
        Is(1, "", See(step, 1, 1, ("name", "A"), ("team", "B"), ("at", DateTimeOffset.UnixEpoch.AddDays(1))));
        Is(1, "", See(step, 1, 121, ("name", "B")));
        Assert.Equal(QualityMarks.Disputed, Row(step, 0, 122, ("name", "A")).Head.Quality.Marks);
    }

    [Fact]
    public void Consistency_is_the_share_of_the_last_eight_updates_that_hold()
    {
        var step = Step(new ScoreWeights { Completeness = 0, Validity = 0, Freshness = 0, Reliability = 0, Consistency = 1 });
        Is(1, "", See(step, 0, 10, ("hits", 5)));
        Assert.Equal("stale read", Refused(step, 0, 9, ("hits", 5)));
        Is(7 / 8.0, "inconsistent", See(step, 0, 11, ("hits", 6)));

        // A count that is taken back with a later time passes, but was wrong before.
        Is(6 / 8.0, "inconsistent", See(step, 0, 12, ("hits", 5)));
        Assert.Equal("lower count", Refused(step, 0, 12, ("hits", 4)));
        foreach (var (second, faults) in new[] { (13, 3), (14, 3), (15, 3), (16, 3), (17, 2), (18, 2), (19, 1) })
        {
            Is(1 - (faults / 8.0), "inconsistent", See(step, 0, second, ("hits", second)));
        }

        Is(1, "", See(step, 0, 20, ("hits", 20)));
    }

    [Fact]
    public void Another_sources_mistakes_do_not_count_and_removal_forgets_them()
    {
        var step = Step(new ScoreWeights { Completeness = 0, Validity = 0, Freshness = 0, Reliability = 0, Consistency = 1 });
        See(step, 0, 10, ("hits", 5));
        Is(1, "", See(step, 1, 10, ("name", "A")));
        Assert.Equal("stale read", Refused(step, 1, 9, ("name", "A")));

        // The name is the one's, the hits are the other's: 1 and 7/8.
        Is(15 / 16.0, "inconsistent", See(step, 0, 11, ("hits", 6)));
        Row(step, 1, 12, RowOp.Removed);
        See(step, 0, 13, ("hits", 7));
        Is(1, "", See(step, 1, 14, ("name", "B")));
    }

    [Fact]
    public void What_is_believed_by_quality_and_what_is_marked_follow_the_whole_score()
    {
        var step = Step(new ScoreWeights { Completeness = 0, Validity = 0, Freshness = 0, Reliability = 1, Agreement = 3 }, flagBelow: 0.5, prefer: "quality");
        See(step, 0, 0, ("name", "A"));
        Row(step, 1, 1, ("name", "B"));
        var row = Row(step, 2, 2, ("name", "B"), ("team", "X"));

        // By itself the first is the best; but the two others agree with each other.
        Assert.Equal("B", Encoding.UTF8.GetString(row.Text(0)));
        Assert.Equal(QualityMarks.Disputed, row.Head.Quality.Marks);

        Row(step, 1, 3, RowOp.Removed);
        row = Row(step, 0, 4, ("name", "C"), ("hits", 1));
        Assert.Equal((0.25f, QualityMarks.Disputed | QualityMarks.LowScore), (row.Head.Quality.Score, row.Head.Quality.Marks));
    }

    [Fact]
    public void Each_source_is_told_how_it_agrees_and_holds_of_late()
    {
        var step = Step(new ScoreWeights { Completeness = 0, Validity = 0, Freshness = 0, Reliability = 0, Consistency = 1, Agreement = 1 });
        See(step, 0, 10, ("name", "A"));
        Assert.Equal(1, told.Of("alpha"));
        Assert.Equal(1, told.Of("alpha", ScorePart.Consistency));
        Assert.Null(told.Of("alpha", ScorePart.Agreement));
        See(step, 1, 10, ("name", "A"), ("team", "X"));
        Refused(step, 1, 9, ("name", "A"));
        Assert.Equal(0.99, told.Of("beta", ScorePart.Consistency)!.Value, 5);
        Assert.Equal(1, told.Of("beta", ScorePart.Agreement)!.Value, 5);
        Assert.Equal(1 - (0.01 / 16), told.Of("beta")!.Value, 5);
        See(step, 1, 11, ("name", "B"));
        Assert.Equal(0.99, told.Of("beta", ScorePart.Agreement)!.Value, 5);
        Assert.Null(told.Of("gamma"));
    }

    [Fact]
    public void Other_scores_stay_as_they_come()
    {
        var step = new MergeStep(Schema, new MergeOptions(), 100, scores: [new ScoresBefore("beta", "scored", new ScoreOptions { Weights = new ScoreWeights { Agreement = 1 } })], told: told);
        Row(step, 1, 0, ("name", "A"));
        var row = Row(step, 0, 1, ("name", "B"), ("team", "X"));
        Assert.Equal((1f, QualityMarks.None), (row.Head.Quality.Score, row.Head.Quality.Marks));
        Assert.Null(told.Of("alpha"));
        Assert.NotNull(told.Of("beta"));
    }

    [Fact]
    public void An_explanation_tells_the_parts()
    {
        var step = Step(new ScoreWeights { Agreement = 1, Consistency = 1 });
        See(step, 0, 10, ("name", "A"), ("team", "X"));
        Row(step, 1, 10, ("name", "B"), ("team", "X"));
        Refused(step, 1, 9, ("name", "A"));
        var name = step.Explain("k"u8, new StepTime(TestBatch.Start + (11 * Second)))!.Fields["name"];
        Assert.Equal([0.5, 1, Math.Round(2.5 / 3, 3)], [name.Agreement!.Value, name.Consistency!.Value, name.Quality!.Value]);
        Assert.Equal([0.5, 7 / 8.0], [name.Others.Single().Agreement!.Value, name.Others.Single().Consistency!.Value]);

        name = Explained(new MergeStep(Schema, new MergeOptions(), 10));
        Assert.Null(name.Agreement);
        Assert.Null(name.Consistency);
    }

    [Fact]
    public void After_a_restart_scores_go_on_as_if_there_had_been_none() => Gen.Select(Said.List[0, 40], Said.List[1, 40], Gen.Int[1, 3]).Sample((first, second, workers) =>
    {
        var (whole, before, after) = (Steps(1), Steps(2), Steps(workers));
        Run(whole, first, first.Count, 0);
        Run(before, first, first.Count, 0);
        Assert.Empty(Saved.Of(before).Restore(after));
        Assert.Equal(Run(whole, second, second.Count, first.Count), Run(after, second, second.Count, first.Count));
    }, iter: 300);

    [Fact]
    public void Neither_batch_boundaries_nor_workers_change_a_score() => Gen.Select(Said.List[1, 60], Gen.Int[1, 7], Gen.Int[1, 4], Gen.Bool).Sample((said, perBatch, workers, isEvent) =>
        Assert.Equal(Run(Steps(1), said, said.Count, 0, isEvent), Run(Steps(workers), said, perBatch, 0, isEvent)), iter: 300);

    private static readonly Gen<Word> Said = Gen.Select(
        Gen.Int[0, 3], Gen.Short[0, 2], Gen.Int[-1, 2].Array[3], Gen.Int[0, 6], Gen.Int[0, 12], (key, source, values, age, kind) =>
            new Word(key, source, values, age, kind switch { 0 => RowOp.Removed, 1 => RowOp.Confirmed, _ => RowOp.Update }));

    // Agreement is held in 254 grades.
    private static void Is(double score, string reasons, (double Score, string Reasons) seen)
    {
        Assert.Equal(score, seen.Score, 0.004);
        Assert.Equal(reasons, seen.Reasons);
    }

    private static FieldExplanation Explained(MergeStep step)
    {
        var batch = new TestBatch(Schema);
        batch.Row("player", "k", fields: ("name", "A"));
        step.Run(batch.Batch, TestBatch.Start);
        return step.Explain("k"u8, new StepTime(TestBatch.Start))!.Fields["name"];
    }

    private static Func<int, FieldInfo> Counted(string name) => slot => new FieldInfo { Name = name, Slot = slot, Type = FieldType.Int, Monotonic = slot };

    private static MergeStep[] Steps(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => Step(new ScoreWeights { Agreement = 0.5, Consistency = 0.5 }, 0.9, "quality", null))];

    private static string Run(MergeStep[] workers, List<Word> said, int perBatch, int from, bool isEvent = false)
    {
        var output = new StringBuilder();
        for (var at = 0; at < said.Count; at += perBatch)
        {
            var batch = new TestBatch(Schema);
            foreach (var (key, source, values, age, op) in said.Skip(at).Take(perBatch))
            {
                from++;
                var received = TestBatch.Start + (from * 5 * Second);
                (string, object)[] fields = [.. new[] { "name", "team", "hits" }.Zip(values).Where(f => f.Second >= 0 && op == RowOp.Update).Select(f => (f.First, f.First == "hits" ? (object)f.Second : "v" + f.Second))];
                var time = received - (age * Second);
                var row = batch.Row("player", "k" + key, source, from, isEvent ? time : received, time, op, fields);
                row.Head.Quality = new Quality { Score = 0.25f * (1 + (from % 4)), Level = QualityLevel.Medium };
            }

            batch.Batch.Split(workers.Length);
            for (var i = 0; i < workers.Length; i++)
            {
                workers[i].Process(batch.Batch.PartOf(i), isEvent ? StepTime.Event : new StepTime(TestBatch.Start));
            }

            batch.Batch.Join();
            batch.Batch.Seal();
            for (var i = 0; i < batch.Batch.RowCount; i++)
            {
                ref readonly var head = ref batch.Batch.Head(i);
                output.Append(head.State).Append(' ').Append(head.Op).Append(head.DataLength > 0 ? Encoding.UTF8.GetString(batch.Batch.DataOf(i).Span) : "").Append('\n');
            }
        }

        return output.ToString();
    }

    private static MergeStep Step(ScoreWeights weights, double flagBelow, string prefer, SourceScores? told) => new(
        Schema,
        new MergeOptions { Prefer = [prefer], ConflictWithin = Duration.Seconds(120) },
        100,
        scores: [.. Schema.Sources.Select(s => new ScoresBefore(s.Name, "scored", new ScoreOptions { Weights = weights, FlagBelow = flagBelow }))],
        told: told);

    private MergeStep Step(ScoreWeights weights, double flagBelow = 0, string prefer = "freshness") => Step(weights, flagBelow, prefer, told);

    /// <summary>The score of the merged record and its reasons.</summary>
    private (double Score, string Reasons) See(MergeStep step, short source, long second, params (string, object)[] fields)
    {
        var row = Row(step, source, second, RowOp.Update, fields);
        row.Batch.Seal();
        var quality = JsonDocument.Parse(row.Batch.DataOf(row.Index)).RootElement.GetProperty("quality");
        return (row.Head.Quality.Score, string.Join(", ", quality.GetProperty("reasons").EnumerateArray().Select(r => r.GetString()).Where(r => !r!.StartsWith("missing", StringComparison.Ordinal))));
    }

    private string Refused(MergeStep step, short source, long second, params (string, object)[] fields)
    {
        var row = Row(step, source, second, RowOp.Update, fields);
        return Assert.Single(row.Batch.Whole.Departures.ToArray()).Reason;
    }

    private Row Row(MergeStep step, short source, long second, params (string, object)[] fields) => Row(step, source, second, RowOp.Update, fields);

    private Row Row(MergeStep step, short source, long second, RowOp op, params (string, object)[] fields)
    {
        var batch = new TestBatch(Schema);
        var time = TestBatch.Start + (second * Second);
        var row = batch.Row("player", "k", source, ++sequence, time, time, op, fields);
        row.Head.EventTime = time - 1;
        row.Head.Quality = new Quality { Score = 1, Level = QualityLevel.High };
        step.Run(batch.Batch, time);
        return row;
    }

    private sealed record Word(int Key, short Source, int[] Values, int Age, RowOp Op);
}
