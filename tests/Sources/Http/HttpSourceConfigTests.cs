using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

/// <summary>The options as an operator writes them.</summary>
public class HttpSourceConfigTests
{
    private static LoadResult Load(string feeds) => ConfigLoader.LoadText(
        $$"""
        {
          "records": { "game": { "state": { "type": "string" } } },
          "providers": { "mlb": { "baseUrl": "https://example.test" } },
          "sources": {
            "schedule": { "type": "http", "provider": "mlb", "request": "/schedule?date={today}", "every": "1m" },
            "feeds": {{feeds}}
          },
          "transforms": { "read": { "type": "pass", "from": ["feeds", "schedule"] } },
          "sinks": { "out": { "type": "end", "from": ["read"] } }
        }
        """,
        "pipeline.json",
        "/",
        new BlockCatalog([
            .. SourceTypes.All,
            BlockType.Transform<PassOptions>("pass", "", (_, _) => throw new NotSupportedException()),
            BlockType.Sink<EndOptions>("end", "", (_, _) => throw new NotSupportedException()),
        ]),
        [],
        _ => null);

    [Theory]
    [InlineData("""{ "type": "http", "provider": "mlb", "request": "/a", "every": "90s", "jitter": 0.2 }""")]
    [InlineData("""{ "type": "http", "provider": "mlb", "request": ["/a", "/b"], "every": { "*": "90s" }, "headers": { "X-Key": "k" } }""")]
    [InlineData("""{ "type": "http", "provider": "mlb", "request": "/game/{game}", "for": { "from": "schedule", "each": "$.games[*]", "game": "id", "state": "status.state" }, "every": { "when": "state", "Live": "5s", "*": "10m" }, "maxRequests": 4 }""")]
    public void Short_and_long_forms_are_understood(string feeds) => Assert.Empty(Load(feeds).Faults);

    [Theory]
    [InlineData("""{ "type": "http", "provider": "mlb", "request": "/a", "every": "5" }""", "sources.feeds.every")]
    [InlineData("""{ "type": "http", "provider": "mlb", "request": "/a", "every": { "when": "state", "Live": "5s" } }""", "sources.feeds.every.*")]
    [InlineData("""{ "type": "http", "provider": "mlb", "request": "/{id}", "every": "5s", "for": { "from": "shedule", "each": "$", "id": "id" } }""", "sources.feeds.for.from")]
    [InlineData("""{ "type": "http", "provider": "mbl", "request": "/a", "every": "5s" }""", "sources.feeds.provider")]
    public void Each_slip_is_reported_once_where_it_is(string feeds, string path)
    {
        Assert.Equal([path], Load(feeds).Faults.Where(f => f.Severity == FaultSeverity.Error).Select(f => f.Path));
    }

    [Fact]
    public void The_value_of_a_state_gives_the_interval()
    {
        var every = new EveryOptions { When = "state", Otherwise = Duration.Seconds(600), Values = new Dictionary<string, Duration> { ["Live"] = Duration.Seconds(5) } };
        Assert.Equal([5, 600, 600, 5], new[] { every.For("Live"), every.For("Final"), every.For(null), every.Shortest }.Select(e => e.TotalSeconds));
    }

    private sealed record PassOptions : TransformOptions;

    private sealed record EndOptions : SinkOptions;
}
