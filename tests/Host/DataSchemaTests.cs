using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using StreamEngine.Host.Running;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Records;
using JsonSchema = Json.Schema.JsonSchema;

namespace StreamEngine.Host.Tests;

/// <summary>The schema of records against what pipelines really write.</summary>
public sealed class DataSchemaTests
{
    private static readonly EvaluationOptions Options = new() { OutputFormat = OutputFormat.List, RequireFormatValidation = true };

    [Fact]
    public async Task All_that_the_default_pipeline_writes_is_valid()
    {
        using var folder = new Folder();
        var archive = folder.File("records.jsonl");
        await using var host = HostProcess.Start(Repo.Root, null, "--urls", "http://127.0.0.1:0", "--set", $"sinks.archive.path={archive}", "--set", $"deadLetter.path={folder.File("dead.jsonl")}");
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        while (Directory.EnumerateFiles(folder.Path, "records*").Sum(f => new FileInfo(f).Length) < 20_000)
        {
            await Task.Delay(50, limit.Token);
        }

        Assert.Equal(0, await host.StopAsync());
        var schemas = Schemas(Path.Combine(Repo.Root, "pipeline.json"));
        var kinds = Lines(archive).Select(l => Validate(schemas, l)).ToHashSet();
        Assert.Superset(new HashSet<string> { "player", "game" }, kinds);
    }

    [Fact]
    public async Task All_that_a_merge_of_everything_writes_is_valid_and_nothing_in_the_schema_is_idle()
    {
        using var folder = new Folder();
        await RunAsync(folder, merge: true);
        var schemas = Schemas(folder.File("pipeline.json"));
        var lines = Lines(folder.File("out.jsonl")).ToList();
        var updates = lines.Where(l => (string?)l["event"] != "removed").ToList();
        Assert.All(updates, l => Validate(schemas, l));

        // Else it would prove nothing of the rare ones. Those two the default pipeline has.
        var properties = schemas["player"]["properties"]!.AsObject();
        Assert.Empty(properties.Select(p => p.Key).Except(["conflicts", "identity"]).Except(updates.SelectMany(l => l.Select(m => m.Key))));
        Assert.Empty(properties["fields"]!["properties"]!.AsObject().Select(p => p.Key).Except(updates.SelectMany(l => l["fields"]!.AsObject().Select(m => m.Key))));
        Assert.Superset(new HashSet<string?> { "player_update", "renamed" }, updates.Select(l => (string?)l["event"]).ToHashSet());

        // What is told of a record that is gone is none.
        var removal = Assert.Single(lines.Except(updates));
        Assert.NotEmpty(Faults(schemas["player"], removal));
    }

    [Fact]
    public async Task What_a_mapping_alone_makes_is_valid()
    {
        using var folder = new Folder();
        await RunAsync(folder, merge: false);
        var schemas = Schemas(folder.File("pipeline.json"));
        var updates = Lines(folder.File("out.jsonl")).Where(l => (string?)l["event"] != "removed").ToList();

        Assert.All(updates, l => Assert.Equal("player", Validate(schemas, l)));
        Assert.DoesNotContain(updates, l => l.ContainsKey("revision") || l.ContainsKey("quality"));
    }

    [Theory]
    [InlineData("key", "null")]
    [InlineData("kind", "\"game\"")]
    [InlineData("event", "\"removed\"")]
    [InlineData("revision", "0")]
    [InlineData("sequence", "1.5")]
    [InlineData("eventTime", "\"2026-04-01T18:00:00Z\"")]
    [InlineData("receivedTime", "\"2026-13-01T18:00:00.000Z\"")]
    [InlineData("source", "1")]
    [InlineData("quality", "{\"score\":1.01,\"level\":\"high\",\"reasons\":[]}")]
    [InlineData("quality", "{\"score\":1,\"level\":\"unscored\",\"reasons\":[]}")]
    [InlineData("quality", "{\"score\":1,\"level\":\"high\"}")]
    [InlineData("changed", "[]")]
    [InlineData("changed", "[\"nme\"]")]
    [InlineData("corrected", "\"hits\"")]
    [InlineData("conflicts", "[1]")]
    [InlineData("fields", "{\"hits\":1.5}")]
    [InlineData("fields", "{\"hits\":\"1\"}")]
    [InlineData("fields", "{\"average\":\"0.3\"}")]
    [InlineData("fields", "{\"active\":1}")]
    [InlineData("fields", "{\"born\":\"yesterday\"}")]
    [InlineData("fields", "{\"side\":\"middle\"}")]
    [InlineData("fields", "{\"name\":null}")]
    [InlineData("fields", "{\"nme\":\"A\"}")]
    [InlineData("provenance", "{\"nme\":\"first\"}")]
    [InlineData("provenance", "{\"name\":1}")]
    [InlineData("identity", "{\"second\":\"none\"}")]
    public async Task What_no_pipeline_writes_is_not(string member, string value)
    {
        using var folder = new Folder();
        Config(folder, merge: true);
        var schema = Schemas(folder.File("pipeline.json"))["player"];
        var good = JsonNode.Parse("""
            {"key":"player:mlb:1","kind":"player","event":"renamed","revision":3,"sequence":7,"eventTime":"2026-04-01T18:00:00.000Z","receivedTime":"2026-04-01T18:00:00.000Z","source":"first",
            "quality":{"score":0.9,"level":"high","reasons":["old"]},"changed":["name"],"fields":{"name":"A","hits":1,"average":0.3,"active":true,"side":"left"},"provenance":{"name":"first"},"identity":{"second":"certain"}}
            """)!.AsObject();
        Assert.Empty(Faults(schema, good));
        good[member] = JsonNode.Parse(value);
        Assert.NotEmpty(Faults(schema, good));
        if (schema["required"]!.AsArray().Any(r => (string?)r == member))
        {
            good.Remove(member);
            Assert.NotEmpty(Faults(schema, good));
        }

        await Task.CompletedTask;
    }

    /// <summary>Two files that tell of one player under two ids, contradict each other, correct themselves and take something back.</summary>
    private static void Config(Folder folder, bool merge)
    {
        folder.Write("first.jsonl", """
            {"ns":"mlb","id":1,"at":"2026-04-01T18:00:00Z","name":"Ann \"A\" \u00c4","h":3,"avg":0.30049,"on":true,"born":"2000-02-03","side":"L","cm":180}
            {"ns":"mlb","id":1,"at":"2026-04-01T18:00:02Z","name":"Anna","h":2,"avg":".301","on":false,"side":"R"}
            {"ns":"mlb","id":2,"at":"2026-04-01T18:00:02Z","name":"Bob","h":-1,"avg":12345678901234567890123}
            {"ns":"mlb","id":2,"at":"2026-04-01T18:00:03Z","gone":true}

            """);
        folder.Write("second.jsonl", """
            {"ns":"espn","id":"e1","at":"2026-04-01T18:00:01Z","name":"Ann","h":9,"avg":0.4}
            {"ns":"espn","id":"e1","at":"2026-04-01T18:00:03Z","name":"Ann","h":10,"avg":0.4}

            """);
        folder.Write("ids.csv", "mlb,espn\n1,e1\n");
        folder.Write("map.json", """
            [
              { "when": "gone == true", "record": "player", "key": "player:{ns}:{id}", "eventTime": "at", "removes": true },
              { "when": "not exists(gone)", "record": "player", "key": "player:{ns}:{id}", "eventTime": "at",
                "fields": { "name": "name", "hits": "h", "average": "avg", "active": "on", "born": { "path": "born", "format": "yyyy-MM-dd", "zone": "UTC" }, "side": { "path": "side", "values": { "L": "left", "R": "right" } }, "height": "cm" } }
            ]
            """);
        var more = """
            "known": { "type": "identify", "from": ["normalized"], "tables": [{ "path": "ids.csv", "kind": "player" }] },
            "unique": { "type": "deduplicate", "from": ["known"], "window": "10m" },
            "scored": { "type": "score", "from": ["unique"] },
            "trusted": { "type": "merge", "from": ["scored"], "conflictWithin": "1h", "events": { "renamed": { "record": "player", "when": "changed(name)" } } }
            """;
        folder.Write("pipeline.json", $$"""
            {
              "clock": "event",
              "records": { "player": {
                "name": { "type": "string", "required": true }, "hits": { "type": "int", "min": 0, "monotonic": "always" }, "average": { "type": "number", "decimals": 3 }, "active": { "type": "bool" },
                "born": { "type": "time" }, "side": { "type": "enum", "values": ["left", "right"] }, "height": { "type": "number", "unit": "cm" }, "rules": ["hits <= 8"] } },
              "sources": { "first": { "type": "file", "path": "first.jsonl" }, "second": { "type": "file", "path": "second.jsonl" } },
              "transforms": { "normalized": { "type": "normalize", "from": ["first", "second"], "map": "map.json" }{{(merge ? "," + more : "")}} },
              "sinks": { "out": { "type": "file", "from": ["{{(merge ? "trusted" : "normalized")}}"], "path": "out.jsonl" } },
              "deadLetter": { "path": "dead.jsonl" }
            }
            """);
    }

    private static async Task RunAsync(Folder folder, bool merge)
    {
        Config(folder, merge);
        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "run", "--urls", "http://127.0.0.1:0");
        Assert.True(code == 0, output + error);
        Assert.False(File.Exists(folder.File("dead.jsonl")) && folder.Lines("dead.jsonl").Length > 0, string.Join('\n', folder.Lines("out.jsonl")));
    }

    /// <summary>The schemas of a pipeline's records, by kind; nothing may be in a record that they don't name.</summary>
    private static Dictionary<string, JsonObject> Schemas(string file)
    {
        var loaded = ConfigLoader.Load(file, Catalog.All, [], _ => null);
        Assert.True(loaded.Definition is not null, string.Join('\n', loaded.Faults));
        return loaded.Definition.Schema.Types.ToDictionary(t => t.Name, t =>
        {
            var schema = DataSchema.Of(t);
            Assert.Empty(Faults(MetaSchemas.Draft202012, schema));
            schema["additionalProperties"] = false;
            schema["properties"]!["quality"]!["additionalProperties"] = false;
            return schema;
        });
    }

    private static IEnumerable<JsonObject> Lines(string file) => File.ReadLines(file).Select(l => JsonNode.Parse(l)!.AsObject());

    private static string Validate(Dictionary<string, JsonObject> schemas, JsonObject record)
    {
        var kind = (string)record["kind"]!;
        Assert.Empty(Faults(schemas[kind], record));
        return kind;
    }

    private static List<string> Faults(JsonObject schema, JsonObject record) => Faults(JsonSchema.FromText(schema.ToJsonString()), record);

    private static List<string> Faults(JsonSchema schema, JsonObject record)
    {
        var result = schema.Evaluate(JsonSerializer.SerializeToElement(record), Options);
        return result.IsValid ? [] : [.. (result.Details ?? []).Where(d => d.Errors is not null).Select(d => $"{d.InstanceLocation}: {string.Join(", ", d.Errors!.Values)}"), record.ToJsonString()];
    }
}
