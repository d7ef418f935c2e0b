using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Host.Tests;

/// <summary>An id turns out to be one of ours while a host runs: what its readers, its file and another host are told.</summary>
public sealed partial class AliasPipelineTests
{
    private const string Cache = "\"cache\": { \"type\": \"cache\", \"from\": [\"trusted\"] }";

    [Fact]
    public async Task Readers_of_the_old_key_get_the_new_record_here_after_a_restart_and_on_the_next_host()
    {
        await using var redis = await RedisServer.StartNewAsync();
        using var folder = new Folder();
        folder.Write("map.json", """[{ "record": "player", "key": "player:{ns}:{id}", "fields": { "name": "name", "hits": "h" } }]""");
        folder.Write("ids.csv", "mlb,espn\n");
        folder.Edit("\"from\": [\"normalized\"], \"window\"", "\"from\": [\"known\"], \"window\"");
        folder.Edit("\"unique\":", "\"known\": { \"type\": \"identify\", \"from\": [\"normalized\"], \"tables\": [{ \"path\": \"ids.csv\", \"kind\": \"player\" }], \"match\": { \"player\": \"name\" }, \"reload\": \"1s\" }, \"unique\":");
        folder.Edit("\"path\": \"in.jsonl\"", "\"path\": \"in.jsonl\", \"follow\": true, \"every\": \"100ms\"");
        folder.Edit("\"sinks\": {", $"\"redis\": {{ \"url\": \"{redis.Url}\" }}, \"sinks\": {{ {Cache}, \"stream\": {{ \"type\": \"redis-stream\", \"from\": [\"trusted\"], \"stream\": \"players\" }},");
        folder.Write("in.jsonl", Line(1));

        await using (var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0"))
        {
            using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
            await UntilAsync(client, a => Key(a) == "player:espn:e1" && !Metadata(a).TryGetProperty("now", out _));
            folder.Write("ids.csv", "mlb,espn\n1,e1\n");

            // It moves with the next record after the table was read.
            var hits = 2;
            await UntilAsync(client, answer =>
            {
                File.AppendAllText(folder.File("in.jsonl"), Line(hits++));
                return IsMoved(answer);
            });
            Assert.Equal(0, await host.StopAsync());
        }

        // Its own records would be there again: here it has none to read.
        folder.Edit("\"path\": \"in.jsonl\"", "\"path\": \"none-*.jsonl\"");
        await using (var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0"))
        {
            using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
            await UntilAsync(client, IsMoved);
        }

        using var next = new Folder();
        next.Write("map.json", Mapping().Match(await File.ReadAllTextAsync(Path.Combine(Repo.Root, "docs/sources.md"), TestContext.Current.CancellationToken)).Groups[1].Value);
        next.Edit("\"lines\": { \"type\": \"file\", \"path\": \"in.jsonl\" }", $"\"lines\": {{ \"type\": \"redis-stream\", \"stream\": \"players\", \"url\": \"{redis.Url}\" }}");
        next.Edit("\"sinks\": {", $"\"sinks\": {{ {Cache},");
        await using (var host = HostProcess.Start(next.Path, null, "--urls", "http://127.0.0.1:0"))
        {
            using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
            await UntilAsync(client, IsMoved);
            Assert.Equal(0, await host.StopAsync());
        }

        Assert.Single(next.Lines("out.jsonl"), l => l.Contains("\"key\":\"player:espn:e1\",\"kind\":\"player\",\"event\":\"removed\"", StringComparison.Ordinal) && l.Contains("\"now\":\"player:mlb:1\"", StringComparison.Ordinal));
    }

    private static string Line(int hits) => string.Create(CultureInfo.InvariantCulture, $$"""{"ns":"espn","id":"e1","name":"Ann","h":{{hits}}}""") + "\n";

    private static JsonElement Metadata(JsonElement answer) => answer.GetProperty("metadata");

    private static string? Key(JsonElement answer) => answer.GetProperty("player_data").GetProperty("key").GetString();

    private static bool IsMoved(JsonElement answer) => Key(answer) == "player:mlb:1" && Metadata(answer).TryGetProperty("now", out var now) && now.GetString() == "player:mlb:1";

    private static async Task UntilAsync(HttpClient client, Func<JsonElement, bool> holds) => await Wait.UntilAsync(
        async () =>
        {
            using var response = await client.GetAsync("/api/optimized-realtime/player-data/e1?sport=espn", TestContext.Current.CancellationToken);
            return response.StatusCode == HttpStatusCode.OK && holds(await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken));
        },
        "the answer for the old key");

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Mapping();
}
