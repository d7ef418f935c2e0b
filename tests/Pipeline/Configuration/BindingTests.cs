using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Tests.Configuration;

public sealed class BindingTests
{
    private static string With(string from, string to) => BrokenConfigs.Sound.Replace(from, to, StringComparison.Ordinal);

    [Fact]
    public void AShortFormAndOtherMembersFillTheSameRecord()
    {
        using var folder = new TestFolder();
        var always = (FakeHttpOptions)folder.Load(BrokenConfigs.Sound).Definition!.Options.Sources["feeds"];
        Assert.Equal(Duration.Seconds(5), always.Every!.Always);
        Assert.Equal(["/feed"], always.Request);

        var byState = (FakeHttpOptions)folder.Load(With("\"every\": \"5s\"", "\"every\": { \"when\": \"state\", \"Live\": \"5s\", \"*\": \"10m\" }")).Definition!.Options.Sources["feeds"];
        Assert.Equal("state", byState.Every!.When);
        Assert.Equal([new("Live", Duration.Seconds(5)), new("*", Duration.Seconds(600))], byState.Every.ByState.ToArray());
    }

    [Theory]
    [InlineData("\"every\": 5", "sources.feeds.every: expected a duration such as '5s' or an object, found number 5")]
    [InlineData("\"every\": { \"*\": \"1ms\" }", "sources.feeds.every.*: must be between 100ms and 1d, found text '1ms'")]
    [InlineData("\"every\": \"5s\", \"jitter\": 1.5", "sources.feeds.jitter: must be between 0 and 1, found number 1.5")]
    [InlineData("\"every\": \"5s\", \"for\": {}", "sources.feeds.for.from: required, but missing; add \"from\": a text")]
    [InlineData("\"every\": \"5s\", \"for\": { \"from\": \"feeds\", \"a b.c\": 1 }", "sources.feeds.for['a b.c']: expected a text, found number 1")]
    public void FaultsInsideABlockNameTheirPath(string every, string expected)
    {
        using var folder = new TestFolder();
        Assert.EndsWith(": error: " + expected, Assert.Single(TestFolder.Lines(folder.Load(With("\"every\": \"5s\"", every)))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"evict\": \"newest\"", "evict: expected one of oldestFirst, newestFirst, found text 'newest'")]
    [InlineData("\"by\": [\"key\", \"contents\"]", "by[1]: expected one of key, content, sequence, found text 'contents'; did you mean 'content'?")]
    [InlineData("\"by\": [null]", "by[0]: null is no value here; write one of key, content, sequence, or remove the setting")]
    [InlineData("\"mark\": {}", "mark: expected a text, number, true or false, found an object")]
    public void ValuesOfAClosedSetAreNamed(string setting, string expected)
    {
        using var folder = new TestFolder();
        Assert.EndsWith(": error: transforms.unique." + expected, Assert.Single(TestFolder.Lines(folder.Load(With("\"window\": \"10m\"", setting)))), StringComparison.Ordinal);
    }

    [Fact]
    public void ConstantsAndJsonKeepTheirKind()
    {
        using var folder = new TestFolder();
        var options = (FakeDeduplicateOptions)folder.Load(With("\"window\": \"10m\"", "\"evict\": \"newestFirst\", \"mark\": 5, \"extra\": { \"a\": [1.50, null, \"é\"] }")).Definition!.Options.Transforms["unique"];
        Assert.Equal(FakePolicy.NewestFirst, options.Evict);
        Assert.Equal(5L, options.Mark);
        Assert.Equal(1.50m, options.Extra.GetProperty("a")[0].GetDecimal());
        Assert.Equal("é", options.Extra.GetProperty("a")[2].GetString());
    }

    [Fact]
    public void ABlockOfAnotherKindIsCalledSo()
    {
        using var folder = new TestFolder();
        var lines = TestFolder.Lines(folder.Load(With("\"type\": \"deduplicate\"", "\"type\": \"cache\"")));
        Assert.EndsWith("transforms.unique.type: 'cache' is a sink, not a transform; known: deduplicate, normalize", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public void SlotsAndSourcesFollowTheOrderOfTheFile()
    {
        using var folder = new TestFolder();
        var schema = folder.Load(With("\"timeout\": \"5s\"", "\"priority\": 3, \"reliability\": 0.5")).Definition!.Schema;
        var player = Assert.Single(schema.Types);
        Assert.Equal(["name", "hits", "atBats", "state"], player.Fields.Select(f => f.Name));
        Assert.Equal([0, 1, 2, 3], player.Fields.Select(f => f.Slot));
        Assert.Equal(FieldType.Enum, player.Field("state")!.Type);
        Assert.Equal("injured"u8.ToArray(), player.Field("state")!.Values[1]);
        Assert.Equal(0, player.Field("hits")!.Min);
        Assert.True(player.Field("name")!.Required);
        Assert.Equal(["hits <= atBats"], player.Rules);
        var source = Assert.Single(schema.Sources);
        Assert.Equal(("feeds", 0, 3, 0.5), (source.Name, source.Index, source.Priority, source.Reliability));
    }

    [Fact]
    public void AMappingIsCheckedAgainstTheRecords()
    {
        using var folder = new TestFolder(BrokenConfigs.SoundMap.Replace("\"hits\": \"hits\"", "\"homeRuns\": { \"const\": 1 }, \"runs\": \"r\"", StringComparison.Ordinal));
        Assert.Equal(
            [
                "maps/players.json(6,33): error: [0].fields.homeRuns: field 'homeRuns' is not in record 'player'",
                "maps/players.json(6,69): error: [0].fields.runs: field 'runs' is not in record 'player'",
            ],
            TestFolder.Lines(folder.Load(BrokenConfigs.Sound)));
    }

    [Fact]
    public void AMappingUsedTwiceIsReportedOnce()
    {
        using var folder = new TestFolder("[{]");
        var text = With("\"unique\": {", "\"again\": { \"type\": \"normalize\", \"from\": \"feeds\", \"map\": \"maps/players.json\" }, \"unique\": {")
            .Replace("[\"unique\"]", "[\"unique\", \"again\"]", StringComparison.Ordinal);
        Assert.StartsWith("maps/players.json(1,3): error: not valid JSON", Assert.Single(TestFolder.Lines(folder.Load(text))), StringComparison.Ordinal);
    }

    [Fact]
    public void AWarningLeavesTheDefinition()
    {
        using var folder = new TestFolder();
        var text = With("\"providers\": {", "\"providers\": { \"spare\": { \"baseUrl\": \"demo:flaky\" },")
            .Replace("\"map\":", "\"strict\": true, \"map\":", StringComparison.Ordinal);
        var result = folder.Load(text);
        Assert.Equal(
            [
                "pipeline.json(13,18): warning: providers.spare: no source uses the provider 'spare'; name it in a source's \"provider\", or remove it",
                "pipeline.json(25,71): warning: transforms.normalized.strict: normalized drops what it doesn't know",
            ],
            TestFolder.Lines(result));
        Assert.NotNull(result.Definition);
    }
}
