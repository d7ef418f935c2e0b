using System.Text;
using System.Text.Json;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Tests.Mapping;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Transforms.Merge;

/// <summary>Facts that stand in several recorded payloads, or in several places of one.</summary>
public class RealFactsTests
{
    private const string Live = "mlb-statsapi/live/747175_";
    private const string FeedTime = """ "eventTime": { "path": "$.metaData.timeStamp", "format": "yyyyMMdd_HHmmss", "zone": "UTC" }, """;
    private const string BoxscoreTeams = """ "homeScore": "teams.home.teamStats.batting.runs", "awayScore": "teams.away.teamStats.batting.runs", "homeHits": "teams.home.teamStats.batting.hits", "awayHits": "teams.away.teamStats.batting.hits", "homeErrors": "teams.home.teamStats.fielding.errors", "awayErrors": "teams.away.teamStats.fielding.errors" """;
    private const string LinescoreTeams = """ "homeScore": "teams.home.runs", "awayScore": "teams.away.runs", "homeHits": "teams.home.hits", "awayHits": "teams.away.hits", "homeErrors": "teams.home.errors", "awayErrors": "teams.away.errors", "inning": "currentInning" """;
    private const string LastPlay = """ "homeScore": "@[-1].result.homeScore", "awayScore": "@[-1].result.awayScore", "inning": "@[-1].about.inning" """;

    private static readonly RecordSchema Game = new(
        [new RecordType("game", 0, Fields(FieldType.Int, "homeScore", "awayScore", "homeHits", "awayHits", "homeErrors", "awayErrors", "inning"), [])],
        [.. new[] { "feed", "feedAt", "linescore", "boxscore", "playByPlay", "winProbability" }.Select((name, i) => new SourceInfo(name, i, i, 1))]);

    private static readonly RecordSchema Play = new([new RecordType("play", 0, Fields(FieldType.Time, "startTime"), [])], [new SourceInfo("feed", 0, 1, 1)]);

    private static readonly RecordSchema Pitching = new([new RecordType("pitching", 0, Fields(FieldType.Int, "outs", "converted"), [])], [new SourceInfo("stats", 0, 1, 1)]);

    private static readonly RecordSchema Season = new([new RecordType("season", 0, Fields(FieldType.Int, "games", "hits"), [])], [new SourceInfo("stats", 0, 1, 1)]);

    [Fact]
    public void Six_endpoints_say_the_same_of_one_game()
    {
        var endpoints = new (string File, string Each, string Fields)[]
        {
            ("feed_live_capture1", "$.liveData.linescore", FeedTime + Braces(LinescoreTeams)),
            ("feed_live_capture2_timecode", "$.liveData.boxscore", FeedTime + Braces(BoxscoreTeams)),
            ("linescore", "$", Braces(LinescoreTeams)),
            ("boxscore", "$", Braces(BoxscoreTeams)),
            ("playByPlay", "$.allPlays", Braces(LastPlay)),
            ("winProbability", "$", Braces(LastPlay)),
        };
        var merge = new MergeStep(Game, new MergeOptions { ConflictWithin = new(TimeSpan.FromMinutes(1)) }, 10);
        for (var i = 0; i < endpoints.Length; i++)
        {
            var (file, each, fields) = endpoints[i];
            var batch = new TestBatch(Game);
            batch.Document(SharedFiles.Payload($"{Live}{file}.json"), (short)i);
            var map = $$"""[{ "each": "{{each}}", "record": "game", "key": "game:mlb:747175", {{fields}} }]""";
            Assert.Empty(TestMapping.Step(Game, map).Run(batch.Batch, TestBatch.Start));
            var left = merge.Run(batch.Batch, TestBatch.Start).Select(d => d.Reason);

            // The first has said it all.
            Assert.Equal(i == 0 ? [] : ["unchanged"], left);
        }

        var game = merge.Explain("game:mlb:747175"u8, new StepTime(TestBatch.Start))!.Fields;
        Assert.Equal([5, 4, 6, 8, 0, 0, 9], game.Values.Select(f => f.Value.GetInt32()));
        Assert.Equal([5, 5, 3, 3, 3, 3, 3], game.Values.Select(f => f.Others.Count));
        Assert.All(game.Values, f => Assert.True(f is { Source: "feed", Conflict: false } && f.Others.All(o => o.Agrees)));
    }

    [Fact]
    public void Content_that_changes_while_the_providers_clock_stands_passes_and_is_not_taken_back()
    {
        const string Map = $$"""[{ "each": "$.liveData.plays.allPlays[*]", "record": "play", "key": "play:{about.atBatIndex}", {{FeedTime}} "fields": { "startTime": "about.startTime" } }]""";
        var merge = new MergeStep(Play, new MergeOptions(), 1000);
        var (first, second) = (SharedFiles.Payload(Live + "feed_live_capture1.json"), SharedFiles.Payload(Live + "feed_live_capture2_timecode.json"));
        var (was, now) = (StartTimes(first), StartTimes(second));
        var changed = was.Where(p => now[p.Key] != p.Value).Select(p => p.Key).Order(StringComparer.Ordinal).ToList();
        Assert.Equal((75, 15), (was.Count, changed.Count));

        Assert.Equal(75, See(first, 1).Passed.Count);
        Assert.Equal(changed, See(second, 2).Passed);

        // Received earlier, and handed over later: the clock is the same, the place in the source is not.
        Assert.Equal((0, 75), (See(first, 1).Passed.Count, See(first, 1).Stale));

        (List<string> Passed, int Stale) See(string payload, long sequence)
        {
            var batch = new TestBatch(Play);
            batch.Document(payload, sequence: sequence);
            Assert.Empty(TestMapping.Step(Play, Map).Run(batch.Batch, TestBatch.Start));
            var stale = merge.Run(batch.Batch, TestBatch.Start).Count(d => d.Reason == "stale read");
            var passed = new List<string>();
            foreach (var row in batch.Batch)
            {
                passed.Add(Encoding.UTF8.GetString(row.Key));
            }

            return ([.. passed.Order(StringComparer.Ordinal)], stale);
        }
    }

    [Theory]
    [InlineData("live/747175_feed_live_capture1.json")]
    [InlineData("live/747175_boxscore.json")]
    [InlineData("live/744914_feed_live_final.json")]
    [InlineData("live/745570_boxscore.json")]
    [InlineData("live/715720_feed_live_2022.json")]
    [InlineData("stats/pitching_player_stats.json")]
    [InlineData("stats/game_stats_player_ohtani.json")]
    [InlineData("stats/people_pitcher_season_2026.json")]
    [InlineData("stats/people_gamelog_2026.json")]
    public void Innings_are_the_outs_that_stand_beside_them(string file)
    {
        const string Map = """[{ "each": "$..[?@.inningsPitched && @.outs]", "record": "pitching", "key": "row", "fields": { "outs": "outs", "converted": { "path": "inningsPitched", "as": "innings" } } }]""";
        var payload = SharedFiles.Payload("mlb-statsapi/" + file).TrimStart('\uFEFF');
        var batch = new TestBatch(Pitching);
        batch.Document(payload);
        Assert.Empty(TestMapping.Step(Pitching, Map).Run(batch.Batch, TestBatch.Start));
        using var document = JsonDocument.Parse(payload);
        var rows = 0;
        foreach (var row in batch.Batch)
        {
            rows++;
            Assert.True(row.Has(0) && row.Has(1) && row.Double(0) == row.Double(1), $"{row.Double(0)} outs, {row.Double(1)} converted");
        }

        Assert.Equal(Count(document.RootElement), rows);
        Assert.NotEqual(0, rows);
    }

    [Fact]
    public void The_season_of_a_traded_player_is_the_total_and_not_the_sum_of_all_rows()
    {
        const string Map = """
            [
              { "each": "$.stats[?@.type.displayName == 'season'].splits[*]", "when": "not exists(team.id)", "record": "season", "key": "season:{season}", "fields": { "games": "stat.gamesPlayed", "hits": "stat.hits" } },
              { "each": "$.stats[?@.type.displayName == 'season'].splits[*]", "when": "exists(team.id)", "record": "season", "key": "season:{season}:{team.id}", "fields": { "games": "stat.gamesPlayed", "hits": "stat.hits" } }
            ]
            """;
        var batch = new TestBatch(Season);
        batch.Document(SharedFiles.Payload("mlb-statsapi/stats/hitting_player_stats.json").TrimStart('\uFEFF'));
        Assert.Empty(TestMapping.Step(Season, Map).Run(batch.Batch, TestBatch.Start));
        Assert.Empty(new MergeStep(Season, new MergeOptions(), 100).Run(batch.Batch, TestBatch.Start));
        var seasons = new SortedDictionary<string, (double, double)>(StringComparer.Ordinal);
        foreach (var row in batch.Batch)
        {
            seasons.Add(Encoding.UTF8.GetString(row.Key), (row.Double(0), row.Double(1)));
        }

        Assert.Equal([("season:2022", (153.0, 127.0)), ("season:2022:120", (101.0, 84.0)), ("season:2022:135", (52.0, 43.0))], seasons.Select(s => (s.Key, s.Value)));
    }

    private static Dictionary<string, string> StartTimes(string payload)
    {
        using var document = JsonDocument.Parse(payload);
        return document.RootElement.GetProperty("liveData").GetProperty("plays").GetProperty("allPlays").EnumerateArray().Select(p => p.GetProperty("about"))
            .ToDictionary(a => "play:" + a.GetProperty("atBatIndex").GetInt32(), a => a.GetProperty("startTime").GetString()!);
    }

    private static int Count(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => (value.TryGetProperty("inningsPitched", out _) && value.TryGetProperty("outs", out _) ? 1 : 0) + value.EnumerateObject().Sum(m => Count(m.Value)),
        JsonValueKind.Array => value.EnumerateArray().Sum(Count),
        _ => 0,
    };

    private static FieldInfo[] Fields(FieldType type, params string[] names) => [.. names.Select((name, slot) => new FieldInfo { Name = name, Slot = slot, Type = type })];

    private static string Braces(string fields) => $"\"fields\": {{ {fields} }}";
}
