using System.Text;
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
            var left = new IdentifyStep(new FixedTables(Read(Table, [])), unknown).Run(batch.Batch, TestBatch.Start);
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
        Assert.Empty(new IdentifyStep(new FixedTables(Read(Table, [])), "deadLetter").Run(batch.Batch, TestBatch.Start));
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

    [Theory]
    [InlineData("\uFEFFkind,mlb,sl\r\nplayer,1,\"a,\"\"b\"\"\"\r\n", "player:sl:a,\"b\"", "player:mlb:1")]
    [InlineData("kind,mlb,sl\nplayer,7,José\n", "player:sl:José", "player:mlb:7")]
    public void Reads_quotes_byte_order_marks_and_both_line_ends(string table, string key, string expected)
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("ids.csv"), Encoding.UTF8.GetBytes(table));
        AssertTranslates("ids.csv", folder, key, expected);
    }

    [Fact]
    public void Reads_a_list_of_json_objects()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("ids.json"), """
            [
              // Members may be missing, and stand in any order after the first.
              { "kind": "player", "mlb": 660271, "sl": "sl-17", "bw": null },
              { "kind": "player", "bw": "\u00e9-1", "mlb": "592450", "wire": 5 },
            ]
            """);
        AssertTranslates("ids.json", folder, "player:sl:sl-17", "player:mlb:660271");
        AssertTranslates("ids.json", folder, "player:bw:é-1", "player:mlb:592450");
        AssertTranslates("ids.json", folder, "player:wire:5", "player:mlb:592450");
    }

    [Theory]
    [InlineData("[\n{\"kind\":\"player\",\"mlb\":1,\"sl\":[2]}\n]", "2: 'sl' must be a text or a number")]
    [InlineData("[\n{\"kind\":\"player\",\"mlb\":1,\"sl\":\"a\"},\n{\"kind\":\"player\",\"sl\":\"b\"}]", "3: the row has no 'mlb' id")]
    [InlineData("[\n{\"kind\":\"player\",\n\"mlb\":1,,", "3: the file is no JSON from here on")]
    [InlineData("{}", "1: the file must hold a list of objects")]
    [InlineData("[\n\n5]", "3: each item of the list must be an object")]
    [InlineData("[]", "1: the header must be 'kind'")]
    public void Says_what_is_wrong_with_json_and_where(string table, string expected)
    {
        var faults = new List<string>();
        Action<int, string> error = (line, message) => faults.Add($"{line}: {message}");
        TableText.ReadJson(Encoding.UTF8.GetBytes(table), new Crosswalk().Rows(new IdentifyTableOptions(), error), error);
        Assert.StartsWith(expected, Assert.Single(faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("id,is\nplayer:espn:1,player\n", "2: 'player' is no key; write it like 'player:espn:33303'")]
    [InlineData("id,is\nplayer:espn:1,game:mlb:1\n", "2: 'player:espn:1' and 'game:mlb:1' are different kinds of things")]
    [InlineData("id,is,isNot\nplayer:espn:1,,\n", "2: a row says either what its id is or what it is not")]
    [InlineData("id,is\nplayer:mlb:1,player:mlb:2\nplayer:espn:1,player:mlb:1\n", "3: 'player:mlb:1' is something else by a row before")]
    [InlineData("id,is\nplayer:espn:1,player:mlb:2\nplayer:espn:1,player:mlb:3\n", "3: there is a row for 'player:espn:1' before")]
    [InlineData("id,are\n", "1: the header must be 'id,is,isNot'")]
    public void Says_what_is_wrong_with_overrides_and_where(string table, string expected)
    {
        var faults = new List<string>();
        Action<int, string> error = (line, message) => faults.Add($"{line}: {message}");
        TableText.ReadCsv(new StringReader(table), new Crosswalk().Overrides(error), error);
        Assert.StartsWith(expected, Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Translating_costs_no_allocation()
    {
        var step = new IdentifyStep(new FixedTables(Read(Table, [])), "pass");
        var batch = new TestBatch();
        for (var i = 0; i < 300; i++)
        {
            batch.Row("player", (i % 3) switch { 0 => "player:statline:sl-17", 1 => "player:mlb:1", _ => "player:wire:none" });
        }

        batch.Batch.GetSpan(64 * 1024);
        step.Process(batch.Batch.Whole, new(TestBatch.Start));
        var before = GC.GetAllocatedBytesForCurrentThread();
        step.Process(batch.Batch.Whole, new(TestBatch.Start));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void AssertTranslates(string file, TempFolder folder, string key, string expected)
    {
        var faults = new List<string>();
        var crosswalk = CrosswalkLoader.Read(new IdentifyOptions { Tables = [new() { Path = file }] }, folder.File, (_, message) => faults.Add(message));
        Assert.Empty(faults);
        Assert.True(crosswalk.TryTranslate(Encoding.UTF8.GetBytes(key), out var ours));
        Assert.Equal(expected, Encoding.UTF8.GetString(ours));
    }

    private static Crosswalk Read(string table, List<string> faults)
    {
        var crosswalk = new Crosswalk();
        crosswalk.Read(new StringReader(table), (line, message) => faults.Add($"{line}: {message}"));
        return crosswalk;
    }
}
