using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Transforms.Merge;

public class MergeExplainTests
{
    private const long Second = TimeSpan.TicksPerSecond;

    [Fact]
    public void A_key_of_one_source_says_so()
    {
        var step = Step();
        Say(step, 0, 0, ("hits", 5), ("name", "Acuña \"R\""));
        var key = Explain(step, 10 * Second)!;
        Assert.Equal(("k", "player", 1L, new DateTimeOffset(TestBatch.Start + (10 * Second), default)), (key.Key, key.Record, key.Revision, key.AsOf));
        Assert.Equal(["name", "hits"], key.Fields.Keys);
        var hits = key.Fields["hits"];
        Assert.Equal((5, "alpha", 0.9, 10.0, "only source", null, false), (hits.Value.GetInt32(), hits.Source, hits.Quality, hits.AgeSeconds, hits.DecidedBy, hits.Next, hits.Conflict));
        Assert.Equal(TestBatch.Start - Second, hits.EventTime.Ticks);
        Assert.Equal(TestBatch.Start, hits.ReceivedTime.Ticks);
        Assert.Empty(hits.Others);
        Assert.Equal("Acuña \"R\"", key.Fields["name"].Value.GetString());
    }

    [Fact]
    public void What_the_others_said_and_why_they_lost_is_told()
    {
        var step = Step();
        Say(step, 0, 0, ("hits", 5), ("name", "A"));
        Say(step, 1, 2, ("hits", 6), ("name", "A"), ("team", "LAD"));
        Say(step, 2, 4, ("hits", 6));
        var fields = Explain(step, 10 * Second)!.Fields;
        Assert.Equal(("priority", true, null), (fields["hits"].DecidedBy, fields["hits"].Conflict, fields["hits"].Next));
        Assert.Equal(
            [("beta", 6, "lower priority", false), ("gamma", 6, "lower priority", false)],
            fields["hits"].Others.OrderBy(o => o.Source, StringComparer.Ordinal).Select(o => (o.Source, o.Value.GetInt32(), o.Lost, o.Agrees)));
        Assert.Equal(("alpha", false, true), (fields["name"].Source, fields["name"].Conflict, fields["name"].Others.Single().Agrees));
        Assert.Equal(("beta", "only source"), (fields["team"].Source, fields["team"].DecidedBy));

        // Beta and gamma have the same priority and score; gamma is fresher.
        Say(step, 0, 5, ("name", "A"));
        fields = Explain(step, 10 * Second)!.Fields;
        Assert.Equal(("gamma", "freshness", "older"), (fields["hits"].Source, fields["hits"].DecidedBy, fields["hits"].Others.Single().Lost));
    }

    [Theory]
    [InlineData("priority", "priority", "lower priority")]
    [InlineData("quality", "quality", "lower quality")]
    [InlineData("agreement", "order", "declared later")]
    public void The_rule_that_decided_is_named(string prefer, string rule, string lost)
    {
        var step = Step([prefer]);
        Say(step, 0, 0, ("hits", 5));
        Say(step, 1, 9, ("hits", 6), ("name", "A"));
        var hits = Explain(step, 10 * Second)!.Fields["hits"];
        Assert.Equal((rule, lost), (hits.DecidedBy, hits.Others.Single().Lost));
    }

    [Fact]
    public void The_value_that_most_give_is_told_to_have_won_by_agreement()
    {
        var step = Step(["agreement"]);
        Say(step, 0, 0, ("hits", 5));
        Say(step, 1, 0, ("hits", 6));
        Say(step, 2, 0, ("hits", 6));
        var hits = Explain(step, 0)!.Fields["hits"];
        Assert.Equal(("beta", "order"), (hits.Source, hits.DecidedBy));
        Assert.Equal([("alpha", "fewer agree"), ("gamma", "declared later")], hits.Others.OrderBy(o => o.Source, StringComparer.Ordinal).Select(o => (o.Source, o.Lost)));
    }

    [Fact]
    public void A_source_that_has_become_stale_since_is_told_to_lose_with_the_next_update()
    {
        var step = Step();
        Say(step, 0, 0, ("hits", 5));
        Say(step, 1, 100 * Second, ("hits", 6), ("name", "A"));
        var hits = Explain(step, 121 * Second)!.Fields["hits"];
        Assert.Equal(("alpha", 5, "last change", "beta", false), (hits.Source, hits.Value.GetInt32(), hits.DecidedBy, hits.Next, hits.Conflict));
        Assert.Equal("wins next", hits.Others.Single().Lost);

        Say(step, 1, 122 * Second, ("hits", 6), ("name", "B"));
        hits = Explain(step, 123 * Second)!.Fields["hits"];
        Assert.Equal(("beta", "staleness", "stale"), (hits.Source, hits.DecidedBy, hits.Others.Single().Lost));
    }

    [Fact]
    public void An_explanation_changes_nothing()
    {
        var (asked, other) = (Step(maxKeys: 2), Step(maxKeys: 2));
        foreach (var step in new[] { asked, other })
        {
            Say(step, 0, 0, ("hits", 5));
            Say(step, 1, 1, ("hits", 6), ("name", "A"));
            Say(step, 0, 2, "j", ("hits", 5));
        }

        var before = Saved.Of(asked).Content;
        Assert.NotNull(Explain(asked, 200 * Second));
        Assert.Equal(before, Saved.Of(asked).Content);

        // Had it been touched, another would leave.
        Say(asked, 0, 3, "l", ("hits", 5));
        Say(other, 0, 3, "l", ("hits", 5));
        Assert.Equal(other.SomeKeys(9), asked.SomeKeys(9));
    }

    [Fact]
    public void An_unknown_key_has_no_explanation()
    {
        var step = Step();
        Say(step, 0, 0, ("hits", 5));
        Assert.Null(step.Explain("kk"u8, new StepTime(TestBatch.Start)));
        Assert.Equal(["k"], step.SomeKeys(5));
        Assert.Empty(step.SomeKeys(0));
    }

    [Fact]
    public void Explanations_live_at_event_time_where_the_records_do()
    {
        var step = Step();
        Say(step, 0, 0, ("hits", 5));
        Assert.Equal(TestBatch.Start - Second, step.Explain("k"u8, StepTime.Event)!.AsOf.Ticks);
    }

    private static MergeStep Step(string[]? prefer = null, int maxKeys = 100) => new(TestBatch.DefaultSchema(), new MergeOptions { Prefer = prefer ?? ["priority", "quality", "freshness"] }, maxKeys);

    private static KeyExplanation? Explain(MergeStep step, long later) => step.Explain("k"u8, new StepTime(TestBatch.Start + later));

    private static void Say(MergeStep step, short source, long later, params (string, object)[] fields) => Say(step, source, later, "k", fields);

    private static void Say(MergeStep step, short source, long later, string key, params (string, object)[] fields)
    {
        var batch = new TestBatch();
        var now = TestBatch.Start + later;
        var row = batch.Row("player", key, source, sequence: later + 1, received: now, eventTime: now - Second, fields: fields);
        row.Head.Quality = new Quality { Score = source == 0 ? 0.9f : 0.5f, Level = QualityLevel.High };
        step.Run(batch.Batch, now);
    }
}
