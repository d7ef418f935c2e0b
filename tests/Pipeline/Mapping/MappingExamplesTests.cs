using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Pipeline.Tests.Mapping;

public sealed class MappingExamplesTests : IDisposable
{
    private const string Map = """
        [{ "record": "player", "each": "$.list[*]", "key": "player:{id}", "eventTime": "@fetched", "when": "not exists(gone)", "fields": { "name": "n", "hits": "h" } },
         { "record": "player", "each": "$.list[*]", "key": "player:{id}", "when": "gone == true", "removes": true, "now": "player:{to}" }]
        """;

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("""{"input":{"list":[{"id":1,"n":"a","h":2}]},"records":[{"key":"player:1","fields":{"name":"a","hits":2}}]}""")]
    [InlineData("""{"input":{"list":[{"id":1,"n":"a","h":"2"}]},"received":"2024-05-06T07:08:09Z","records":[{"kind":"player","key":"player:1","eventTime":"2024-05-06T07:08:09.000Z","fields":{"hits":2.0,"name":"a"}}]}""")]
    [InlineData("""{"input":{"list":[{"n":"a"}]},"refused":["missing key"]}""")]
    [InlineData("""{"input":{"list":[]},"records":[],"refused":["no records"]}""")]
    [InlineData("""{"input":{"list":[{"id":1,"gone":true}]},"received":"2024-05-06T07:08:09Z","records":[{"kind":"player","key":"player:1","event":"removed","eventTime":"2024-05-06T07:08:09.000Z"}]}""")]
    [InlineData("""{"input":{"list":[{"id":1,"gone":true,"to":2}]},"records":[{"key":"player:1","event":"removed","now":"player:2"}]}""")]
    [InlineData("")]
    public void Hold(string line) => Assert.Empty(Check(line));

    [Theory]
    [InlineData("""{"input":{"list":[{"id":1,"n":"a","h":2}]},"records":[{"key":"player:1","fields":{"name":"a","hits":3}}]}""", "record 1, 'player:1': fields.hits is 2, the example says 3")]
    [InlineData("""{"input":{"list":[{"id":1,"n":"a"}]},"records":[{"key":"player:1","fields":{"name":"a","hits":3}}]}""", "fields.hits is absent, the example says 3")]
    [InlineData("""{"input":{"list":[{"id":1,"n":"a","h":2}]},"records":[{"key":"player:1","fields":{"name":"a"}}]}""", "fields.hits is 2, the example has none")]
    [InlineData("""{"input":{"list":[{"id":1,"n":"a"}]},"records":[{"key":"player:2"}]}""", "key is \"player:1\", the example says \"player:2\"")]
    [InlineData("""{"input":{"list":[{"id":1,"n":"a"}]}}""", "record 1 is not in the example: {")]
    [InlineData("""{"input":{"list":[{"id":1,"n":"a"}]},"records":[{"key":"player:1"},{"key":"player:2"}]}""", "record 2 of the example is not made: {\"key\":\"player:2\"}")]
    [InlineData("""{"input":{"list":[{"n":"a"}]},"records":[]}""", "refused is [missing key: no value of at most 512 bytes at 'id': {\"n\":\"a\"}], the example says []")]
    [InlineData("""{"input":{"list":[{"id":1,"gone":true}]},"records":[{"now":"player:2"}]}""", "now is absent")]
    [InlineData("""{"input":{"list":[{"id":1,"gone":true,"to":1}]},"records":[{"now":"player:1"}]}""", "now is absent")]
    [InlineData("""{"input":{"list":[]},"record":[]}""", "'record' is no part of an example; did you mean 'records'?")]
    [InlineData("""{"inputs":{}}""", "an example has an 'input'")]
    [InlineData("""{"input":{},"received":"noon"}""", "'received' is a time such as")]
    [InlineData("""{"input":""", "an example is one line of JSON such as")]
    public void Say_where_they_differ(string line, string expected)
    {
        var faults = Check($"\n{line}\r\n");
        Assert.StartsWith("2: ", Assert.Single(faults), StringComparison.Ordinal);
        Assert.Contains(expected, faults[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Need_not_be_there() => Assert.Empty(Check(null));

    private List<string> Check(string? lines)
    {
        var file = folder.File("x.examples.jsonl");
        if (lines is not null)
        {
            File.WriteAllText(file, lines);
        }

        var found = new List<string>();
        var schema = TestBatch.DefaultSchema();
        MappingExamples.Check(new MappingTrial(schema, TestMapping.Compile(schema, Map, [])!), file, (line, message) => found.Add($"{line}: {message}"));
        return found;
    }
}
