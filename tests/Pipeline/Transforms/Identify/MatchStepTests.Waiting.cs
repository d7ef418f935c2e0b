using System.Text;
using CsCheck;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Identify;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Transforms.Identify;

/// <content>What waits until it is known whose it is.</content>
public sealed partial class MatchStepTests
{
    [Fact]
    public void A_parked_record_waits_until_a_rule_or_a_table_knows_whose_it_is()
    {
        var step = Step("park", "probable");
        Assert.Empty(Run(step, Row("espn:x", "Ann", hits: 1), Row("espn:x", "Ann", hits: 2), Row("espn:w", "Dan", hits: 3)));
        Assert.Equal(2, step.Parked);

        Assert.Equal(["player:mlb:2 Ann", "player:mlb:2 Ann 2"], Run(step, Row("mlb:2", "Ann")));
        tables.Current = FixedTables.Read("kind,mlb,espn\nplayer,8,w\n");
        Assert.Equal(["player:mlb:9 Zoe", "player:mlb:8 Dan 3"], Run(step, Row("mlb:9", "Zoe")));
        Assert.Equal((0, 0L), (step.Parked, step.ParkedBytes));
    }

    [Fact]
    public void Of_one_key_all_stays_in_order()
    {
        var step = Step("park", "probable");
        Run(step, Row("espn:x", "Ann", hits: 1));
        Assert.Equal(["player:mlb:2 Ann", "player:mlb:2 Ann 3"], Run(step, Row("mlb:2", "Ann"), Row("espn:x", "Ann", hits: 3)));
        Assert.Equal(["player:mlb:3 Ann", "player:mlb:4 Bob", "player:mlb:2 Ann 4"], Run(step, Row("mlb:3", "Ann"), Row("mlb:4", "Bob"), Row("espn:x", "Ann", May28), Row("mlb:2", "Ann", May28), Row("espn:x", "Ann", hits: 4)).Where(l => l != "player:mlb:2 Ann"));
    }

    [Fact]
    public void A_late_older_record_does_not_replace_the_one_that_waits()
    {
        var step = Step("park");
        Run(step, Row("espn:x", "Ann", hits: 5) with { At = 5 });
        Run(step, Row("espn:x", "Ann", hits: 4) with { At = 4 });
        tables.Current = FixedTables.Read("kind,mlb,espn\nplayer,8,x\n");
        Assert.Equal(["player:mlb:8 Ann 3", "player:mlb:8 Ann 5"], Run(step, Row("espn:x", "Ann", hits: 3) with { At = 3 }));
        Assert.Equal(0, step.Parked);
    }

    [Fact]
    public void A_released_record_is_what_it_was()
    {
        var step = Step("park");
        var before = new TestBatch();
        var document = before.Document("{\"whole\":\"payload\"}", source: 1, sequence: 77, received: TestBatch.Start - 5, origin: "http://espn/x");
        var row = before.Batch.AddRow(before.Schema.Type("player")!, document);
        before.Batch.LeaveDocument(document, RowState.Mapped, "");
        row.SetKey("player:espn:x"u8);
        TestBatch.Set(row, 0, "Zoë \"Z\"");
        TestBatch.Set(row, 4, new TestBatch.Token("0.2720"));
        row.Head.EventTime = TestBatch.Start - 9;
        row.Head.Invalid.Add(2);
        var expected = Encoding.UTF8.GetString(row.Detach().Data.Span);
        step.Run(before.Batch, TestBatch.Start);

        tables.Current = FixedTables.Read("kind,mlb,espn\nplayer,8,x\n");
        var after = new TestBatch();
        after.Row("player", "player:mlb:1");
        Assert.Empty(step.Run(after.Batch, TestBatch.Start));

        var released = after.Batch[1];
        Assert.Equal(expected.Replace("espn:x", "mlb:8", StringComparison.Ordinal)[..^1] + ",\"identity\":{\"beta\":\"certain\"}}", Encoding.UTF8.GetString(released.Detach().Data.Span));
        Assert.Equal((short)1, released.Head.Source);
        Assert.Equal("http://espn/x", after.Batch.Document(released.Head.Document).Origin);
        Assert.Equal("{\"whole\":\"payload\"}", Encoding.UTF8.GetString(after.Batch.Slice(released.Head.RawOffset, released.Head.RawLength)));
    }

    [Fact]
    public void What_waits_is_bounded_and_the_rest_goes_to_the_dead_letter()
    {
        var step = Step("park", maxParked: 2);
        var batch = new TestBatch();
        foreach (var id in new[] { "a", "b", "c", "a" })
        {
            batch.Row("player", $"player:espn:{id}", 1);
        }

        var left = step.Run(batch.Batch, TestBatch.Start);
        Assert.Equal([(RowState.Absorbed, "parked: unknown id"), (RowState.Absorbed, "parked: unknown id"), (RowState.Dead, "no room to wait"), (RowState.Absorbed, "parked: unknown id")], left.Select(d => (d.State, d.Reason)));
        Assert.Equal(2, step.Parked);

        var small = Step("park", maxParkedBytes: 4096);
        batch = new TestBatch();
        batch.Row("player", "player:espn:a", fields: ("name", new string('x', 5000)));
        Assert.Equal("no room to wait", Assert.Single(small.Run(batch.Batch, TestBatch.Start)).Reason);
        Assert.Equal(0, small.ParkedBytes);
    }
}
