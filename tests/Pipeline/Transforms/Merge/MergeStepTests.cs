using System.Text;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Transforms.Merge;

public class MergeStepTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private static readonly string[] Order = ["priority", "quality", "freshness"];

    [Fact]
    public void Each_field_comes_from_the_preferred_source_that_has_it()
    {
        var step = Step();
        var batch = new TestBatch();
        batch.Row("player", "k", source: 1, eventTime: TestBatch.Start - 5, fields: [("name", "Beta"), ("hits", 1), ("position", "C")]);
        var merged = batch.Row("player", "k", source: 0, eventTime: TestBatch.Start - 9, fields: [("name", "Alpha"), ("team", "LAD")]);
        Assert.Empty(step.Run(batch.Batch, TestBatch.Start));
        Assert.Equal("Alpha", Encoding.UTF8.GetString(merged.Text(0)));
        Assert.Equal("LAD", Encoding.UTF8.GetString(merged.Text(1)));
        Assert.Equal(1, merged.Double(2));
        Assert.Equal("C", Encoding.UTF8.GetString(merged.Text(7)));
        Assert.Equal([0, 0, 1, -1, -1, -1, -1, 1], Enumerable.Range(0, 8).Select(s => (int)batch.Batch.Origin(1, s)));
        Assert.Equal((2, TestBatch.Start - 5), (merged.Head.Revision, merged.Head.EventTime));
        Assert.Equal([0, 1], Slots(merged.Head.Changed));
    }

    [Fact]
    public void A_long_text_leaves_no_long_buffer_behind_for_a_short_one()
    {
        var batch = new TestBatch();
        var held = new Contribution();
        held.Copy(batch.Row("player", "k", fields: ("name", new string('x', 100_000))));
        held.Copy(batch.Row("player", "k", fields: ("name", "short")));
        Assert.InRange(held.Data.Length, 5, 1000);
    }

    [Fact]
    public void Only_a_changed_value_is_news()
    {
        var step = Step();
        Assert.Equal(("", 1L), See(step, 0, 0, ("hits", 1), ("average", new TestBatch.Token("0.50"))));
        Assert.Equal("unchanged", See(step, 0, 1, ("hits", 1), ("average", new TestBatch.Token("0.5"))).Reason);
        Assert.Equal("unchanged", See(step, 1, 1, ("hits", 1)).Reason);
        Assert.Equal("unchanged", See(step, 1, 2, ("hits", 9)).Reason);
        Assert.Equal(("", 2L), See(step, 0, 2, ("hits", 2), ("average", new TestBatch.Token("0.5"))));
        Assert.Equal(("", 3L), See(step, 0, 3, ("average", new TestBatch.Token("0.5"))));
        Assert.Equal(("", 4L), See(step, 1, 4, ("name", "B")));
    }

    [Fact]
    public void A_volatile_change_waits_for_news()
    {
        var step = Step();
        See(step, 0, 0, ("hits", 1), ("at", DateTimeOffset.UnixEpoch));
        Assert.Equal("unchanged", See(step, 0, 1, ("hits", 1), ("at", DateTimeOffset.UnixEpoch.AddDays(1))).Reason);
        var batch = new TestBatch();
        var row = batch.Row("player", "k", sequence: 9, eventTime: TestBatch.Start + 9, fields: [("hits", 2), ("at", DateTimeOffset.UnixEpoch.AddDays(1))]);
        step.Run(batch.Batch, TestBatch.Start);
        Assert.Equal([2, 6], Slots(row.Head.Changed));
    }

    [Fact]
    public void A_source_never_goes_back_in_time()
    {
        var step = Step();
        var batch = new TestBatch();
        batch.Row("player", "k", sequence: 5, eventTime: 100, fields: ("hits", 1));
        batch.Row("player", "k", sequence: 6, eventTime: 99, fields: ("hits", 2));
        batch.Row("player", "k", sequence: 4, eventTime: 100, fields: ("hits", 3));
        batch.Row("player", "k", source: 1, sequence: 1, eventTime: 50, fields: ("team", "X"));
        batch.Row("player", "k", sequence: 5, eventTime: 100, fields: ("hits", 4));
        batch.Row("player", "k", sequence: 2, eventTime: 101, fields: ("hits", 5));
        var left = step.Run(batch.Batch, TestBatch.Start);
        Assert.Equal([(1, "stale read", RowState.Filtered), (2, "stale read", RowState.Filtered)], left.Select(d => (d.Row, d.Reason, d.State)));
    }

    [Fact]
    public void Stale_sources_come_last_until_they_are_confirmed()
    {
        var step = Step();
        See(step, 0, 0, ("hits", 1));
        var batch = new TestBatch();
        var late = TestBatch.Start + (121 * Second);
        var row = batch.Row("player", "k", source: 1, received: late, fields: ("hits", 2));
        step.Run(batch.Batch, late);
        Assert.Equal(2, row.Double(2));

        batch = new TestBatch();
        var confirmed = batch.Row("player", "k", source: 0, received: late, op: RowOp.Confirmed);
        var next = batch.Row("player", "k", source: 1, received: late + 1, sequence: 7, fields: ("hits", 3));
        Assert.Empty(step.Run(batch.Batch, late));
        Assert.Equal(RowState.Live, confirmed.Head.State);
        Assert.Equal(2, confirmed.Head.Revision);
        Assert.Equal(1, next.Double(2));
    }

    [Fact]
    public void With_event_time_what_is_stale_depends_on_the_records_alone()
    {
        var step = Step();
        var batch = new TestBatch();
        batch.Row("player", "k", source: 0, received: TestBatch.Start, fields: ("hits", 1));
        batch.Row("player", "k", source: 1, received: TestBatch.Start + (119 * Second), fields: ("hits", 2));
        var late = batch.Row("player", "k", source: 1, received: TestBatch.Start + (121 * Second), fields: ("hits", 3));
        Assert.Equal([(1, "unchanged")], step.Run(batch.Batch, StepTime.Event).Select(d => (d.Row, d.Reason)));
        Assert.Equal((3, (TestBatch.Start + (121 * Second) - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond), (late.Double(2), late.Head.Sequence));
    }

    [Fact]
    public void Confirmations_of_unknown_keys_and_sources_end_here()
    {
        var step = Step();
        See(step, 0, 0, ("hits", 1));
        var batch = new TestBatch();
        batch.Row("player", "other", op: RowOp.Confirmed);
        batch.Row("player", "k", source: 1, op: RowOp.Confirmed);
        batch.Row("player", "k", op: RowOp.Confirmed);
        Assert.Empty(step.Run(batch.Batch, TestBatch.Start));
        Assert.Equal([RowState.Absorbed, RowState.Absorbed, RowState.Live], Enumerable.Range(0, 3).Select(i => batch.Batch.Head(i).State));
    }

    [Fact]
    public void A_removal_passes_when_no_source_is_left()
    {
        var step = Step();
        See(step, 0, 0, ("hits", 1), ("name", "A"));
        See(step, 1, 0, ("hits", 2), ("name", "A"));
        var batch = new TestBatch();
        var stays = batch.Row("player", "k", source: 0, eventTime: TestBatch.Start + 5, op: RowOp.Removed);
        var goes = batch.Row("player", "k", source: 1, eventTime: TestBatch.Start + 5, op: RowOp.Removed);
        stays.SetAlias("other"u8);
        goes.SetAlias("another"u8);
        batch.Row("player", "k", source: 1, eventTime: TestBatch.Start + 5, op: RowOp.Removed);
        var left = Assert.Single(step.Run(batch.Batch, TestBatch.Start));
        Assert.Equal((2, "unknown", RowState.Absorbed), (left.Row, left.Reason, left.State));
        Assert.Equal((RowOp.Update, 2.0, 2L), (stays.Head.Op, stays.Double(2), stays.Head.Revision));
        Assert.Equal([2], Slots(stays.Head.Changed));
        Assert.Equal((RowOp.Removed, 3L), (goes.Head.Op, goes.Head.Revision));
        batch.Batch.Seal();
        Assert.Contains("\"key\":\"k\"", System.Text.Encoding.UTF8.GetString(batch.Batch.DataOf(stays.Index).Span), StringComparison.Ordinal);
        Assert.Equal("another", System.Text.Encoding.UTF8.GetString(batch.Batch.DataOf(goes.Index).Span));
        Assert.Equal(0, step.Count);
    }

    [Fact]
    public void Sequences_grow_per_key_even_when_the_clock_does_not()
    {
        var step = Step();
        var micros = (TestBatch.Start - DateTime.UnixEpoch.Ticks) / 10;
        var batch = new TestBatch();
        batch.Row("player", "k", fields: ("hits", 1));
        batch.Row("player", "k", sequence: 3, fields: ("hits", 2));
        batch.Row("player", "j", fields: ("hits", 2));
        step.Run(batch.Batch, TestBatch.Start);
        Assert.Equal([micros, micros + 1, micros], Enumerable.Range(0, 3).Select(i => batch.Batch.Head(i).Sequence));
    }

    [Fact]
    public void The_key_untouched_for_longest_is_evicted()
    {
        var step = new MergeStep(TestBatch.DefaultSchema(), new MergeOptions { Prefer = Order }, 2);
        var batch = new TestBatch();
        foreach (var key in new[] { "a", "b", "a", "c", "a", "b" })
        {
            batch.Row("player", key, sequence: batch.Batch.RowCount + 1, fields: ("hits", batch.Batch.RowCount));
        }

        step.Run(batch.Batch, TestBatch.Start);
        Assert.Equal([1, 1, 2, 1, 3, 1], Enumerable.Range(0, 6).Select(i => (int)batch.Batch.Head(i).Revision));
        Assert.Equal((2, 2L), (step.Count, step.Evicted));
    }

    [Fact]
    public void Quality_is_that_of_the_winners_and_rules_are_asked_of_the_merged_record()
    {
        var step = Step();
        var batch = new TestBatch();
        var beta = batch.Row("player", "k", source: 1, fields: [("name", "B"), ("hits", 3)]);
        beta.Head.Quality = new Quality { Score = 0.9f, Level = QualityLevel.High };
        var alpha = batch.Row("player", "k", source: 0, fields: ("atBats", 2));
        alpha.Head.Quality = new Quality { Score = 0.5f, Level = QualityLevel.Invalid, Marks = QualityMarks.Old };
        alpha.Head.Invalid.Add(4);
        step.Run(batch.Batch, TestBatch.Start);
        var quality = alpha.Head.Quality;
        // name counts double: (3 * 0.9 + 1 * 0.5) / 4
        Assert.Equal(0.8f, quality.Score, 5);
        Assert.Equal((QualityLevel.Invalid, 1UL, QualityMarks.Old), (quality.Level, quality.BrokenRules, quality.Marks));
        Assert.Equal([1, 5, 6, 7], Slots(quality.Missing));
        Assert.Equal([4], Slots(alpha.Head.Invalid));
    }

    [Fact]
    public void Long_text_and_big_numbers_survive_their_batch()
    {
        var step = Step();
        var name = new string('x', 5000) + "\"";
        var first = new TestBatch();
        var row = first.Row("player", "k", source: 0, fields: ("name", name));
        row.Set(4, new Cell { Kind = CellKind.BigNumber, Offset = first.Batch.Append("12345678901234567890123.5"u8), Length = 25 });
        step.Run(first.Batch, TestBatch.Start);
        first.Batch.Release();
        var second = new TestBatch();
        second.Row("player", "k", source: 1, fields: ("team", "T"));
        step.Run(second.Batch, TestBatch.Start);
        second.Batch.Seal();
        var json = Encoding.UTF8.GetString(second.Batch.DataOf(0).Span);
        Assert.Contains(new string('x', 5000) + "\\\"", json, StringComparison.Ordinal);
        Assert.Contains("\"average\":12345678901234567890123.5", json, StringComparison.Ordinal);
        Assert.Contains("\"provenance\":{\"name\":\"alpha\",\"team\":\"beta\",\"average\":\"alpha\"}", json, StringComparison.Ordinal);
    }

    private static MergeStep Step() => new(TestBatch.DefaultSchema(), new MergeOptions { Prefer = Order }, 100);

    private static (string Reason, long Revision) See(MergeStep step, short source, long later, params (string, object)[] fields)
    {
        var batch = new TestBatch();
        var row = batch.Row("player", "k", source, sequence: later + 1, eventTime: TestBatch.Start + later, fields: fields);
        var left = step.Run(batch.Batch, TestBatch.Start);
        return (left.Select(d => d.Reason).SingleOrDefault(""), row.Head.Revision);
    }

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
