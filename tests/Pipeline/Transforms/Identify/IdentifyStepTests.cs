using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Identify;

namespace StreamEngine.Pipeline.Tests.Transforms.Identify;

public class IdentifyStepTests
{
    private const string Table = """
        kind,mlb,statline,boxwire
        player,660271,sl-17,bw-ohtani
        player,592450,,"bw,judge"

        game, 745570 ,g-1,
        """;

    [Theory]
    [InlineData("player:statline:sl-17", "player:mlb:660271")]
    [InlineData("player:boxwire:bw-ohtani", "player:mlb:660271")]
    [InlineData("player:boxwire:bw,judge", "player:mlb:592450")]
    [InlineData("game:statline:g-1", "game:mlb:745570")]
    [InlineData("player:mlb:1", "player:mlb:1")]
    [InlineData("player:statline:sl-99", null)]
    [InlineData("game:boxwire:", null)]
    [InlineData("odd", null)]
    public void Translates(string key, string? expected)
    {
        foreach (var unknown in new[] { "pass", "filter", "deadLetter" })
        {
            var batch = new TestBatch();
            batch.Row("player", key);
            var left = new IdentifyStep(Read(Table, []), unknown).Run(batch.Batch, TestBatch.Start);
            var dropped = expected is null && unknown != "pass";
            Assert.Equal(expected ?? key, batch.Key(0));
            Assert.Equal(dropped ? 0 : 1, batch.Batch.Live);
            Assert.Equal(dropped ? [unknown == "filter" ? RowState.Filtered : RowState.Dead] : [], left.Select(d => d.State));
        }
    }

    [Fact]
    public void Confirmations_are_translated_too()
    {
        var batch = new TestBatch();
        batch.Row("player", "player:statline:sl-17", op: RowOp.Confirmed);
        Assert.Empty(new IdentifyStep(Read(Table, []), "deadLetter").Run(batch.Batch, TestBatch.Start));
        Assert.Equal("player:mlb:660271", batch.Key(0));
    }

    [Theory]
    [InlineData("kind,mlb\nplayer,1", "1: the header must be")]
    [InlineData("", "1: the header must be")]
    [InlineData("kind,mlb,mlb\n", "1: the header must be")]
    [InlineData("kind,mlb,sl\nplayer,1,a\nplayer,2,a", "3: 'player:sl:a' is 'player:mlb:2' here and 'player:mlb:1' before")]
    [InlineData("kind,mlb,sl\nplayer,1,a\n\nplayer,,b", "4: the row has no 'mlb' id")]
    [InlineData("kind,mlb,sl\n,1,a", "2: the row has no kind")]
    [InlineData("kind,mlb,sl\nplayer,1", "2: the row has 2 cells, the header 3")]
    [InlineData("kind,mlb,sl\nplayer,1,a\"b\"\n", "2: a quote is out of place")]
    public void Says_what_is_wrong_and_where(string table, string expected)
    {
        var faults = new List<string>();
        Read(table, faults);
        Assert.StartsWith(expected, Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_row_twice_is_no_conflict()
    {
        var faults = new List<string>();
        Assert.Equal(1, Read("kind,mlb,sl\nplayer,1,a\nplayer,1,a", faults).Count);
        Assert.Empty(faults);
    }

    [Fact]
    public void One_kind_has_one_namespace_of_ours()
    {
        var faults = new List<string>();
        var crosswalk = Read("kind,mlb,sl\nplayer,1,a", faults);
        crosswalk.Read(new StringReader("kind,retro,sl\nplayer,1,b"), (line, message) => faults.Add($"{line}: {message}"));
        Assert.Contains("one kind has one", Assert.Single(faults), StringComparison.Ordinal);
    }

    private static Crosswalk Read(string table, List<string> faults)
    {
        var crosswalk = new Crosswalk();
        crosswalk.Read(new StringReader(table), (line, message) => faults.Add($"{line}: {message}"));
        return crosswalk;
    }
}
