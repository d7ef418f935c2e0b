using System.Text;
using System.Text.Json;
using StreamEngine.Host.Running;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using ConfigFile = StreamEngine.Host.Cli.ConfigFile;

namespace StreamEngine.Simulation.Tests;

/// <summary>A pipeline.json is played, without sources and sinks.</summary>
public sealed class RehearsalTests : IDisposable
{
    private const string Pipeline = """
        {
          "name": "small",
          "clock": "CLOCK",
          "records": { "player": { "name": { "type": "string", "required": true }, "hits": { "type": "int", "min": 0 } } },
          "sources": { "lines": { "type": "file", "path": "in.jsonl" }, "more": { "type": "file", "path": "more.jsonl" } },
          "transforms": {
            "normalized": { "type": "normalize", "from": ["lines", "more"], "map": "map.json" },
            "unique": { "type": "deduplicate", "from": ["normalized"], "window": "10m" },
            "trusted": { "type": "merge", "from": ["unique"] }
          },
          "sinks": {
            "out": { "type": "file", "from": ["trusted"], "path": "out.jsonl" },
            "all": { "type": "file", "from": ["normalized"], "path": "all.jsonl" }
          },
          "deadLetter": { "path": "dead.jsonl" }
        }
        """;

    private const string Map = """[{ "record": "player", "key": "player:x:{id}", "eventTime": "$.at", "fields": { "name": "name", "hits": "h" } }]""";

    private readonly string folder = Directory.CreateTempSubdirectory("streamengine-").FullName;
    private readonly VirtualClock clock = new();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_repetition_is_known_as_long_as_the_window_says()
    {
        using var play = new Rehearsal(Load("wall"), clock);
        await play.PlayAsync(
        [
            At(0, "lines", 1, "Ada", 3),
            At(1, "lines", 1, "Ada", 3),
            At(599, "lines", 1, "Ada", 3),
            At(700, "more", 1, "Ada", 4),
            At(5000, "lines", 1, "Ada", 3),
        ]);
        play.Receive("lines", "not JSON"u8);

        var books = play.Books.ToDictionary(b => b.Name);
        Assert.Equal(2, books["unique"].Filtered["duplicate"]);
        Assert.Equal(["Ada 3", "Ada 4", "Ada 3"], play.At("out").Select(Words));
        Assert.Equal(5, play.At("all").Count);
        var dead = Assert.Single(play.Dead);
        Assert.Equal(("normalized", "malformed json", "not JSON"), (dead.Block, dead.Reason, dead.Payload));
        Assert.All(books.Values, b => Assert.Equal(0, b.Held));
        Assert.Equal(VirtualClock.Epoch.AddSeconds(5000), clock.GetUtcNow());
    }

    [Fact]
    public async Task A_play_gives_what_the_host_gives()
    {
        var random = new Random(5);
        var lines = Enumerable.Range(0, 3000).Select(i => Line(random.Next(50), $"N{random.Next(3)}", random.Next(9), i)).ToList();
        File.WriteAllLines(Path.Combine(folder, "in.jsonl"), lines);
        var definition = Load("event");
        await using (var composition = Composition.Build(definition, ["http://127.0.0.1:0"], jsonLogs: false, TimeProvider.System))
        {
            Assert.Empty(await composition.Engine.Runtime.RunAsync(TestContext.Current.CancellationToken));
        }

        using var play = new Rehearsal(definition, clock);
        foreach (var line in lines)
        {
            play.Receive("lines", Encoding.UTF8.GetBytes(line));
        }

        var written = File.ReadAllLines(Path.Combine(folder, "out.jsonl"));
        Assert.True(written.Length > 500);
        Assert.Equal(written.Select(Content), play.At("out").Select(u => Content(Encoding.UTF8.GetString(u.Data.Span))));
    }

    [Fact]
    public async Task The_same_arrivals_give_the_same_bytes()
    {
        var definition = Load("wall");
        async Task<List<string>> PlayAsync()
        {
            var random = new Random(7);
            using var play = new Rehearsal(definition, new VirtualClock());
            await play.PlayAsync(Enumerable.Range(0, 2000).Select(i => At(i, i % 3 == 0 ? "more" : "lines", random.Next(20), $"N{random.Next(3)}", random.Next(9))));
            return [.. play.At("out").Select(u => Encoding.UTF8.GetString(u.Data.Span))];
        }

        var first = await PlayAsync();
        Assert.True(first.Count > 500);
        Assert.Equal(first, await PlayAsync());
    }

    [Fact]
    public void Every_committed_pipeline_can_be_played()
    {
        var root = Root();
        foreach (var file in Directory.GetFiles(Path.Combine(root, "pipelines"), "*.json").Append(Path.Combine(root, "pipeline.json")))
        {
            using var play = new Rehearsal(ConfigFile.Load(file, [])!, clock);
            foreach (var source in play.Books.Where(b => b.Kind == "source").Select(b => b.Name))
            {
                play.Receive(source, "{}"u8, request: 1);
                play.Confirm(source, request: 1);
            }

            Assert.All(play.Books, b => Assert.Equal(0, b.Held));
            Assert.Contains(play.Books, b => b is { Kind: "transform", In: > 0 });
        }
    }

    [Fact]
    public async Task Arrivals_out_of_order_are_refused()
    {
        using var play = new Rehearsal(Load("wall"), clock);

        var error = await Assert.ThrowsAsync<ArgumentException>(() => play.PlayAsync([At(5, "lines", 1, "Ada", 1), At(4, "lines", 1, "Ada", 2)]));

        Assert.Contains("put the arrivals in order of time", error.Message, StringComparison.Ordinal);
    }

    private static PayloadArrival At(int seconds, string source, int id, string name, int hits) =>
        new(VirtualClock.Epoch.AddSeconds(seconds), source, Encoding.UTF8.GetBytes(Line(id, name, hits, seconds / 700)));

    private static string Line(int id, string name, int hits, int second) =>
        $$"""{"at":"{{VirtualClock.Epoch.AddSeconds(second):yyyy-MM-ddTHH:mm:ssZ}}","id":{{id}},"name":"{{name}}","h":{{hits}}}""";

    private static string Words(Update update)
    {
        var fields = JsonDocument.Parse(update.Data).RootElement.GetProperty("fields");
        return $"{fields.GetProperty("name").GetString()} {fields.GetProperty("hits").GetInt32()}";
    }

    /// <summary>All but the sequence, which is the place in the file there and the time here.</summary>
    private static string Content(string record)
    {
        var json = JsonDocument.Parse(record).RootElement;
        var changed = json.TryGetProperty("changed", out var slots) ? slots.GetRawText() : "";
        return $"{json.GetProperty("key")} r{json.GetProperty("revision")} {json.GetProperty("eventTime")} {json.GetProperty("fields").GetRawText()} {changed}";
    }

    private static string Root()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, "StreamEngine.sln")))
        {
            at = at.Parent ?? throw new InvalidOperationException("The repository's root was not found.");
        }

        return at.FullName;
    }

    private PipelineDefinition Load(string time)
    {
        File.WriteAllText(Path.Combine(folder, "pipeline.json"), Pipeline.Replace("CLOCK", time, StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(folder, "map.json"), Map);
        foreach (var input in (string[])["in.jsonl", "more.jsonl"])
        {
            File.AppendAllText(Path.Combine(folder, input), "");
        }

        return ConfigFile.Load(Path.Combine(folder, "pipeline.json"), [])!;
    }
}
