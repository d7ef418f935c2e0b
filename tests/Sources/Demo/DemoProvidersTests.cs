using System.Globalization;
using System.Net;
using System.Text.Json;
using StreamEngine.Sources.Demo;

namespace StreamEngine.Sources.Tests.Demo;

public class DemoProvidersTests
{
    [Fact]
    public async Task All_three_report_the_same_game_in_shapes_of_their_own()
    {
        await using var bench = await DemoBench.StartAsync();

        // Each says when its figures were true: that is the second of the season to compare with.
        var season = new Season(1);
        var statline = await bench.AskAsync("statline", "v2/games", 100);
        var squads = await bench.AskAsync("statline", "v2/squads", 20_000);
        var livewire = await bench.AskAsync("livewire", "games", 40_000);
        var wirePlayers = await bench.AskAsync("livewire", "players", 60_000);
        var scorebook = await bench.AskAsync("scorebook", "official/games.json", 80_000);
        var official = await bench.AskAsync("scorebook", "official/players.json", 100_000);

        var first = Seen(season, statline.Json.GetProperty("meta").GetProperty("asOf").GetDateTimeOffset());
        var nested = statline.Json.GetProperty("games").EnumerateArray().Last();
        Assert.Equal(first.Games[^1].Id.ToString(CultureInfo.InvariantCulture), nested.GetProperty("refs").GetProperty("mlb").GetString());
        Assert.Equal(first.Games[^1].HomeRuns.ToString(CultureInfo.InvariantCulture), nested.GetProperty("sides").GetProperty("home").GetProperty("runs").GetString());

        var ohtani = squads.Json.GetProperty("squads")[0].GetProperty("members")[0];
        Assert.Equal("sl-17", ohtani.GetProperty("id").GetString());
        Assert.Equal(
            Seen(season, squads.Json.GetProperty("meta").GetProperty("asOf").GetDateTimeOffset()).Players[0].AtBats,
            ohtani.GetProperty("season").GetProperty("batting").GetProperty("ab").GetInt32());

        var flat = livewire.Json[livewire.Json.GetArrayLength() - 1];
        var live = Seen(season, DateTimeOffset.FromUnixTimeMilliseconds(flat.GetProperty("ts").GetInt64()));
        Assert.Equal(live.Games[^1].Id, flat.GetProperty("gid").GetInt32());
        Assert.Equal(live.Games[^1].Pitches, flat.GetProperty("np").GetInt32());
        Assert.Equal(20, wirePlayers.Json.GetArrayLength());
        Assert.Equal(50113, wirePlayers.Json[0].GetProperty("pid").GetInt32());

        var game = scorebook.Json.GetProperty("games").EnumerateObject().Last();
        var posted = Seen(season, Stamp(scorebook.Json));
        Assert.Equal(posted.Games[^1].Id.ToString(CultureInfo.InvariantCulture), game.Name);
        Assert.Equal(posted.Games[^1].AwayRuns, game.Value.GetProperty("clubs").GetProperty("away").GetProperty("runs").GetInt32());
        var line = official.Json.GetProperty("clubs").GetProperty("LAD").GetProperty("players").GetProperty("660271");
        Assert.Equal("Shohei Ohtani", line.GetProperty("fullName").GetString());
        Assert.Equal(Seen(season, Stamp(official.Json)).Players[0].Hits, line.GetProperty("hitting").GetProperty("hits").GetInt32());
    }

    [Fact]
    public async Task Same_seed_and_same_times_give_the_same_bytes_and_faults()
    {
        async Task<List<DemoBench.Reply>> Play(int seed)
        {
            await using var bench = await DemoBench.StartAsync(seed);
            var replies = new List<DemoBench.Reply>();
            (string Provider, string Path)[] asked =
            [
                ("statline", "v2/squads"), ("livewire", "players"), ("scorebook", "official/players.json"),
                ("statline", "v2/games"), ("livewire", "games"), ("scorebook", "official/games.json"),
            ];
            for (var i = 0; i < 60; i++)
            {
                bench.MoveTo(i * 601);
                var (provider, path) = asked[i % asked.Length];
                replies.Add(await bench.FinishAsync(await bench.SendAsync(provider, path)));
            }

            return replies;
        }

        var one = await Play(7);
        Assert.Equal(one, await Play(7));
        Assert.NotEqual(one, await Play(8));
    }

    [Fact]
    public async Task Statline_refuses_what_exceeds_a_window_and_says_when_to_come_back()
    {
        await using var bench = await DemoBench.StartAsync();
        var sent = new List<DemoBench.Pending>();
        for (var i = 0; i < 3; i++)
        {
            sent.Add(await bench.SendAsync("statline", "v2/games"));
        }

        var third = await bench.FinishAsync(sent[2]);
        Assert.Equal(HttpStatusCode.TooManyRequests, third.Status);
        Assert.Equal(TimeSpan.FromSeconds(1), third.RetryAfter);
        var report = bench.Report("statline");
        Assert.Equal((1, 1), (report.LimitsExceeded, report.TooManyRequests));
        Assert.Equal((3, 3), (report.BusiestSecond, report.BusiestMinute));

        foreach (var pending in sent[..2])
        {
            await bench.FinishAsync(pending);
        }
    }

    [Fact]
    public async Task Statline_sometimes_refuses_without_cause()
    {
        await using var bench = await DemoBench.StartAsync();
        var refused = 0;
        for (var i = 0; i < 100; i++)
        {
            bench.MoveTo(i * 600);
            var reply = await bench.FinishAsync(await bench.SendAsync("statline", "v2/games"));
            refused += reply.Status == HttpStatusCode.TooManyRequests ? 1 : 0;
            Assert.True(reply.Status == HttpStatusCode.OK || reply.RetryAfter > TimeSpan.Zero);
        }

        Assert.InRange(refused, 1, 12);
        Assert.Equal((0, refused), (bench.Report("statline").LimitsExceeded, bench.Report("statline").Injected["status_429"]));
    }

    [Fact]
    public async Task Livewire_fails_in_every_way_and_counts_it()
    {
        await using var bench = await DemoBench.StartAsync();
        var seen = new Dictionary<string, long> { ["ok"] = 0, ["status_500"] = 0, ["hang"] = 0, ["broken_json"] = 0 };
        for (var i = 0; i < 200; i++)
        {
            bench.MoveTo(i * 240); // the same place between outages each time
            var reply = await bench.FinishAsync(await bench.SendAsync("livewire", "players"));
            seen[reply switch
            {
                { Body: "hang" } => "hang",
                { Status: HttpStatusCode.InternalServerError } => "status_500",
                { Status: HttpStatusCode.OK, IsWhole: true } => "ok",
                { Status: HttpStatusCode.OK } => "broken_json",
                _ => throw new InvalidOperationException($"Unexpected {reply.Status}."),
            }]++;
        }

        Assert.InRange(seen["status_500"], 8, 36);
        Assert.InRange(seen["hang"], 1, 20);
        Assert.InRange(seen["broken_json"], 1, 20);
        var report = bench.Report("livewire");
        Assert.Equal(200, report.Requests);
        foreach (var kind in new[] { "status_500", "hang", "broken_json" })
        {
            Assert.Equal(seen[kind], report.Injected[kind]);
        }
    }

    [Fact]
    public async Task Livewire_is_out_of_order_at_known_times()
    {
        await using var bench = await DemoBench.StartAsync();
        async Task<int> Out(double from)
        {
            var replies = 0;
            for (var i = 0; i < 5; i++)
            {
                bench.MoveTo(from + (i * 2));
                replies += (await bench.FinishAsync(await bench.SendAsync("livewire", "games"))).Status == HttpStatusCode.ServiceUnavailable ? 1 : 0;
            }

            return replies;
        }

        Assert.Equal(0, await Out(20));
        Assert.Equal(0, bench.Report("livewire").Outages);
        Assert.Equal(5, await Out(45));
        Assert.Equal(1, bench.Report("livewire").Outages);
        Assert.Equal(0, await Out(65));
        Assert.Equal(5, await Out(285));
        Assert.Equal(2, bench.Report("livewire").Outages);
        Assert.Equal(10, bench.Report("livewire").Injected["outage"]);
    }

    [Fact]
    public async Task Scorebook_takes_its_time_and_tags_what_it_says()
    {
        await using var bench = await DemoBench.StartAsync();
        bench.MoveTo(300);
        var pending = await bench.SendAsync("scorebook", "official/players.json");
        bench.Clock.Advance(TimeSpan.FromMilliseconds(900));
        Assert.False(pending.Answer.IsCompleted);
        var first = await bench.FinishAsync(pending);
        Assert.Equal(HttpStatusCode.OK, first.Status);
        Assert.NotNull(first.ETag);

        bench.MoveTo(2000);
        var later = await bench.FinishAsync(await bench.SendAsync("scorebook", "official/players.json", first.ETag));
        Assert.Equal(HttpStatusCode.OK, later.Status);
        Assert.NotEqual(first.ETag, later.ETag);
    }

    [Fact]
    public async Task Scorebook_says_not_modified_to_whoever_has_seen_it()
    {
        await using var bench = await DemoBench.StartAsync();
        bench.MoveTo(300);
        var one = await bench.SendAsync("scorebook", "official/games.json");
        var tag = $"\"official-games.json-{DemoBench.Start.AddSeconds(new Season(1).At(300).GamesChanged).ToUnixTimeMilliseconds():x}\"";
        var two = await bench.SendAsync("scorebook", "official/games.json", tag);

        Assert.Equal(tag, (await bench.FinishAsync(one)).ETag);
        Assert.Equal(HttpStatusCode.NotModified, (await bench.FinishAsync(two)).Status);
        Assert.Equal(1, bench.Report("scorebook").NotModified);
    }

    [Fact]
    public async Task The_report_is_served_and_counts_no_request_of_its_own()
    {
        await using var bench = await DemoBench.StartAsync();
        await bench.FinishAsync(await bench.SendAsync("statline", "v2/nothing"));
        using var client = new HttpClient();
        var report = await client.GetStringAsync(new Uri(bench.Providers.Find("statline")!, "report"), TestContext.Current.CancellationToken);

        using var json = JsonDocument.Parse(report);
        Assert.Equal(1, json.RootElement.GetProperty("requests").GetInt32());
        Assert.Equal(0, json.RootElement.GetProperty("limitsExceeded").GetInt32());
        Assert.Equal(1, json.RootElement.GetProperty("busiestMinute").GetInt32());
        Assert.Null(bench.Providers.Find("nobody"));
    }

    [Fact]
    public async Task Stopping_ends_an_answer_that_still_takes_its_time()
    {
        var bench = await DemoBench.StartAsync();
        var pending = await bench.SendAsync("scorebook", "official/games.json");
        await bench.Providers.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => pending.Answer);
        pending.Cancel.Dispose();
        await bench.DisposeAsync();
    }

    private static Snapshot Seen(Season season, DateTimeOffset at) => season.At((int)(at - DemoBench.Start).TotalSeconds);

    private static DateTimeOffset Stamp(JsonElement document) => DateTimeOffset.ParseExact(
        document.GetProperty("header").GetProperty("stamp").GetString()!, "yyyyMMdd_HHmmss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
