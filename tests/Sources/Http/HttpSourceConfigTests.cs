using System.Text.Json.Nodes;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

/// <summary>The options as an operator writes them.</summary>
public class HttpSourceConfigTests
{
    private static LoadResult Load(string feeds, string provider = """{ "bearer": "t" }""") => LoadText(
        $$"""
        {
          "records": { "game": { "state": { "type": "string" } } },
          "providers": { "mlb": { "baseUrl": "https://example.test", "auth": {{provider}} } },
          "sources": {
            "schedule": { "type": "http", "provider": "mlb", "request": "/schedule?date={today}", "every": "1m" },
            "feeds": {{feeds}}
          },
          "transforms": { "read": { "type": "pass", "from": ["feeds", "schedule"] } },
          "sinks": { "out": { "type": "end", "from": ["read"] } }
        }
        """);

    private static LoadResult LoadText(string config) => ConfigLoader.LoadText(
        config,
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
    [InlineData("""{ "type": "http", "provider": "mlb", "request": "/a", "every": "90s", "pages": { "by": "page", "items": "$.data", "size": 100, "max": 5 }, "maxAge": "10m" }""")]
    [InlineData("""{ "type": "http", "provider": "mlb", "request": "/a", "every": "90s", "method": "POST", "body": { "query": "{ games }", "on": ["{today}"] }, "failsWhen": "exists($.errors)", "expects": "exists($.data)", "errorText": "$.errors[0].message" }""")]
    [InlineData("""{ "type": "http", "provider": "mlb", "request": "/a", "every": { "when": "$.games[*].state", "live": "5s", "*": "10m" } }""")]
    public void What_is_asked_and_what_is_expected_are_understood(string feeds) => Assert.Empty(Load(feeds).Faults);

    [Fact]
    public void The_examples_for_operators_are_whole()
    {
        var examples = System.IO.File.ReadAllText(Path.Combine(Maps.CommittedPipeline.Root, "docs", "requests.md")).Split("```jsonc\n")[1..];
        Assert.NotEmpty(examples);
        foreach (var example in examples)
        {
            var config = JsonNode.Parse(example[..example.IndexOf("```", StringComparison.Ordinal)])!.AsObject();
            config["records"] = JsonNode.Parse("""{ "game": { "state": { "type": "string" } } }""");
            config["transforms"] = new JsonObject { ["read"] = new JsonObject { ["type"] = "pass", ["from"] = new JsonArray([.. config["sources"]!.AsObject().Select(s => JsonValue.Create(s.Key))]) } };
            config["sinks"] = new JsonObject { ["out"] = new JsonObject { ["type"] = "end", ["from"] = "read" } };
            Assert.Empty(LoadText(config.ToJsonString()).Faults.Select(f => f.ToString()));
        }
    }

    [Theory]
    [InlineData("""{ "header": { "name": "X-Key", "value": "k" } }""")]
    [InlineData("""{ "query": { "name": "apiKey", "value": "k" } }""")]
    [InlineData("""{ "basic": { "user": "u", "password": "p" } }""")]
    [InlineData("""{ "token": { "url": "/oauth/token", "form": { "grant_type": "client_credentials", "client_id": "a", "client_secret": "b" }, "ahead": "2m" } }""")]
    public void A_provider_may_know_us_in_any_one_way(string auth) =>
        Assert.Empty(Load("""{ "type": "http", "provider": "mlb", "request": "/a", "every": "90s" }""", auth).Faults);

    [Theory]
    [InlineData("{}", "pipeline.json(3,62): error: providers.mlb.auth: says nothing; give one of header, query, bearer, basic and token")]
    [InlineData("""{ "bearer": "t", "basic": { "user": "u", "password": "p" } }""", "pipeline.json(3,62): error: providers.mlb.auth: gives bearer and basic; exactly one of header, query, bearer, basic and token counts, remove the others")]
    [InlineData("""{ "bearer": "" }""", "pipeline.json(3,82): error: providers.mlb.auth.bearer: is empty; give the token, such as \"${TOKEN}\"")]
    [InlineData("""{ "header": { "name": "X Key", "value": "k" } }""", "pipeline.json(3,92): error: providers.mlb.auth.header.name: 'X Key' is no name of a header; write one such as 'X-Api-Key'")]
    [InlineData("""{ "query": { "name": "a&b", "value": "k" } }""", "pipeline.json(3,91): error: providers.mlb.auth.query.name: 'a&b' is no name of a query parameter; write one such as 'apiKey'")]
    [InlineData("""{ "query": { "name": "a" } }""", "pipeline.json(3,72): error: providers.mlb.auth.query.value: required, but missing; add \"value\": a text")]
    [InlineData("""{ "basic": { "user": "a:b", "password": "k" } }""", "pipeline.json(3,91): error: providers.mlb.auth.basic.user: must not contain ':', which ends it when it is sent")]
    [InlineData("""{ "token": { "url": "ftp://x/y" } }""", "pipeline.json(3,90): error: providers.mlb.auth.token.url: must be an absolute http or https URL, or a path such as '/oauth/token'")]
    [InlineData("""{ "token": { "url": "/t", "path": "^.a" } }""", "pipeline.json(3,104): error: providers.mlb.auth.token.path: '^.a' looks beyond the answer; write a path into it, such as $.access_token")]
    [InlineData("""{ "bearer": "t" }, "headers": { "authorization": "x" }""", "pipeline.json(3,62): error: providers.mlb.auth: sends the header 'authorization', which stands under 'headers' too; remove it there")]
    public void Each_slip_in_how_a_provider_knows_us_is_told(string auth, string error) =>
        Assert.Equal([error], Load("""{ "type": "http", "provider": "mlb", "request": "/a", "every": "90s" }""", auth).Faults.Select(f => f.ToString()));

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
