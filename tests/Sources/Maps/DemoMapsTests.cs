using System.Text;
using System.Text.Json;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sources.Demo;
using StreamEngine.Sources.Tests.Demo;

namespace StreamEngine.Sources.Tests.Maps;

public class DemoMapsTests
{
    private static readonly (string Provider, string Path, string Source, string Map)[] All =
    [
        ("scorebook", "official/players.json", "officialPlayers", "official"),
        ("scorebook", "official/games.json", "officialGames", "official"),
        ("statline", "v2/squads", "squads", "figures"),
        ("statline", "v2/games", "squadGames", "figures"),
        ("livewire", "players", "wirePlayers", "wire"),
        ("livewire", "games", "wireGames", "wire"),
    ];

    [Fact]
    public async Task Three_shapes_become_the_same_keys_and_one_record_with_fields_of_all_three()
    {
        await using var bench = await DemoBench.StartAsync();
        using var pipeline = new CommittedPipeline("pipeline.json");
        var players = Roster.Players.Select(p => $"player:mlb:{p.Mlb}").ToHashSet();
        var last = new Dictionary<string, JsonElement>();

        foreach (var (provider, path, source, map) in All)
        {
            var reply = await bench.AskAsync(provider, path, 1100);
            var batch = await pipeline.PayloadAsync(source, Encoding.UTF8.GetBytes(reply.Body), bench.Clock.GetUtcNow());
            pipeline.Run(batch, bench.Clock.GetUtcNow(), map, "known");

            if (path.EndsWith("games.json", StringComparison.Ordinal) || path.EndsWith("games", StringComparison.Ordinal))
            {
                Assert.All(CommittedPipeline.Keys(batch, "game"), k => Assert.Matches("^game:mlb:9[0-9]{5}$", k));
                Assert.NotEmpty(CommittedPipeline.Keys(batch, "game"));
            }
            else
            {
                Assert.Equal(players, CommittedPipeline.Keys(batch, "player").ToHashSet());
            }

            foreach (var row in batch)
            {
                Assert.True(row.Head.Invalid.IsEmpty, $"{source}: {Encoding.UTF8.GetString(row.Key)} has values of the wrong type.");
            }

            pipeline.Run(batch, bench.Clock.GetUtcNow(), "unique", "scored");
            foreach (var row in batch)
            {
                Assert.NotEqual(QualityLevel.Invalid, row.Head.Quality.Level);
            }

            pipeline.Run(batch, bench.Clock.GetUtcNow(), "trusted");
            foreach (var key in new[] { "player:mlb:660271", "stats:mlb:LAD" }.Intersect([.. CommittedPipeline.Keys(batch, "player"), .. CommittedPipeline.Keys(batch, "stats")]))
            {
                last[key] = CommittedPipeline.Record(batch, key);
            }

            if (CommittedPipeline.Keys(batch, "game") is [.., var game])
            {
                last["game"] = CommittedPipeline.Record(batch, game);
            }

            batch.Release();
        }

        var ohtani = last["player:mlb:660271"];
        Assert.Equal("Shohei Ohtani", Field(ohtani, "name"));
        Assert.Equal("officialPlayers", Origin(ohtani, "hits"));
        Assert.Equal("squads", Origin(ohtani, "battingAverage"));
        Assert.Equal("wirePlayers", Origin(ohtani, "pitchesSeen"));
        Assert.Equal("officialGames", Origin(last["game"], "venue"));
        Assert.Equal("squadGames", Origin(last["game"], "homeHits"));
        Assert.Equal("wireGames", Origin(last["game"], "lastPlay"));
        Assert.Equal("officialPlayers", Origin(last["stats:mlb:LAD"], "wins"));
        Assert.Equal("squads", Origin(last["stats:mlb:LAD"], "runsScored"));
    }

    [Fact]
    public void The_default_pipeline_asks_no_provider_more_than_it_allows()
    {
        using var pipeline = new CommittedPipeline("pipeline.json");
        var perMinute = pipeline.Definition.Options.Sources.Values
            .OfType<StreamEngine.Sources.Http.HttpSourceOptions>()
            .GroupBy(s => s.Provider)
            .ToDictionary(g => g.Key, g => g.Sum(s => 60 / s.Every.Otherwise!.Value.Value.TotalSeconds));

        Assert.Equal(["livewire", "scorebook", "statline"], perMinute.Keys.Order());
        Assert.All(perMinute, p => Assert.InRange(p.Value, 1, pipeline.Definition.Options.Providers[p.Key].Throttle.PerMinute!.Value - 5));
    }

    private static string? Field(JsonElement record, string name) => record.GetProperty("fields").GetProperty(name).GetString();

    private static string? Origin(JsonElement record, string name) => record.GetProperty("provenance").GetProperty(name).GetString();
}
