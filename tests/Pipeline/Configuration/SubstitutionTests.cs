namespace StreamEngine.Pipeline.Tests.Configuration;

public sealed class SubstitutionTests
{
    [Theory]
    [InlineData("${HOST}", "h.example")]
    [InlineData("a ${HOST} b ${NONE:c} d", "a h.example b c d")]
    [InlineData("${NONE:}", "")]
    [InlineData("${EMPTY:x}", "x")]
    [InlineData("${EMPTY}", "")]
    [InlineData("${NONE:http://a:1}", "http://a:1")]
    [InlineData("$${HOST} $$", "${HOST} $$")]
    [InlineData("$$${HOST}", "$${HOST}")]
    [InlineData("{today} $ {x}", "{today} $ {x}")]
    [InlineData("${file:secret}", "pass=word")]
    [InlineData("${INJECT}", "\", \"seed\": 7, \"x\": \"")]
    public void TextsAreReplaced(string written, string expected)
    {
        using var folder = new TestFolder();
        folder.Write("secret", "pass=word\r\n");
        var environment = new Dictionary<string, string> { ["HOST"] = "h.example", ["EMPTY"] = "", ["INJECT"] = "\", \"seed\": 7, \"x\": \"" };
        var result = folder.Load(BrokenConfigs.Sound.Replace("\"players\"", $"\"{written}\"", StringComparison.Ordinal), environment: environment);
        Assert.Empty(TestFolder.Lines(result));
        Assert.Equal(expected, result.Definition!.Options.Name);
        Assert.Equal(1, result.Definition.Options.Seed);
    }

    [Fact]
    public void NumbersAndSwitchesMayBeSubstituted()
    {
        using var folder = new TestFolder();
        var text = BrokenConfigs.Sound
            .Replace("\"perSecond\": 2", "\"perSecond\": \"${RATE:3}\"", StringComparison.Ordinal)
            .Replace("\"required\": true", "\"required\": \"${STRICT}\"", StringComparison.Ordinal)
            .Replace("\"min\": 0 },\n      \"atBats\"", "\"min\": \"${NONE:-1.5}\" },\n      \"atBats\"", StringComparison.Ordinal);
        var result = folder.Load(text, environment: new Dictionary<string, string> { ["STRICT"] = "true" });
        Assert.Empty(TestFolder.Lines(result));
        Assert.Equal(3, result.Definition!.Options.Providers["mlb"].Throttle.PerSecond);
        Assert.True(result.Definition.Options.Records["player"].Fields["name"].Required);
        Assert.Equal(-1.5, result.Definition.Options.Records["player"].Fields["hits"].Min);
    }

    [Theory]
    [InlineData("${NONE", "'${' has no '}'; close it, or write '$${' for a literal '${'")]
    [InlineData("${1X}", "'1X' is not the name of an environment variable; write '${NAME}', or '$${' for a literal '${'")]
    [InlineData("${file:none}", "the file 'none' can't be read (it does not exist); create it, or correct its name")]
    [InlineData("${NONE}", "the environment variable NONE is not set; set it, or give a default: '${NONE:default}'")]
    public void WhatCannotBeReplacedIsAFaultAtItsPlace(string written, string message)
    {
        using var folder = new TestFolder();
        var result = folder.Load(BrokenConfigs.Sound.Replace("\"players\"", $"\"{written}\"", StringComparison.Ordinal));
        Assert.Equal([$"pipeline.json(3,11): error: name: {message}"], TestFolder.Lines(result));
    }

    [Fact]
    public void ValuesFromOutsideNeverStandInFaults()
    {
        using var folder = new TestFolder();
        folder.Write("secret", "hunter2-hunter2");
        var text = BrokenConfigs.Sound
            .Replace("\"failures\": 5", "\"failures\": \"${TOKEN}\"", StringComparison.Ordinal)
            .Replace("\"timeout\": \"5s\"", "\"timeout\": \"${file:secret}\"", StringComparison.Ordinal)
            .Replace("[\"feeds\"]", "[\"${TOKEN}\"]", StringComparison.Ordinal)
            .Replace("\"name\": \"players\"", "\"redis\": { \"url\": [\"plain-secret\"] }", StringComparison.Ordinal);
        var result = folder.Load(text, ["redis.prefix=[1]"], environment: new Dictionary<string, string> { ["TOKEN"] = "s3cr3t-s3cr3t" });
        var lines = string.Join('\n', TestFolder.Lines(result));
        Assert.Contains("providers.mlb.breaker.failures: expected a whole number, found the value of '${TOKEN}'", lines, StringComparison.Ordinal);
        Assert.Contains("there is no source or transform '${TOKEN}'", lines, StringComparison.Ordinal);
        Assert.Contains("providers.mlb.timeout: expected a duration such as '5s', found the value of '${file:secret}'", lines, StringComparison.Ordinal);
        Assert.Contains("redis.url: expected a text, found a list", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("plain-secret", lines, StringComparison.Ordinal);
    }
}
