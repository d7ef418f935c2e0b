using System.Globalization;
using System.Text.Json;

namespace StreamEngine.Pipeline.Tests.Mapping;

/// <summary>The challenges at the end of <c>shared/providers/INDEX.md</c>, in its order: each mapped by config alone, from the recorded payload.</summary>
public class RecordedShapesTests
{
    private const string Feed = "mlb-statsapi/live/747175_feed_live_capture1.json";
    private const string OtherFeed = "mlb-statsapi/live/744914_feed_live_final.json";
    private const string Boxscore = "mlb-statsapi/live/747175_boxscore.json";
    private const string Summary = "espn-mlb/summary/mlb_summary.json";
    private const string Scoreboard = "espn-mlb/raw/scoreboard_20250604_inprogress.json";
    private const string Suspended = "espn-mlb/raw/scoreboard_20250606_suspended.json";

    [Fact]
    public void A_map_is_keyed_by_a_prefixed_id()
    {
        var made = RecordedMapping.Of(Feed, "id int, name string", """
            [{ "record": "item", "each": "$.gameData.players.*", "key": "player:{id}", "fields": { "id": { "path": "@key", "extract": "^ID(\\d+)$" }, "name": "fullName" } }]
            """);
        Assert.Equal(51, made.Records.Count);
        Assert.All(made.Records, r => Assert.Equal(r.Key, $"player:{r.Fields["id"]}"));
        Assert.Equal("Ryan Burr", made["player:621114", "name"]);
    }

    [Fact]
    public void Items_two_levels_deep_know_both_levels()
    {
        var made = RecordedMapping.Of(Boxscore, "team int, home bool", """
            [{ "record": "item", "each": ["$.teams.*", "players.*"], "when": "exists(stats.pitching.inningsPitched)", "key": "pitcher:{person.id}",
               "fields": { "team": "^.team.id", "home": { "path": "^@key", "equals": "home" } } }]
            """);
        Assert.Equal(9, made.Records.Count);
        Assert.All(made.Records, r => Assert.Equal(r.Fields["team"] == "109", bool.Parse(r.Fields["home"])));
        Assert.Equal("141", made["pitcher:621114", "team"]);

        var rows = RecordedMapping.Of(Summary, "team string, group string", """
            [{ "record": "item", "each": ["$.boxscore.players[*]", "statistics[*]", "athletes[*]"], "key": "{^.type}:{athlete.id}", "fields": { "team": "^^.team.abbreviation", "group": "^.type" } }]
            """);
        Assert.Equal(["CLE batting 12", "CLE pitching 5", "PIT batting 11", "PIT pitching 5"], rows.Records.GroupBy(r => $"{r.Fields["team"]} {r.Fields["group"]}").Select(g => $"{g.Key} {g.Count()}"));
    }

    [Fact]
    public void Siblings_of_fixed_names_are_rows()
    {
        var made = RecordedMapping.Of(Feed, "side string, runs int", """
            [{ "record": "item", "each": "$.liveData.linescore.teams['away', 'home']", "key": "line:{@key}", "fields": { "side": "@key", "runs": "runs" } }]
            """);
        Assert.Equal(["line:away side=away runs=4", "line:home side=home runs=5"], made.Records.Select(r => r.ToString()));
    }

    [Fact]
    public void Every_number_of_a_group_is_a_record_and_empty_groups_are_none()
    {
        var made = RecordedMapping.Of(Boxscore, "group string, name string, value string", """
            [{ "record": "item", "each": ["$.teams.*.players.*", "stats.*", "*"], "key": "stat:{^^.person.id}:{^@key}:{@key}", "fields": { "group": "^@key", "name": "@key", "value": "@" } }]
            """);
        var byHand = RecordedMapping.Json(Boxscore).GetProperty("teams").EnumerateObject()
            .SelectMany(side => side.Value.GetProperty("players").EnumerateObject())
            .SelectMany(player => player.Value.GetProperty("stats").EnumerateObject()
                .SelectMany(group => group.Value.EnumerateObject().Select(stat => $"stat:{player.Value.GetProperty("person").GetProperty("id")}:{group.Name}:{stat.Name} group={group.Name} name={stat.Name} value={stat.Value}")))
            .ToList();
        Assert.True(byHand.Count > 1000);
        Assert.Equal(byHand, made.Records.Select(r => r.ToString()));
    }

    [Fact]
    public void Columns_are_named_by_a_header_further_up()
    {
        var made = RecordedMapping.Of(Summary, "hits int, atBats int, runs int", """
            [{ "record": "item", "each": ["$.boxscore.players[*]", "statistics[?@.type == 'batting']", "athletes[*]"], "key": "player:{athlete.id}", "fields": {
                 "hits": { "path": "stats", "header": "^.keys", "column": "hits" }, "atBats": { "path": "stats", "header": "^.keys", "column": "atBats" }, "runs": { "path": "stats", "header": "^.keys", "column": "runs" } } },
             { "record": "item", "each": ["$.boxscore.players[*]", "statistics[?@.type == 'batting']"], "key": "total:{^.team.abbreviation}", "fields": {
                 "hits": { "path": "totals", "header": "keys", "column": "hits", "missing": [""] }, "atBats": { "path": "totals", "header": "keys", "column": "atBats" }, "runs": { "path": "totals", "header": "keys", "column": "runs" } } }]
            """);
        var players = made.Records.Where(r => r.Key.StartsWith("player:", StringComparison.Ordinal)).ToList();
        Assert.Equal(23, players.Count);
        Assert.Equal("total:CLE hits=10 atBats=36 runs=5", made.Records.Single(r => r.Key == "total:CLE").ToString());
        Assert.Equal(10 + 9, players.Sum(r => int.Parse(r.Fields["hits"], null)));
        Assert.Equal(36 + 33, players.Sum(r => int.Parse(r.Fields["atBats"], null)));
    }

    [Fact]
    public void Lists_of_names_and_values_become_fields()
    {
        var made = RecordedMapping.Of(Suspended, "hits int, average number", """
            [{ "record": "item", "each": ["$.events[*]", "competitions[0].competitors[*]"], "key": "{^.id}:{homeAway}", "fields": {
               "hits": "statistics[?@.name == 'hits'].displayValue", "average": "statistics[?@.name == 'avg'].displayValue" } }]
            """);
        Assert.Equal(30, made.Records.Count);
        Assert.Equal("401695848:home hits=11 average=0.324", made.Records.Single(r => r.Key == "401695848:home").ToString());
    }

    [Fact]
    public void One_element_is_selected_by_what_it_says()
    {
        var made = RecordedMapping.Of(Suspended, "home string, score int, record string", """
            [{ "record": "item", "each": "$.events[*]", "key": "game:{id}", "fields": { "home": "competitions[0].competitors[?@.homeAway == 'home'].team.abbreviation",
               "score": "competitions[0].competitors[?@.homeAway == 'home'].score", "record": "competitions[0].competitors[?@.homeAway == 'home'].records[?@.type == 'total'].summary" } }]
            """);
        Assert.Equal(15, made.Records.Count);
        Assert.Equal(("4", "34-29"), (made["game:401695848", "score"], made["game:401695848", "record"]));

        var plays = RecordedMapping.Of(Summary, "pitcher string, batter string", """
            [{ "record": "item", "each": "$.plays[*]", "when": "exists(participants)", "key": "play:{id}", "fields": { "pitcher": "participants[?@.type == 'pitcher'].athlete.id", "batter": "participants[?@.type == 'batter'].athlete.id" } }]
            """);
        Assert.Equal(528, plays.Records.Count);
        Assert.Equal(("6321", "41996"), (plays.Records[0].Fields["pitcher"], plays.Records[0].Fields["batter"]));
    }

    [Fact]
    public void Placeholders_are_missing_and_neither_zero_nor_wrong()
    {
        var made = RecordedMapping.Of("mlb-statsapi/standings/standings.json", "share number, behind number", """
            [{ "record": "item", "each": "$.records[*].teamRecords[*]", "key": "team:{team.id}", "fields": { "share": "winningPercentage", "behind": { "path": "gamesBack", "missing": ["-"] } } }]
            """);
        Assert.Equal(30, made.Records.Count);
        Assert.Equal("team:147 share=0.58", made.Records.Single(r => r.Key == "team:147").ToString().Replace("0.580", "0.58", StringComparison.Ordinal));
        Assert.Equal(6, made.Records.Count(r => !r.Fields.ContainsKey("behind")));
        Assert.DoesNotContain(made.Records, r => r.Data.Contains("invalid", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("mlb-statsapi/stats/people_gamelog_2026.json", "$.people[*].stats[*].splits[*]", 547)]
    [InlineData("mlb-statsapi/stats/pitching_player_stats.json", "$.stats[*].splits[*]", 2)]
    public void Innings_are_thirds(string payload, string each, int rows)
    {
        var made = RecordedMapping.Of(payload, "read int outs, given int", $$"""
            [{ "record": "item", "each": "{{each}}", "when": "exists(stat.inningsPitched) and exists(stat.outs)", "key": "row:{@key}",
               "fields": { "read": { "path": "stat.inningsPitched", "unit": "innings" }, "given": "stat.outs" } }]
            """);
        Assert.Equal(rows, made.Records.Count);
        Assert.All(made.Records, r => Assert.Equal(r.Fields["given"], r.Fields["read"]));
    }

    [Fact]
    public void Texts_hold_several_values()
    {
        var game = RecordedMapping.Of(Feed, "speed int, direction string, temperature int", """
            [{ "record": "item", "key": "game:{gamePk}", "fields": { "speed": { "path": "$.gameData.weather.wind", "extract": "^(\\d+) mph" },
               "direction": { "path": "$.gameData.weather.wind", "extract": "^\\d+ mph, (.+)$" }, "temperature": "gameData.weather.temp" } }]
            """);
        Assert.Equal("game:747175 speed=0 direction=None temperature=78", game.Records.Single().ToString());

        var order = RecordedMapping.Of(Feed, "slot int, substitute int", """
            [{ "record": "item", "each": "$.liveData.boxscore.teams.*.players.*", "when": "exists(battingOrder)", "key": "player:{person.id}",
               "fields": { "slot": { "path": "battingOrder", "extract": "^(\\d)" }, "substitute": { "path": "battingOrder", "extract": "(\\d\\d)$" } } }]
            """);
        var starters = order.Records.Where(r => r.Fields["substitute"] == "0").Select(r => r.Fields["slot"]).Order().ToList();
        Assert.Equal(["1", "1", "2", "2", "3", "3", "4", "4", "5", "5", "6", "6", "7", "7", "8", "8", "9", "9"], starters);
        Assert.True(order.Records.Count > starters.Count);

        var leaders = RecordedMapping.Of(Suspended, "hits int, atBats int", """
            [{ "record": "item", "each": ["$.events[*]", "competitions[0].competitors[*]", "leaders[?@.name == 'avg']"], "key": "{^^.id}:{^.homeAway}", "fields": {
               "hits": { "path": "leaders[0].displayValue", "extract": "^(\\d+)-" }, "atBats": { "path": "leaders[0].displayValue", "extract": "^\\d+-(\\d+)" } } }]
            """);
        Assert.Equal("401695848:home hits=2 atBats=4", leaders.Records.Single(r => r.Key == "401695848:home").ToString());
    }

    [Fact]
    public void Units_become_the_declared_ones()
    {
        var people = RecordedMapping.Of("mlb-statsapi/stats/people_pitcher_season_2026.json", "height int cm, weight number kg", """
            [{ "record": "item", "each": "$.people[*]", "key": "{fullName}", "fields": { "height": { "path": "height", "unit": "ft-in" }, "weight": { "path": "weight", "unit": "lb" } } }]
            """);
        Assert.Equal(29, people.Records.Count);
        Assert.Equal("Brady Singer height=196 weight=97.52236", people.Records[0].ToString());

        var weather = RecordedMapping.Of(Feed, "temperature number C", """[{ "record": "item", "key": "w", "fields": { "temperature": { "path": "$.gameData.weather.temp", "unit": "F" } } }]""");
        Assert.Equal("25.555556", weather["w", "temperature"]);

        // The same bets 51 minutes apart, in two notations: what was written differently is alike again.
        const string Odds = """
            [{ "record": "item", "each": ["$.data[*]", "sites[*]"], "key": "{^.id}:{site_key}", "fields": { "first": { "path": "odds.h2h[0]", "unit": "UNIT" } } }]
            """;
        const string Bet = "58d2135d3a4822b8870ac7cb74780152:fanduel";
        var before = RecordedMapping.Of("odds-api/v3_baseball_mlb_2024-07-09_snapA_decimal.json", "first number decimalOdds", Odds.Replace("UNIT", "decimalOdds", StringComparison.Ordinal));
        var after = RecordedMapping.Of("odds-api/v3_baseball_mlb_2024-07-09_snapB_american.json", "first number decimalOdds", Odds.Replace("UNIT", "americanOdds", StringComparison.Ordinal));
        Assert.Equal(("8.4", "33"), (before[Bet, "first"], after[Bet, "first"]));
        Assert.Equal((225, 218), (before.Records.Count, after.Records.Count));
        Assert.All(before.Records.Concat(after.Records), r => Assert.InRange(decimal.Parse(r.Fields["first"], NumberFormatInfo.InvariantInfo), 1m, 1001m));
    }

    [Theory]
    [InlineData(Feed, "$.liveData.plays.allPlays[0].about.startTime", "iso", null, "2024-07-13T01:40:16.490Z")]
    [InlineData(Suspended, "$.events[0].date", "iso", null, "2025-06-06T17:10:00Z")]
    [InlineData("espn-mlb/series-2025-06-01/snap1_pregame_commit_2025-06-01T091837PDT.json", "$.events[0].date", "iso", null, "2025-06-01T17:05:00Z")]
    [InlineData(Feed, "$.metaData.timeStamp", "yyyyMMdd_HHmmss", "UTC", "2024-07-13T04:19:09Z")]
    [InlineData("odds-api/v3_baseball_mlb_2024-07-09_snapA_decimal.json", "$.data[0].commence_time", "unix", null, "2024-07-09T22:36:00Z")]
    [InlineData("mlb-statsapi/errors/error_500.json", "$.timestamp", "iso", null, "2022-11-22T19:11:54.301Z")]
    [InlineData(Feed, "$.gameData.datetime.officialDate", "iso", "America/Phoenix", "2024-07-12T07:00:00Z")]
    public void Times_are_read_as_they_are_written(string payload, string path, string format, string? zone, string expected)
    {
        var options = zone is null ? "" : $", \"zone\": \"{zone}\"";
        var made = RecordedMapping.Of(payload, "at time", $$"""[{ "record": "item", "key": "it", "fields": { "at": { "path": "{{path}}", "format": "{{format}}"{{options}} } } }]""");
        Assert.Equal(DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture), DateTimeOffset.Parse(made["it", "at"], CultureInfo.InvariantCulture));
    }

    [Fact]
    public void A_payload_without_a_time_is_as_old_as_its_fetching()
    {
        var made = RecordedMapping.Of(Scoreboard, "state string, seen time", """
            [{ "record": "item", "each": "$.events[*]", "key": "game:{id}", "eventTime": "@fetched", "fields": { "state": "status.type.name", "seen": "@fetched" } }]
            """);
        Assert.Equal(15, made.Records.Count);
        Assert.All(made.Records, r => Assert.Equal(RecordedMapping.Received, r.Time));
        Assert.All(made.Records, r => Assert.Equal(RecordedMapping.Received, DateTimeOffset.Parse(r.Fields["seen"], CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void The_first_of_several_that_is_there_counts()
    {
        var made = RecordedMapping.Of(OtherFeed, "pitch bool", """
            [{ "record": "item", "each": ["$.liveData.plays.allPlays[*]", "playEvents[*]"], "key": ["{playId}", "{$.gamePk}:{^.about.atBatIndex}:{index}"], "fields": { "pitch": "isPitch" } }]
            """);
        Assert.Equal(269, made.Keys.Distinct().Count());
        Assert.Equal(25, made.Keys.Count(k => k.StartsWith("744914:", StringComparison.Ordinal)));

        var odds = RecordedMapping.Of("odds-api/v4_baseball_mlb_2026-07-25.json", "price int", """
            [{ "record": "item", "each": ["$[*]", "bookmakers[*]", "markets[*]", "outcomes[*]"], "eventTime": ["^.updated", "^^.last_update", "@fetched"],
               "key": ["{^^^.id}:{^^.key}:{^.key}:{name}:{point}", "{^^^.id}:{^^.key}:{^.key}:{name}"], "fields": { "price": "price" } }]
            """);
        Assert.Equal(DateTimeOffset.Parse("2026-07-25T14:15:07Z", CultureInfo.InvariantCulture), odds.Records[0].Time);
    }

    [Fact]
    public void Keys_are_composed()
    {
        var plays = RecordedMapping.Of(Feed, "text string", """
            [{ "record": "item", "each": "$.liveData.plays.allPlays[*]", "key": "{$.gamePk}-{about.atBatIndex}", "fields": { "text": "result.description" } }]
            """);
        Assert.Equal(Enumerable.Range(0, 75).Select(i => $"747175-{i}"), plays.Keys);

        var odds = RecordedMapping.Of("odds-api/v4_baseball_mlb_2026-07-25.json", "price int", """
            [{ "record": "item", "each": ["$[*]", "bookmakers[*]", "markets[*]", "outcomes[*]"],
               "key": ["{^^^.id}:{^^.key}:{^.key}:{name}:{point}", "{^^^.id}:{^^.key}:{^.key}:{name}"], "fields": { "price": "price" } }]
            """);
        Assert.Equal(90, odds.Keys.Distinct().Count());
        Assert.Equal("134", odds["6b06a4bf25ee92a7ac908981664ca759:draftkings:spreads:Detroit Tigers:-1.5", "price"]);
    }

    [Fact]
    public void Conditions_say_what_becomes_a_record()
    {
        var events = RecordedMapping.Of(Feed, "type string", """
            [{ "record": "item", "each": ["$.liveData.plays.allPlays[*]", "playEvents[*]"], "when": "isPitch == true", "key": "pitch:{^.atBatIndex}:{index}", "fields": { "type": "type" } },
             { "record": "item", "each": ["$.liveData.plays.allPlays[*]", "playEvents[*]"], "when": "isPitch == false", "key": "action:{^.atBatIndex}:{index}", "fields": { "type": "type" } }]
            """);
        Assert.Equal((290, 41), (events.Keys.Count(k => k.StartsWith("pitch:", StringComparison.Ordinal)), events.Keys.Count(k => k.StartsWith("action:", StringComparison.Ordinal))));

        // Traded in the season: the row without a team is the sum of those with one.
        const string Trade = "mlb-statsapi/stats/hitting_player_stats.json";
        const string Rows = """[{ "record": "item", "each": ["$.stats[?@.type.displayName == 'season']", "splits[*]"], "when": "WHEN", "key": "{season}:{team.id}", "fields": { "games": "stat.gamesPlayed" } }]""";
        var teams = RecordedMapping.Of(Trade, "games int", Rows.Replace("WHEN", "exists(team)", StringComparison.Ordinal));
        var total = RecordedMapping.Of(Trade, "games int", Rows.Replace("WHEN", "not exists(team)", StringComparison.Ordinal).Replace(":{team.id}", "", StringComparison.Ordinal));
        Assert.Equal(["2022:120 games=101", "2022:135 games=52"], teams.Records.Select(r => r.ToString()));
        Assert.Equal(["2022 games=153"], total.Records.Select(r => r.ToString()));
    }

    [Fact]
    public void A_field_has_another_shape_elsewhere()
    {
        const string Position = """{ "first": ["athlete.position.abbreviation", "athlete.position"] }""";
        var made = RecordedMapping.Of(Scoreboard, "position string", $$"""
            [{ "record": "item", "each": ["$.events[*]", "competitions[0].situation.pitcher"], "key": "player:{athlete.id}", "fields": { "position": {{Position}} } },
             { "record": "item", "each": ["$.events[*]", "competitions[0].competitors[*].leaders[*].leaders[*]"], "key": "leader:{athlete.id}", "fields": { "position": {{Position}} } }]
            """);
        Assert.Equal("RP", made["player:33618", "position"]);
        Assert.All(made.Records, r => Assert.Matches("^[0-9A-Z]{1,2}$", r.Fields["position"]));
        Assert.Contains(made.Records, r => r.Key.StartsWith("leader:", StringComparison.Ordinal));

        // The id is a text here and a number there; in a key both are the same.
        var ids = RecordedMapping.Of(Scoreboard, "name string", """
            [{ "record": "item", "each": "$.events[*].competitions[0].situation.pitcher", "key": "{athlete.id}", "fields": { "name": "athlete.fullName" } },
             { "record": "item", "each": "$.events[*].competitions[0].situation.pitcher", "key": "{playerId}", "fields": { "name": "athlete.fullName" } }]
            """);
        Assert.Equal(ids.Keys.Take(ids.Records.Count / 2), ids.Keys.Skip(ids.Records.Count / 2));
    }

    [Fact]
    public void Codes_are_translated_and_unknown_ones_told()
    {
        const string States = """{ "path": "status.type.name", "values": { "STATUS_FINAL": "final", "STATUS_IN_PROGRESS": "live" }, "otherwise": "other" }""";
        var made = RecordedMapping.Of(Scoreboard, "state enum live|final|other", $$"""[{ "record": "item", "each": "$.events[*]", "key": "game:{id}", "fields": { "state": {{States}} } }]""");
        Assert.Equal(["final 8", "live 6", "other 1"], made.Records.GroupBy(r => r.Fields["state"]).Select(g => $"{g.Key} {g.Count()}").Order(StringComparer.Ordinal));
        Assert.Equal(["item.state: unknown value 'STATUS_POSTPONED'"], made.Noted);
    }

    [Fact]
    public void Lists_are_paired_by_position()
    {
        var made = RecordedMapping.Of("odds-api/v3_baseball_mlb_2024-07-09_snapA_decimal.json", "price number, home string", """
            [{ "record": "item", "each": ["$.data[*]", "sites[?@.site_key == 'fanduel']", "odds.h2h[*]"], "key": "{^^.id}:{^^.teams[='{@key}']}", "fields": { "price": "@", "home": "^^.home_team" } }]
            """);
        Assert.Equal("58d2135d3a4822b8870ac7cb74780152:Baltimore Orioles price=8.4 home=Baltimore Orioles", made.Records[0].ToString());
        Assert.Equal("58d2135d3a4822b8870ac7cb74780152:Chicago Cubs price=1.07 home=Baltimore Orioles", made.Records[1].ToString());
    }

    [Fact]
    public void Names_are_looked_up()
    {
        var teams = RecordedMapping.Json("mlb-statsapi/teams/teams_2024.json").GetProperty("teams").EnumerateArray().ToDictionary(t => t.GetProperty("name").GetString()!.ToUpperInvariant(), t => t.GetProperty("abbreviation").GetString()!);
        var table = Path.Combine(Path.GetTempPath(), $"teams-{Guid.NewGuid():N}.json");
        File.WriteAllText(table, JsonSerializer.Serialize(teams));
        try
        {
            var made = RecordedMapping.Of("odds-api/v4_baseball_mlb_2026-07-25.json", "home string", $$"""
                [{ "record": "item", "each": "$[*]", "key": "{id}", "fields": { "home": { "path": "home_team", "table": "{{table}}", "fold": true, "values": { "athletics": "OAK", "detroit TIGERS": "OURS" } } } }]
                """);
            Assert.Equal(15, made.Records.Count);
            // What the mapping says itself comes before the table.
            Assert.Equal("OURS", made.Records[0].Fields["home"]);
            Assert.All(made.Records, r => Assert.InRange(r.Fields["home"].Length, 2, 4));
        }
        finally
        {
            File.Delete(table);
        }

        var accents = RecordedMapping.Of("mlb-statsapi/people/608070.json", "name string", """
            [{ "record": "item", "each": "$.people[*]", "key": "{id}", "fields": { "name": { "path": "fullName", "fold": true, "values": { "jose ramirez": "found" } } } }]
            """);
        Assert.Equal("found", accents["608070", "name"]);
    }

    [Fact]
    public void An_id_here_is_named_elsewhere_in_the_document()
    {
        var made = RecordedMapping.Of(Feed, "name string, credit string", """
            [{ "record": "item", "each": ["$.liveData.plays.allPlays[*]", "runners[*]", "credits[*]"], "key": "{^^.atBatIndex}:{^@key}:{@key}", "fields": { "name": "$.gameData.players[='ID{player.id}'].fullName", "credit": "credit" } }]
            """);
        Assert.Equal(80, made.Records.Count);
        Assert.All(made.Records, r => Assert.NotEmpty(r.Fields["name"]));
        Assert.Equal(("Geraldo Perdomo", "f_assist"), (made.Records[0].Fields["name"], made.Records[0].Fields["credit"]));
    }

    [Fact]
    public void Dirt_does_no_harm()
    {
        const string Error = """[{ "record": "item", "when": "exists(messageNumber)", "key": "error:{traceId}", "fields": { "message": "message" } }]""";
        Assert.Equal("Internal error occurred", RecordedMapping.Of("mlb-statsapi/errors/error_500_with_bom.json", "message string", Error).Records.Single().Fields["message"]);

        const string Schedule = """[{ "record": "item", "each": "$.dates[*].games[*]", "key": "game:{gamePk}", "fields": { "score": "teams.home.score" } }]""";
        Assert.Equal(["no records"], RecordedMapping.Of("mlb-statsapi/schedule/2024-10-27_empty.json", "score int", Schedule).Refused);

        const string Events = """[{ "record": "item", "each": "$.playEvents[*]", "key": "{playId}", "fields": { "speed": { "path": "pitchData.startSpeed", "unit": "mph" }, "distance": { "path": "hitData.totalDistance", "unit": "ft" } } }]""";
        var malformed = RecordedMapping.Of("mlb-statsapi/live/malformed_play_events.json", "speed number km/h, distance number m", Events);
        Assert.Equal(2, malformed.Records.Count);
        Assert.Empty(malformed.Refused);

        const string Plays = """[{ "record": "item", "each": "$[*]", "key": "{about.atBatIndex}", "fields": { "chance": { "path": "homeTeamWinProbability", "unit": "percent" } } }]""";
        var array = RecordedMapping.Of("mlb-statsapi/live/747175_winProbability.json", "chance number fraction", Plays);
        Assert.Equal((75, "0.522"), (array.Records.Count, array["0", "chance"]));
    }

    [Fact]
    public void What_no_rule_names_is_passed_over_in_silence()
    {
        var made = RecordedMapping.Of(Feed, "name string", """[{ "record": "item", "key": "{gamePk}", "fields": { "name": "gameData.venue.name" } }]""");
        Assert.Equal("747175 name=Chase Field", made.Records.Single().ToString());
        Assert.Empty(made.Refused);
        Assert.Empty(made.Noted);
    }
}
