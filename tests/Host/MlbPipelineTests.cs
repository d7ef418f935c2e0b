using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace StreamEngine.Host.Tests;

/// <summary>
/// <c>pipelines/mlb.json</c> against recorded answers of the MLB Stats API, end to end. The facts asserted can be read off
/// the payloads: HOU 3 at TOR 1 on 2024-07-01.
/// </summary>
public sealed class MlbPipelineTests
{
    private const string Api = "/api/optimized-realtime";
    private const int Records = 77; // 1 game, 50 players, 19 batting lines, 7 pitching lines

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_recorded_game_comes_out_of_store_websocket_and_file_by_config_alone()
    {
        var schedule = Recorded.Read("mlb-statsapi/schedule/schedule_2024-07-01.json");
        var feed = Recorded.Read("mlb-statsapi/live/744914_feed_live_final.json");
        var asked = new ConcurrentQueue<string>();
        await using var mlb = WebApplication.CreateEmptyBuilder(new WebApplicationOptions()).With(b => b.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0"));
        mlb.Run(async context =>
        {
            asked.Enqueue(context.Request.Path + context.Request.QueryString);
            var recorded = context.Request.Path.Value switch
            {
                "/api/v1/schedule" => schedule,
                "/api/v1.1/game/744914/feed/live" => feed,
                _ => null,
            };
            context.Response.StatusCode = recorded is null ? 404 : 200;
            await context.Response.Body.WriteAsync(recorded, context.RequestAborted);
        });
        await mlb.StartAsync(Cancel);
        using var folder = new Folder();
        await using var host = HostProcess.Start(
            folder.Path,
            new Dictionary<string, string?> { ["MLB_URL"] = mlb.Urls.Single() },
            "run", Path.Combine(Repo.Root, "pipelines/mlb.json"), "--urls", "http://127.0.0.1:0", "--set", $"sinks.archive.path={folder.File("mlb.jsonl")}",
            "--set", "sinks.archive.gzip=false", "--set", $"deadLetter.path={folder.File("dead.jsonl")}");
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
        await Until(client, $"{Api}/pipeline", p => Block(p, "archive").GetProperty("out").GetInt64() == Records);

        // The store.
        var altuve = (await client.GetFromJsonAsync<JsonElement>($"{Api}/player-data/514888", Cancel)).GetProperty("player_data").GetProperty("fields");
        Assert.Equal("Jose Altuve", altuve.GetProperty("name").GetString());
        Assert.Equal("Houston Astros", altuve.GetProperty("team").GetString());
        Assert.Equal((339, 103, 13, 37), (Int(altuve, "atBats"), Int(altuve, "hits"), Int(altuve, "homeRuns"), Int(altuve, "rbi")));
        Assert.Equal("0.304", altuve.GetProperty("battingAverage").GetRawText());

        // A listener.
        using var listener = await Listener.ConnectAsync(client.BaseAddress);
        await listener.SendAsync("""{"type":"subscribe","id":1,"channel":"game:mlb:744914"}""");
        Assert.Equal("snapshot", (await listener.NextAsync("subscribed")).GetProperty("mode").GetString());
        var game = (await listener.NextAsync("update")).GetProperty("data").GetProperty("fields");
        Assert.Equal("final", game.GetProperty("state").GetString());
        Assert.Equal(("HOU", 3, "TOR", 1), (game.GetProperty("awayTeam").GetString(), Int(game, "awayScore"), game.GetProperty("homeTeam").GetString(), Int(game, "homeScore")));

        // The file.
        Assert.True(await host.StopAsync() == 0, host.Error);
        var lines = folder.Lines("mlb.jsonl").Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(
            [("batting", 19), ("game", 1), ("pitching", 7), ("player", 50)],
            lines.GroupBy(l => l.GetProperty("kind").GetString()!).Select(g => (g.Key, g.Count())).Order());
        var brown = lines.Single(l => l.GetProperty("key").GetString() == "pitching:mlb:744914:686613").GetProperty("fields");
        Assert.Equal((18, 2, 0, 3, 5, 99), (Int(brown, "outs"), Int(brown, "hits"), Int(brown, "runs"), Int(brown, "walks"), Int(brown, "strikeOuts"), Int(brown, "pitches")));
        var clement = lines.Single(l => l.GetProperty("key").GetString() == "batting:mlb:744914:676391").GetProperty("fields");
        Assert.Equal((4, 1, 2, 1, 1), (Int(clement, "atBats"), Int(clement, "runs"), Int(clement, "hits"), Int(clement, "homeRuns"), Int(clement, "rbi")));

        // The schedule led to the feed.
        Assert.StartsWith("/api/v1/schedule?sportId=1&date=", asked.First(), StringComparison.Ordinal);
        Assert.Contains("/api/v1.1/game/744914/feed/live", asked);
        Assert.All(Books.All(host.Output), b => Assert.Equal(0, b.Held + b.Dropped + b.Dead));
    }

    [Fact]
    public async Task Its_graph_shows_that_the_schedule_says_what_feeds_asks_for()
    {
        var (code, output, error) = await HostProcess.RunAsync(Repo.Root, "graph", "pipelines/mlb.json");

        Assert.Equal((0, ""), (code, error));
        Assert.Contains("b0 -. requests .-> b1", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Not_one_line_of_code_knows_a_name_of_that_api()
    {
        var code = Directory.EnumerateFiles(Path.Combine(Repo.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/Sources/Demo/", StringComparison.Ordinal));
        var found = code.SelectMany(f => File.ReadLines(f).Where(l => !l.TrimStart().StartsWith("//", StringComparison.Ordinal)
                && new[] { "gamePk", "abstractGameState", "inningsPitched", "boxscore", "liveData", "feed/live" }.Any(w => l.Contains(w, StringComparison.OrdinalIgnoreCase)))
            .Select(l => $"{f}: {l.Trim()}"));
        Assert.Empty(found);
    }

    private static int Int(JsonElement fields, string name) => fields.GetProperty(name).GetInt32();

    private static JsonElement Block(JsonElement pipeline, string name) =>
        pipeline.GetProperty("blocks").EnumerateArray().Single(b => b.GetProperty("name").GetString() == name);

    private static async Task Until(HttpClient client, string path, Func<JsonElement, bool> wanted)
    {
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        while (!wanted(await client.GetFromJsonAsync<JsonElement>(path, limit.Token)))
        {
            await Task.Delay(20, limit.Token);
        }
    }
}

internal static class WebApplicationBuilderExtensions
{
    public static WebApplication With(this WebApplicationBuilder builder, Action<WebApplicationBuilder> configure)
    {
        configure(builder);
        return builder.Build();
    }
}
