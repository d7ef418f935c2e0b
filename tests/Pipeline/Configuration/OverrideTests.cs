using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Tests.Configuration;

public sealed class OverrideTests
{
    [Fact]
    public void OverridesWinAndMayCreateWhatIsNotThere()
    {
        using var folder = new TestFolder();
        var result = folder.Load(BrokenConfigs.Sound,
        [
            "server.urls=http://127.0.0.1:9000", "providers.mlb.throttle.perMinute=30", "name=5", "seed=7",
            "transforms.unique.by=[\"content\"]", "records.player.state.values[1]=out", "records.player.rules[1]=hits > 0",
            "sinks.archive.gzip=true", "server.drainTimeout=\"3s\"", "deadLetter={\"path\":\"\"}",
        ]);
        Assert.Empty(TestFolder.Lines(result));
        var options = result.Definition!.Options;
        Assert.Equal("http://127.0.0.1:9000", options.Server.Urls);
        Assert.Equal(Duration.Seconds(3), options.Server.DrainTimeout);
        Assert.Equal(30, options.Providers["mlb"].Throttle.PerMinute);
        Assert.Equal(2, options.Providers["mlb"].Throttle.PerSecond);
        Assert.Equal("5", options.Name);
        Assert.Equal(7, options.Seed);
        Assert.Equal(["content"], ((FakeDeduplicateOptions)options.Transforms["unique"]).By);
        Assert.Equal(["active", "out"], options.Records["player"].Fields["state"].Values);
        Assert.Equal(["hits <= atBats", "hits > 0"], options.Records["player"].Rules);
        Assert.True(((FakeFileSinkOptions)options.Sinks["archive"]).Gzip);
        Assert.Equal("", options.DeadLetter.Path);
    }

    [Theory]
    [InlineData("server.url=http://x", "--set(1,8): error: server.url: unknown setting; did you mean 'urls'?")]
    [InlineData("sever.urls=http://x", "--set(1,1): error: sever: unknown setting; did you mean 'server'?")]
    [InlineData("providers.mlb.timeout=soon", "--set(1,23): error: providers.mlb.timeout: expected a duration such as '5s', found text 'soon'")]
    [InlineData("providers.mlb.throttle={\"perSecond\":0}", "--set(1,37): error: providers.mlb.throttle.perSecond: must be between 1 and 100000, found number 0")]
    [InlineData("name.x=1", "--set(1,6): error: name: is not an object; set it as a whole")]
    [InlineData("name[0]=1", "--set(1,5): error: name: is not a list; set it as a whole")]
    [InlineData("records.player.rules[5]=a", "--set(1,21): error: records.player.rules[5]: the list has 1 items; the first is [0]")]
    [InlineData("server", "--set(1,1): error: 'server' is not an override; write path=value, such as server.urls=http://127.0.0.1:9000")]
    [InlineData("server.=s3cret", "--set(1,1): error: 'server.' is not an override; write path=value, such as server.urls=http://127.0.0.1:9000")]
    [InlineData("transforms.unique.from[0]=x", "--set(1,27): error: transforms.unique.from[0]: there is no source or transform 'x'; known: feeds, normalized, unique")]
    public void AFaultOfAnOverrideStandsInTheOverride(string text, string expected)
    {
        using var folder = new TestFolder();
        Assert.Contains(expected, TestFolder.Lines(folder.Load(BrokenConfigs.Sound, [text])));
    }

    [Fact]
    public void AnOverrideReplacesAnUnsetVariable()
    {
        using var folder = new TestFolder();
        var text = BrokenConfigs.Sound.Replace("\"players\"", "\"${NONE}\"", StringComparison.Ordinal);
        Assert.Empty(TestFolder.Lines(folder.Load(text, ["seed=2", "name=n"])));
        Assert.StartsWith("--set(2,6): error: name: ", Assert.Single(TestFolder.Lines(folder.Load(text, ["seed=2", "name=${NONE2}"]))), StringComparison.Ordinal);
    }
}
