using System.Net.Http.Json;
using System.Text.Json;

namespace StreamEngine.Host.Tests;

/// <summary>Ids of two providers become one by names and by tables, in a running host with several workers.</summary>
public sealed class IdentifyPipelineTests : IDisposable
{
    private const string Map = """[{ "record": "player", "key": "player:{ns}:{id}", "eventTime": "$.at", "fields": { "name": "name", "hits": "h", "atBats": "ab" } }]""";

    private readonly Folder folder = new();

    public IdentifyPipelineTests()
    {
        folder.Write("map.json", Map);
        folder.Write("ids.csv", "mlb,espn\n");
        folder.Edit(
            "\"unique\": { \"type\": \"deduplicate\", \"from\": [\"normalized\"]",
            "\"known\": { \"type\": \"identify\", \"from\": [\"normalized\"], \"tables\": [{ \"path\": \"ids.csv\", \"kind\": \"player\" }], \"match\": { \"player\": \"name\" }, \"accept\": \"probable\", \"unknown\": \"park\", \"reload\": \"1s\" },\n"
            + "    \"unique\": { \"type\": \"deduplicate\", \"from\": [\"known\"]");
        folder.Edit("\"name\": \"small\",", "\"name\": \"small\", \"parallelism\": 4,");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Names_make_ids_one_and_every_record_is_accounted_for()
    {
        var lines = new List<string>();
        for (var i = 0; i < 300; i++)
        {
            // Names of letters, as only those count.
            var name = $"N{new string('x', i)}";
            lines.Add(Line("espn", $"e{i}", i % 3 == 0 ? name : $"Stranger {name}", i));
            lines.Add(Line("mlb", $"{i}", name, 0));
        }

        lines.Add(Line("mlb", "twin", "N", 1));
        lines.Add(Line("espn", "e0", "N", 7));
        folder.Write("in.jsonl", string.Join('\n', lines) + "\n");
        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "--urls", "http://127.0.0.1:0");

        Assert.True(code == 0, output + error);
        Assert.All(Books.All(output), b => Assert.Equal((b.In + b.Expanded, 0L), (b.Out + b.Filtered + b.Absorbed + b.Dropped + b.Dead + b.Held, b.Held)));
        Assert.All(folder.Lines("out.jsonl"), line => Assert.Contains("\"key\":\"player:mlb:", line, StringComparison.Ordinal));
        Assert.Equal(301, folder.Lines("out.jsonl").Select(Key).Distinct().Count());
    }

    [Fact]
    public async Task A_table_that_is_changed_while_the_host_runs_lets_go_what_waited_for_it()
    {
        folder.Edit("\"path\": \"in.jsonl\"", "\"path\": \"in.jsonl\", \"follow\": true, \"every\": \"100ms\"");
        folder.Write("in.jsonl", Line("espn", "e1", "Ann", 5) + "\n");
        await using var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0");
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
        await UntilAsync(client, "pipeline", p => Absorbed(p) == 1);

        folder.Write("ids.csv", "mlb,espn\n1,e1\n2,e1\n");
        await UntilAsync(client, "health", h => h.GetRawText().Contains("ids.csv(3): ", StringComparison.Ordinal));
        folder.Write("ids.csv", "mlb,espn\n1,e1\n");
        await UntilAsync(client, "health", h => !h.GetRawText().Contains("ids.csv(3): ", StringComparison.Ordinal));
        await File.AppendAllTextAsync(folder.File("in.jsonl"), Line("espn", "e2", "Bo", 6) + "\n", TestContext.Current.CancellationToken);
        await UntilAsync(client, "pipeline", p => Absorbed(p) == 2);

        Assert.Equal(0, await host.StopAsync());
        var record = JsonDocument.Parse(Assert.Single(folder.Lines("out.jsonl"))).RootElement;
        Assert.Equal(("player:mlb:1", 5), (record.GetProperty("key").GetString(), record.GetProperty("fields").GetProperty("hits").GetInt32()));
        Assert.Equal(["certain"], record.GetProperty("identity").EnumerateObject().Select(i => i.Value.GetString()));
        Assert.Contains("Transform 'known': changed tables were not taken", host.Error, StringComparison.Ordinal);
        Assert.Contains("absorbed 2: parked: unknown id", host.Output, StringComparison.Ordinal);
    }

    private static string Line(string space, string id, string name, int hits) => $$"""{"at":"2026-04-01T18:00:00Z","ns":"{{space}}","id":"{{id}}","name":"{{name}}","h":{{hits}},"ab":{{hits}}}""";

    private static string? Key(string line) => JsonDocument.Parse(line).RootElement.GetProperty("key").GetString();

    private static long Absorbed(JsonElement pipeline) => pipeline.GetProperty("blocks").EnumerateArray().Single(b => b.GetProperty("name").GetString() == "known")
        .GetProperty("absorbed").EnumerateObject().Sum(r => r.Value.GetInt64());

    private static async Task UntilAsync(HttpClient client, string what, Func<JsonElement, bool> holds)
    {
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        while (!holds(await client.GetFromJsonAsync<JsonElement>($"/api/optimized-realtime/{what}", limit.Token)))
        {
            await Task.Delay(50, limit.Token);
        }
    }
}
