namespace StreamEngine.Pipeline.Tests.Configuration;

public sealed class GraphTests
{
    private static string Config(string sources, string transforms, string sinks) => $$"""
        {
        "records": { "player": { "name": { "type": "string" } } },
        "providers": { "p": { "baseUrl": "demo:p" } },
        "sources": { {{sources}} },
        "transforms": { {{transforms}} },
        "sinks": { {{sinks}} }
        }
        """;

    private static string Source(string name, string more = "") => $"\"{name}\": {{ \"type\": \"http\", \"provider\": \"p\", \"request\": \"/\"{more} }}";

    private static string Transform(string name, params string[] from) => $"\"{name}\": {{ \"type\": \"deduplicate\", \"from\": [{string.Join(", ", from.Select(f => $"\"{f}\""))}] }}";

    private static string Sink(string name, params string[] from) => $"\"{name}\": {{ \"type\": \"cache\", \"from\": [{string.Join(", ", from.Select(f => $"\"{f}\""))}] }}";

    private static string[] Messages(string text)
    {
        using var folder = new TestFolder();
        return [.. folder.Load(text).Faults.Select(f => $"{f.Path}: {f.Message}")];
    }

    [Fact]
    public void ASourceMayBeReadByASource() =>
        Assert.Empty(Messages(Config(Source("schedule") + ", " + Source("feeds", ", \"for\": { \"from\": \"schedule\" }"), Transform("t", "feeds"), Sink("s", "t"))));

    [Fact]
    public void ASourceNobodyReadsIsAFault() =>
        Assert.Equal(
            ["sources.schedule: nobody reads 'schedule'; add it to the \"from\" of a transform, or remove it"],
            Messages(Config(Source("schedule") + ", " + Source("feeds"), Transform("t", "feeds"), Sink("s", "t"))));

    [Fact]
    public void FanInAndFanOutAreFine() =>
        Assert.Empty(Messages(Config(Source("a") + ", " + Source("b"), Transform("t", "a", "b") + ", " + Transform("u", "t") + ", " + Transform("v", "t", "u", "a"), Sink("s", "u", "v") + ", " + Sink("r", "v"))));

    [Fact]
    public void EachCircleIsNamedOnce() =>
        Assert.Equal(
            [
                "transforms.u.from[0]: goes in a circle: t reads v reads u reads t; remove one of these",
                "transforms.w.from[1]: goes in a circle: w reads w; remove one of these",
            ],
            Messages(Config(Source("a"), Transform("t", "a", "v") + ", " + Transform("u", "t") + ", " + Transform("v", "u") + ", " + Transform("w", "a", "w"), Sink("s", "t", "w"))));

    [Fact]
    public void NothingComesOutOfASink() =>
        Assert.Equal(
            ["transforms.t.from[1]: 's' is a sink, and nothing comes out of a sink; known: a, t"],
            Messages(Config(Source("a"), Transform("t", "a", "s"), Sink("s", "t"))));

    [Fact]
    public void ReadingTwiceIsAFault() =>
        Assert.Equal(["sinks.s.from[1]: 't' is named twice; remove one"], Messages(Config(Source("a"), Transform("t", "a"), Sink("s", "t", "t"))));

    [Fact]
    public void ABlockOfUnknownTypeStillCounts() =>
        Assert.Equal(
            ["transforms.t.type: unknown transform type 'zzz'; known: deduplicate, normalize"],
            Messages(Config(Source("a"), "\"t\": { \"type\": \"zzz\", \"from\": \"a\", \"unheard\": 1 }", Sink("s", "t"))));

    [Theory]
    [InlineData("\"type\": \"int\", \"monotonic\": \"game\", \"tolerance\": 0.5", null)]
    [InlineData("\"type\": \"int\", \"monotonic\": \"always\"", null)]
    [InlineData("\"type\": \"int\", \"monotonic\": \"gmae\"", "records.some.count.monotonic: 'gmae' is no other field of record 'some'; name the field that says what is counted in, or write 'always'; did you mean 'game'?")]
    [InlineData("\"type\": \"int\", \"monotonic\": \"count\"", "records.some.count.monotonic: 'count' is no other field of record 'some'; name the field that says what is counted in, or write 'always'; there are: always, game")]
    [InlineData("\"type\": \"string\", \"monotonic\": \"always\"", "records.some.count.monotonic: only int and number can be monotonic; remove it (the field's type is 'string')")]
    [InlineData("\"type\": \"string\", \"tolerance\": 1", "records.some.count.tolerance: only int and number have a tolerance; remove it (the field's type is 'string')")]
    public void OnlyNumbersCount(string field, string? expected)
    {
        var text = Config(Source("a"), Transform("t", "a"), Sink("s", "t"))
            .Replace("\"player\":", $"\"some\": {{ \"count\": {{ {field} }}, \"game\": {{ \"type\": \"string\" }} }}, \"player\":", StringComparison.Ordinal);
        Assert.Equal(expected is null ? [] : [expected], Messages(text));
    }

    [Fact]
    public void ARecordHasLimits()
    {
        var fields = string.Join(", ", Enumerable.Range(0, 129).Select(i => $"\"f{i}\": {{ \"type\": \"int\" }}"));
        var rules = string.Join(", ", Enumerable.Range(0, 65).Select(i => $"\"f{i} > 0\""));
        var text = Config(Source("a"), Transform("t", "a"), Sink("s", "t"))
            .Replace("\"player\":", $"\"wide\": {{ {fields} }}, \"strict\": {{ \"f0\": {{ \"type\": \"bool\", \"decimals\": 2, \"values\": [\"x\", \"x\"] }}, \"rules\": [{rules}] }}, \"none\": {{}}, \"player\":", StringComparison.Ordinal);
        var messages = Messages(text);
        Assert.Contains("records.wide: has 129 fields; a record has at most 128: split it into two kinds", messages);
        Assert.Contains("records.strict.rules: has 65 rules; a record has at most 64", messages);
        Assert.Contains("records.strict.f0.decimals: only a number has decimals; remove it (the field's type is 'bool')", messages);
        Assert.Contains("records.strict.f0.values: only an enum has values; remove it, or set \"type\": \"enum\" (found 'bool')", messages);
        Assert.Contains("records.strict.f0.values[1]: 'x' is listed twice; remove one", messages);
        Assert.Contains("records.none: a record needs at least one field; add one, such as \"name\": { \"type\": \"string\" }", messages);
    }
}
