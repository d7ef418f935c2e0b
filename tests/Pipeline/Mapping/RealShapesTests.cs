using System.Text;
using System.Text.Json;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Tests.Mapping;

/// <summary>Shapes that real providers give their data, each mapped by config alone.</summary>
public class RealShapesTests
{
    private const string Boxscore = """
        {"gamePk":747175,"teams":{
          "away":{"team":{"abbreviation":"ATL"},"players":{"ID621114":{"person":{"id":621114},"position":{"abbreviation":"P"},"stats":{"batting":{},"pitching":{"inningsPitched":"113.2"}}}}},
          "home":{"team":{"abbreviation":"SD"},"players":{"ID600001":{"person":{"id":600001},"stats":{"batting":{"hits":2,"avg":".272"},"pitching":{}}}}}},
         "credits":[{"player":{"id":621114},"credit":"f_putout"}]}
        """;

    private const string Summary = """
        {"boxscore":{"players":[{"team":{"abbreviation":"DET"},"statistics":[{"type":"batting","keys":["hits-atBats","atBats","runs"],
          "athletes":[{"athlete":{"id":"33618"},"stats":["2-5","5","1"]},{"athlete":{"id":"31127"},"stats":["0-4","4"]}],"totals":["10-36","36",""]}]}]}}
        """;

    private const string Scoreboard = """
        {"events":[{"id":"401","competitions":[{"competitors":[
          {"homeAway":"home","team":{"abbreviation":"DET"},"score":"7","records":[{"type":"home","summary":"1-0"},{"type":"total","summary":"27-32"}],
           "statistics":[{"name":"hits","displayValue":"3"},{"name":"avg","displayValue":".111"}]},
          {"homeAway":"away","team":{"abbreviation":"LAD"},"score":"-","records":[{"type":"total","summary":"40-20"}],"statistics":[]}]}],
          "status":{"type":{"name":"STATUS_IN_PROGRESS"}}}]}
        """;

    private const string Odds = """
        {"id":"a1","home_team":"Detroit Tigers","teams":["Los Angeles Dodgers","Detroit Tigers"],"bookmakers":[
          {"key":"dk","last_update":"2026-04-01T18:00:00Z","markets":[
            {"key":"h2h","outcomes":[{"name":"Detroit Tigers","price":8.4}]},
            {"key":"spreads","last_update":"2026-04-01T18:05:00Z","outcomes":[{"name":"Detroit Tigers","point":-1.5,"price":3200}]}]}],
         "odds":{"h2h":[1.07,8.4]}}
        """;

    /// <summary>What it is, a payload, the mapping, and the records that it becomes.</summary>
    public static TheoryData<string, string, string, string[]> Shapes => new()
    {
        {
            "a map keyed by a prefixed id, its key as a value, and what two levels above know",
            Boxscore,
            """
                [{ "record": "player", "each": ["$.teams.*", "players.*"], "key": "player:{person.id}", "fields": {
                  "name": { "path": "@key", "extract": "^ID(\\d+)$" }, "team": "^.team.abbreviation", "home": { "path": "^@key", "equals": "home" } } }]
                """,
            ["player:621114 name=621114 team=ATL home=false", "player:600001 name=600001 team=SD home=true"]
        },
        {
            "siblings of fixed names as rows",
            Boxscore,
            """[{ "record": "player", "each": "$.teams['away', 'home']", "key": "team:{team.abbreviation}", "fields": { "name": "team.abbreviation", "home": { "path": "@key", "equals": "home" } } }]""",
            ["team:ATL name=ATL home=false", "team:SD name=SD home=true"]
        },
        {
            "one record for each named number, where there are any",
            Boxscore,
            """[{ "record": "player", "each": ["$.teams.*.players.*", "stats.*", "*"], "key": "stat:{^^.person.id}:{^@key}:{@key}", "fields": { "name": "@" } }]""",
            ["stat:621114:pitching:inningsPitched name=113.2", "stat:600001:batting:hits name=2", "stat:600001:batting:avg name=.272"]
        },
        {
            "rows zipped with a header further up, one cell of which holds two values",
            Summary,
            """
                [{ "record": "player", "each": ["$.boxscore.players[*]", "statistics[*]", "athletes[*]"], "key": "player:{athlete.id}", "fields": { "team": "^^.team.abbreviation",
                  "hits": { "path": "stats", "header": "^.keys", "column": "hits-atBats", "extract": "^(\\d+)-" }, "atBats": { "path": "stats", "header": "^.keys", "column": "atBats" },
                  "average": { "path": "stats", "header": "^.keys", "column": "runs", "missing": [""] } } }]
                """,
            ["player:33618 team=DET hits=2 atBats=5 average=1", "player:31127 team=DET hits=0 atBats=4"]
        },
        {
            "one of several elements by a value in it, and a list of names and values",
            Scoreboard,
            """
                [{ "record": "player", "each": ["$.events[*]", "competitions[0].competitors[?@.homeAway == 'home']"], "key": "team:{team.abbreviation}", "fields": {
                  "name": { "path": "records[?@.type == 'total'].summary", "extract": "^(\\d+)-" }, "hits": "statistics[?@.name == 'hits'].displayValue",
                  "average": "statistics[?@['name'] == 'avg'].displayValue", "atBats": { "path": "score", "missing": ["-"] } } }]
                """,
            ["team:DET name=27 hits=3 atBats=7 average=0.111"]
        },
        {
            "a placeholder is no value",
            Scoreboard,
            """[{ "record": "player", "each": "$.events[*].competitions[*].competitors[-1:]", "key": "team:{team.abbreviation}", "fields": { "atBats": { "path": "score", "missing": ["-"] }, "name": "homeAway" } }]""",
            ["team:LAD name=away"]
        },
        {
            "codes by a table with a default",
            Scoreboard,
            """[{ "record": "game", "each": "$.events[*]", "key": "game:{id}", "fields": { "state": { "path": "status.type.name", "values": { "STATUS_FINAL": "final" }, "otherwise": "live" } } }]""",
            ["game:401 state=live"]
        },
        {
            "composed keys, of which the first with all its parts counts, and times from further up when there is none here",
            Odds,
            """
                [{ "record": "player", "each": ["$.bookmakers[*]", "markets[*]", "outcomes[*]"], "eventTime": ["^.last_update", "^^.last_update", "@fetched"],
                  "key": ["{$.id}:{^.key}:{point}", "{$.id}:{^.key}"], "fields": { "name": "name", "average": { "path": "price" } } }]
                """,
            ["a1:h2h name=Detroit Tigers average=8.4 @18:00", "a1:spreads:-1.5 name=Detroit Tigers average=3200 @18:05"]
        },
        {
            "lists paired by position",
            Odds,
            """[{ "record": "player", "each": "$.teams[*]", "key": "{$.id}:{@}", "fields": { "name": "@", "average": "$.odds.h2h[='{@key}']", "home": { "path": "$.home_team", "equals": "Detroit Tigers" } } }]""",
            ["a1:Los Angeles Dodgers name=Los Angeles Dodgers average=1.07 home=true", "a1:Detroit Tigers name=Detroit Tigers average=8.4 home=true"]
        },
        {
            "a join inside the document by a composed name",
            Boxscore,
            """[{ "record": "player", "each": "$.credits[*]", "key": "credit:{player.id}", "fields": { "name": "credit", "position": "$.teams.away.players[='ID{player.id}'].position.abbreviation" } }]""",
            ["credit:621114 name=f_putout position=P"]
        },
        {
            "innings",
            Boxscore,
            """[{ "record": "player", "each": "$..players.*", "when": "exists(stats.pitching.inningsPitched)", "key": "player:{@key}", "fields": { "hits": { "path": "stats.pitching.inningsPitched", "as": "innings" } } }]""",
            ["player:ID621114 hits=341"]
        },
        {
            "a condition with a filter in it",
            Scoreboard,
            """[{ "record": "game", "each": "$.events[*]", "when": "exists(competitions[*].competitors[?@.team.abbreviation == 'LAD' && @.score == '-']) and not exists($.error)", "key": "game:{id}", "fields": { "state": { "const": "live" } } }]""",
            ["game:401 state=live"]
        },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Is_mapped(string what, string payload, string mapping, string[] records)
    {
        var batch = new TestBatch();
        batch.Document(payload);
        var left = TestMapping.Step(batch.Schema, mapping).Run(batch.Batch, TestBatch.Start);
        Assert.Empty(left);
        var found = new List<string>();
        foreach (var row in batch.Batch)
        {
            found.Add(Describe(row, mapping.Contains("eventTime", StringComparison.Ordinal)));
        }

        Assert.True(records.SequenceEqual(found), $"{what}: {string.Join('\n', found)}");
    }

    private static string Describe(Row row, bool withTime)
    {
        var data = JsonElement.Parse(row.Detach().Data.Span).GetProperty("fields");
        var text = new StringBuilder(Encoding.UTF8.GetString(row.Key));
        foreach (var field in data.EnumerateObject())
        {
            text.Append(' ').Append(field.Name).Append('=').Append(field.Value.ValueKind == JsonValueKind.String ? field.Value.GetString() : field.Value.GetRawText());
        }

        return withTime ? text.Append(" @").Append(new DateTime(row.Head.EventTime, DateTimeKind.Utc).ToString("HH:mm", null)).ToString() : text.ToString();
    }
}
