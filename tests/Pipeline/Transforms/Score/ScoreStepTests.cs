using CsCheck;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Merge;
using StreamEngine.Pipeline.Transforms.Score;

namespace StreamEngine.Pipeline.Tests.Transforms.Score;

public class ScoreStepTests
{
    private static readonly double[] Limits = [double.NegativeInfinity, -1, 0, 0.07, 0.1, 0.3, 1, 100, 9007199254740992, double.PositiveInfinity, double.NaN];
    private static readonly (string, object)[] Complete =
    [
        ("name", "A"), ("team", "LAD"), ("hits", 1), ("atBats", 2), ("average", 0.5), ("home", true), ("at", DateTimeOffset.UnixEpoch), ("position", "P"),
    ];

    [Fact]
    public void A_perfect_record_scores_one()
    {
        var quality = Score(new ScoreOptions(), Complete).Head.Quality;
        Assert.Equal(1f, quality.Score, 5);
        Assert.Equal(QualityLevel.High, quality.Level);
        Assert.True(quality.Missing.IsEmpty);
        Assert.Equal(QualityMarks.None, quality.Marks);
        Assert.Equal(0UL, quality.BrokenRules);
    }

    [Fact]
    public void Missing_fields_cost_completeness_and_required_ones_double()
    {
        var only = new ScoreOptions { Weights = new ScoreWeights { Completeness = 1, Validity = 0, Freshness = 0, Reliability = 0 } };
        var noTeam = Score(only, Complete[..1].Concat(Complete[2..]).ToArray());
        Assert.Equal(8 / 9f, noTeam.Head.Quality.Score, 5);
        Assert.Equal([1], Slots(noTeam.Head.Quality.Missing));
        Assert.Equal(QualityLevel.High, noTeam.Head.Quality.Level);
        var noName = Score(only, Complete[1..]);
        Assert.Equal(7 / 9f, noName.Head.Quality.Score, 5);
        Assert.Equal(QualityLevel.Invalid, noName.Head.Quality.Level);
    }

    [Fact]
    public void A_value_out_of_range_is_taken_out()
    {
        var row = Score(new ScoreOptions { Weights = new ScoreWeights { Completeness = 0, Validity = 1, Freshness = 0, Reliability = 0 } }, [.. Complete[..4], ("average", 1.001)]);
        Assert.False(row.Has(4));
        Assert.Equal([4], Slots(row.Head.Invalid));
        Assert.DoesNotContain(4, Slots(row.Head.Quality.Missing));
        Assert.Equal(1 - (1 / 6f), row.Head.Quality.Score, 5);
    }

    [Fact]
    public void A_broken_rule_makes_it_invalid_and_a_rule_without_operands_holds()
    {
        var broken = Score(new ScoreOptions(), ("name", "A"), ("hits", 3), ("atBats", 2)).Head.Quality;
        Assert.Equal((QualityLevel.Invalid, 1UL), (broken.Level, broken.BrokenRules));
        Assert.Equal(0UL, Score(new ScoreOptions(), ("name", "A"), ("hits", 3)).Head.Quality.BrokenRules);
        Assert.Equal(QualityLevel.Invalid, Score(new ScoreOptions()).Head.Quality.Level);
    }

    [Theory]
    [InlineData(0, 1, false)]
    [InlineData(300, 0.5, false)]
    [InlineData(301, 0.498845, true)]
    [InlineData(600, 0.25, true)]
    [InlineData(-50, 1, false)]
    public void Freshness_halves_with_age(int age, float expected, bool old)
    {
        var step = new ScoreStep(TestBatch.DefaultSchema(), new ScoreOptions { Weights = new ScoreWeights { Completeness = 0, Validity = 0, Freshness = 7, Reliability = 0 } });
        var batch = new TestBatch();
        var row = batch.Row("player", "k", fields: Complete);
        step.Run(batch.Batch, TestBatch.Start + (age * TimeSpan.TicksPerSecond));
        Assert.Equal(expected, row.Head.Quality.Score, 5);
        Assert.Equal(old ? QualityMarks.Old : QualityMarks.None, row.Head.Quality.Marks);
    }

    [Theory]
    [InlineData(0, 1, QualityMarks.None)]
    [InlineData(10, 0.5, QualityMarks.None)]
    [InlineData(11, 0.466517, QualityMarks.Late)]
    [InlineData(30, 0.125, QualityMarks.Late)]
    [InlineData(-50, 1, QualityMarks.None)]
    public void Timeliness_halves_with_the_time_from_event_to_receipt(int delay, float expected, QualityMarks marks)
    {
        var options = new ScoreOptions { Weights = new ScoreWeights { Completeness = 0, Validity = 0, Freshness = 0, Reliability = 0, Timeliness = 3 }, TimelyWithin = Duration.Seconds(10) };
        var batch = new TestBatch();
        var row = batch.Row("player", "k", received: TestBatch.Start, eventTime: TestBatch.Start - (delay * TimeSpan.TicksPerSecond), fields: Complete);

        // How long it has waited since is no matter of timeliness.
        new ScoreStep(batch.Schema, options).Run(batch.Batch, TestBatch.Start + (100 * TimeSpan.TicksPerSecond));
        Assert.Equal(expected, row.Head.Quality.Score, 5);
        Assert.Equal(marks, row.Head.Quality.Marks);
    }

    [Fact]
    public void What_does_not_count_marks_nothing() =>
        Assert.Equal(QualityMarks.None, Score(new ScoreOptions { TimelyWithin = Duration.Seconds(0.001) }, Complete, TestBatch.Start - TimeSpan.TicksPerSecond).Head.Quality.Marks);

    [Fact]
    public void What_only_a_merge_knows_is_left_to_it()
    {
        var scores = new SourceScores();
        var batch = new TestBatch();
        var row = batch.Row("player", "k", fields: Complete[..2]);
        new ScoreStep(batch.Schema, new ScoreOptions { Weights = new ScoreWeights { Agreement = 100 } }, scores).Run(batch.Batch, TestBatch.Start);
        Assert.Equal(Score(new ScoreOptions(), Complete[..2]).Head.Quality.Score, row.Head.Quality.Score);
        Assert.Null(scores.Of("alpha"));

        var only = new ScoreWeights { Completeness = 0, Validity = 0, Freshness = 0, Reliability = 0, Agreement = 1 };
        Assert.Equal(1, Score(new ScoreOptions { Weights = only }, Complete[..2]).Head.Quality.Score);
    }

    [Fact]
    public void With_event_time_every_record_is_of_this_moment()
    {
        var batch = new TestBatch();
        var row = batch.Row("player", "k", eventTime: 1, fields: Complete);
        new ScoreStep(TestBatch.DefaultSchema(), new ScoreOptions()).Run(batch.Batch, StepTime.Event);
        Assert.Equal((1f, QualityMarks.None), (row.Head.Quality.Score, row.Head.Quality.Marks));
    }

    [Fact]
    public void Reliability_is_the_sources()
    {
        var step = new ScoreStep(TestBatch.DefaultSchema(), new ScoreOptions());
        var batch = new TestBatch();
        var row = batch.Row("player", "k", source: 1, fields: Complete);
        step.Run(batch.Batch, TestBatch.Start);
        Assert.Equal(0.95f, row.Head.Quality.Score, 5);
    }

    [Fact]
    public void Reliability_falls_with_requests_that_fail_and_comes_back_with_answers()
    {
        var health = new SourceHealth(TimeProvider.System);
        var step = new ScoreStep(
            TestBatch.DefaultSchema(),
            new ScoreOptions { Weights = new ScoreWeights { Completeness = 0, Validity = 0, Freshness = 0 } },
            answers: [() => health.Reliability("alpha"), () => health.Reliability("beta"), null]);
        Reliabilities(1, 0.5, 0.8);

        health.Failed("beta", "500");
        health.Failed("beta", "500");
        health.Failed("gamma", "500");
        Reliabilities(1, 0.5 * 0.95 * 0.95, 0.8);

        // A page that others follow is no answer yet.
        health.Succeeded("beta", changed: true, 1, isWhole: false);
        Reliabilities(1, 0.5 * 0.95 * 0.95, 0.8);
        for (var answer = 0; answer < 200; answer++)
        {
            health.Succeeded("beta", changed: false, 1);
        }

        Reliabilities(1, 0.5, 0.8);

        var content = health.Watch("alpha", TimeSpan.FromTicks(1));
        var moves = new SourceMoves { HeardBefore = 9, Heard = 10 };
        for (var change = 0; change < Standstill.Changes; change++)
        {
            moves.Overtake(1);
        }

        moves.Overtake(2);
        content.Tell(moves);
        Reliabilities(0, 0.5, 0.8);

        void Reliabilities(params double[] expected)
        {
            var batch = new TestBatch();
            for (short source = 0; source < 3; source++)
            {
                batch.Row("player", "k", source, fields: Complete);
            }

            step.Run(batch.Batch, TestBatch.Start);
            Assert.Equal(expected, Enumerable.Range(0, 3).Select(i => (double)batch.Batch[i].Head.Quality.Score), (a, b) => Math.Abs(a - b) < 1e-4);
        }
    }

    [Fact]
    public void Poor_records_go_to_the_dead_letter_and_control_records_pass()
    {
        var step = new ScoreStep(TestBatch.DefaultSchema(), new ScoreOptions { DeadLetterBelow = 0.99, HalfLife = Duration.Seconds(1) });
        var batch = new TestBatch();
        batch.Row("player", "k", fields: ("name", "A"));
        batch.Row("player", "k", op: RowOp.Confirmed);
        batch.Row("player", "k", op: RowOp.Removed);
        var left = Assert.Single(step.Run(batch.Batch, TestBatch.Start));
        Assert.Equal((RowState.Dead, "low quality", 0), (left.State, left.Reason, left.Row));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(0.94, false)]
    [InlineData(0.96, true)]
    public void Records_below_a_score_are_marked_and_so_is_what_is_merged_of_them(double flagBelow, bool expected)
    {
        var batch = new TestBatch();
        var row = batch.Row("player", "k", source: 1, fields: Complete);
        var other = batch.Row("player", "k", source: 0, fields: ("name", "B"));
        new ScoreStep(batch.Schema, new ScoreOptions { FlagBelow = flagBelow }).Run(batch.Batch, TestBatch.Start);
        Assert.Equal((0.95f, expected), (row.Head.Quality.Score, IsFlagged(row)));

        other.Head.Quality.Marks = QualityMarks.None;
        new MergeStep(batch.Schema, new MergeOptions(), 10).Run(batch.Batch, TestBatch.Start);
        Assert.Equal(expected, IsFlagged(batch.Batch[0]));
        Assert.Equal(expected, IsFlagged(batch.Batch[1]));
        batch.Batch.Seal();
        Assert.Equal(expected, System.Text.Encoding.UTF8.GetString(batch.Batch.DataOf(0).Span).Contains("\"low score\"", StringComparison.Ordinal));
    }

    [Fact]
    public void How_good_a_source_is_follows_its_last_records()
    {
        var scores = new SourceScores();
        var step = new ScoreStep(TestBatch.DefaultSchema(), new ScoreOptions(), scores);
        Assert.Null(scores.Of("beta"));
        var good = new TestBatch();
        good.Row("player", "k", source: 1, fields: Complete);
        step.Run(good.Batch, TestBatch.Start);
        Assert.Equal(0.95, scores.Of("beta")!.Value, 5);
        Assert.Null(scores.Of("alpha"));

        // A hundred poor ones, in however many batches, outweigh it by 1 - 0.99^100.
        var poor = 0.0;
        foreach (var records in new[] { 10, 60, 30 })
        {
            var batch = new TestBatch();
            for (var i = 0; i < records; i++)
            {
                batch.Row("player", "k", source: 1, fields: Complete[1..2]);
            }

            step.Run(batch.Batch, TestBatch.Start);
            poor = batch.Batch[0].Head.Quality.Score;
        }

        Assert.Equal(poor + ((0.95 - poor) * Math.Pow(0.99, 100)), scores.Of("beta")!.Value, 5);
    }

    [Fact]
    public void A_range_is_one_of_doubles_however_it_is_asked() =>
        Gen.Select(
            Gen.OneOf(Gen.Long[-1200, 1200], Gen.Long[(1L << 53) - 3, (1L << 53) + 3], Gen.Long),
            Gen.SByte[-3, 25],
            Gen.Int[0, Limits.Length - 1],
            Gen.Int[0, Limits.Length - 1]).Sample((mantissa, scale, from, to) =>
            {
                var (min, max) = (Limits[from], Limits[to]);
                var batch = new TestBatch();
                var row = batch.Row("player", "k");
                row.Set(4, new Cell { Kind = CellKind.Number, Bits = mantissa, Scale = scale });
                var value = row.Double(4);
                Assert.Equal(value >= min && value <= max, new ValidRange(4, min, max).Contains(row.Cells[4], row));
            }, iter: 20_000);

    private static Row Score(ScoreOptions options, params (string, object)[] fields) => Score(options, fields, TestBatch.Start);

    private static Row Score(ScoreOptions options, (string, object)[] fields, long eventTime)
    {
        var batch = new TestBatch();
        var row = batch.Row("player", "k", eventTime: eventTime, fields: fields);
        new ScoreStep(batch.Schema, options).Run(batch.Batch, TestBatch.Start);
        return row;
    }

    private static bool IsFlagged(Row row) => row.Head.Quality.Marks.HasFlag(QualityMarks.LowScore);

    private static List<int> Slots(FieldSet set)
    {
        var slots = new List<int>();
        foreach (var slot in set)
        {
            slots.Add(slot);
        }

        return slots;
    }
}
