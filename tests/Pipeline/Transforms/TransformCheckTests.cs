using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Tests.Configuration;
using StreamEngine.Pipeline.Transforms.Score;

namespace StreamEngine.Pipeline.Tests.Transforms;

/// <summary>The transforms' own checks, through the loader: each fault at its file, line and column.</summary>
public class TransformCheckTests
{
    private static readonly BlockCatalog Catalog = new([.. FakeBlocks.Catalog.Types.Where(t => t.Kind != BlockKind.Transform), .. StreamEngine.Pipeline.Transforms.Transforms.All]);

    [Fact]
    public void A_sound_chain_has_no_faults()
    {
        var result = Load(
            """
            "known": { "type": "identify", "from": ["normalized"], "tables": ["ids.csv"], "unknown": "filter" },
            "unique": { "type": "deduplicate", "from": ["known"] },
            "scored": { "type": "score", "from": ["unique"], "weights": { "freshness": 2 }, "halfLife": "1m" },
            "trusted": { "type": "merge", "from": ["scored"], "prefer": ["freshness"], "conflictWithin": "5s",
              "fields": { "player": ["quality"], "player.hits": "agreement" }, "events": { "stats": { "record": "player", "when": "changed(hits, atBats)" } } },
            "some": { "type": "filter", "from": ["trusted"], "where": "hits > 0 and state == 'active'" },
            """,
            "kind,mlb,sl\nplayer,1,a\n");
        Assert.Empty(result.Faults.Select(f => f.ToString()));
        Assert.Equal(["maps/players.json"], result.Definition!.Files.Keys);
    }

    [Theory]
    [InlineData("\"some\": { \"type\": \"identify\", \"from\": [\"normalized\"], \"tables\": [\"no.csv\"] },", "(10,70): error: transforms.some.tables[0]: there is no file 'no.csv'; paths count from the config's folder")]
    [InlineData("\"some\": { \"type\": \"identify\", \"from\": [\"normalized\"], \"tables\": [\"ids.csv\"] },", "error: transforms.some.tables[0]: ids.csv(3): 'player:sl:a' is 'player:mlb:2' here and 'player:mlb:1' before; one id belongs to one entity")]
    [InlineData("\"some\": { \"type\": \"identify\", \"from\": [\"normalized\"], \"tables\": [\"ok.csv\"], \"match\": { \"player\": \"nome\" } },", "transforms.some.match.player.name: field 'nome' is not in record 'player'; did you mean 'name'?")]
    [InlineData("\"some\": { \"type\": \"identify\", \"from\": [\"normalized\"], \"tables\": [\"ok.csv\"], \"match\": { \"player\": { \"name\": \"name\", \"birthDate\": \"hits\" } } },", "transforms.some.match.player.birthDate: field 'hits' of record 'player' is of type int; it must be a time or a text")]
    [InlineData("\"some\": { \"type\": \"identify\", \"from\": [\"normalized\"], \"tables\": [\"ok.csv\"], \"match\": { \"playr\": \"name\" } },", "transforms.some.match.playr: no record 'playr' is declared; the records are 'player', 'game'")]
    [InlineData("\"some\": { \"type\": \"identify\", \"from\": [\"normalized\"], \"tables\": [{ \"path\": \"ok.csv\", \"name\": \"mbl\" }] },", "transforms.some.tables[0]: ok.csv(1): there is no column 'mbl'; did you mean 'mlb'?")]
    [InlineData("\"some\": { \"type\": \"identify\", \"from\": [\"normalized\"], \"tables\": [\"empty.csv\"], \"match\": { \"player\": \"name\" } },", "transforms.some.tables: no table has a row yet, so nobody knows which namespace is ours")]
    [InlineData("\"some\": { \"type\": \"score\", \"from\": [\"normalized\"], \"weights\": { \"completeness\": 0, \"validity\": 0, \"freshness\": 0, \"reliability\": 0 } },", "transforms.some.weights: all weights are 0; at least one part of the score must count")]
    [InlineData("\"some\": { \"type\": \"score\", \"from\": [\"normalized\"], \"weights\": { \"agreement\": 1 } },", "transforms.some.weights.agreement: only a merge knows what all sources have said of a key; put one behind this block, with no other score between, or set it to 0")]
    [InlineData("\"trusted\": { \"type\": \"merge\", \"from\": [\"normalized\"] }, \"some\": { \"type\": \"score\", \"from\": [\"trusted\"], \"weights\": { \"consistency\": 1 } },", "transforms.some.weights.consistency: only a merge knows")]
    [InlineData("\"one\": { \"type\": \"score\", \"from\": [\"normalized\"], \"weights\": { \"agreement\": 1 } }, \"two\": { \"type\": \"score\", \"from\": [\"normalized\"] }, \"some\": { \"type\": \"merge\", \"from\": [\"one\", \"two\"] },", "transforms.some.from: records of source 'feeds' come scored by 'one' and 'two', so it can't be said how their scores are to be completed; give these the same weights and flagBelow, or let one score read all of them")]
    [InlineData("\"some\": { \"type\": \"score\", \"from\": [\"normalized\"], \"flagBelow\": 0.2, \"deadLetterBelow\": 0.3 },", "transforms.some.flagBelow: what scores less than 0.2 goes to the dead letter already; make it greater than deadLetterBelow (0.3), or remove it")]
    [InlineData("\"some\": { \"type\": \"merge\", \"from\": [\"normalized\"], \"prefer\": [\"quality\", \"quality\"] },", "transforms.some.prefer: each of priority, quality, freshness and agreement decides at most once")]
    [InlineData("\"some\": { \"type\": \"merge\", \"from\": [\"normalized\"], \"fields\": { \"player\": [\"quality\", \"quality\"] } },", "transforms.some.fields.player: each of priority, quality, freshness and agreement decides at most once")]
    [InlineData("\"some\": { \"type\": \"merge\", \"from\": [\"normalized\"], \"fields\": { \"player.hits\": [\"agreemnt\"] } },", "did you mean 'agreement'?")]
    [InlineData("\"some\": { \"type\": \"merge\", \"from\": [\"normalized\"], \"fields\": { \"palyer.hits\": [\"quality\"] } },", "transforms.some.fields['palyer.hits']: there is no record 'palyer'; did you mean 'player'?")]
    [InlineData("\"some\": { \"type\": \"merge\", \"from\": [\"normalized\"], \"fields\": { \"player.hist\": [\"quality\"] } },", "transforms.some.fields['player.hist']: field 'hist' is not in record 'player'; did you mean 'hits'?")]
    [InlineData("\"some\": { \"type\": \"merge\", \"from\": [\"normalized\"], \"events\": { \"trade\": { \"record\": \"gaem\", \"when\": \"changed(hits)\" } } },", "transforms.some.events.trade.record: there is no record 'gaem'; did you mean 'game'?")]
    [InlineData("\"some\": { \"type\": \"merge\", \"from\": [\"normalized\"], \"events\": { \"trade\": { \"record\": \"player\", \"when\": \"changed(hist)\" } } },", "transforms.some.events.trade.when: 'changed(hist)' is no condition: field 'hist' is not in record 'player'; did you mean 'hits'?")]
    [InlineData("\"some\": { \"type\": \"merge\", \"from\": [\"normalized\"], \"prefer\": \"qualty\" },", "did you mean 'quality'?")]
    [InlineData("\"some\": { \"type\": \"filter\", \"from\": [\"normalized\"], \"where\": \"hit > 0\" },", "transforms.some.where: 'hit > 0' is no condition: field 'hit' is not in record 'player'; did you mean 'hits'?")]
    [InlineData("\"some\": { \"type\": \"filter\", \"from\": [\"normalized\"], \"where\": \"hits > 'x'\" },", "'x' can't be compared with field 'hits'; write a number")]
    public void Faults_are_said_at_their_place(string block, string expected)
    {
        var result = Load(block, "kind,mlb,sl\nplayer,1,a\nplayer,2,a\n");
        Assert.Contains(expected, Assert.Single(result.Faults).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"one\": { \"type\": \"score\", \"from\": [\"normalized\"], \"weights\": { \"agreement\": 1 } }, \"kept\": { \"type\": \"filter\", \"from\": [\"one\"], \"where\": \"hits > 0\" }, \"some\": { \"type\": \"merge\", \"from\": [\"kept\"] },")]
    [InlineData("\"one\": { \"type\": \"score\", \"from\": [\"normalized\"], \"weights\": { \"agreement\": 1 } }, \"two\": { \"type\": \"score\", \"from\": [\"normalized\"], \"weights\": { \"agreement\": 1 } }, \"some\": { \"type\": \"merge\", \"from\": [\"one\", \"two\"] },")]
    public void A_merge_behind_completes_scores(string blocks) => Assert.Empty(Load(blocks, "").Faults);

    [Theory]
    [InlineData("wall", true)]
    [InlineData("event", false)]
    public void Only_sources_that_ask_a_provider_become_less_reliable(string clock, bool expected)
    {
        var map = BrokenConfigs.SoundMap.Replace("\"fields\"", "\"eventTime\": \"at\", \"fields\"", StringComparison.Ordinal);
        var definition = Load("", "", map, clock).Definition!;
        var schema = new RecordSchema(definition.Schema.Types, [.. definition.Schema.Sources, new SourceInfo("lines", 1, 1, 1)]);
        var health = new SourceHealth(TimeProvider.System);
        health.Failed("feeds", "500");
        var answers = ScoreStep.Answers(definition.Options, schema, health);
        Assert.Equal(expected ? 0.95 : null, answers[0]?.Invoke());
        Assert.Null(answers[1]);
    }

    [Fact]
    public void Timeliness_says_nothing_at_event_time() =>
        Assert.Contains(
            "warning: transforms.some.weights.timeliness: with \"clock\": \"event\" every record counts as received at its event time",
            Assert.Single(Load("\"some\": { \"type\": \"score\", \"from\": [\"normalized\"], \"weights\": { \"timeliness\": 1 } },", "", BrokenConfigs.SoundMap.Replace("\"fields\"", "\"eventTime\": \"at\", \"fields\"", StringComparison.Ordinal), "event").Faults).ToString(),
            StringComparison.Ordinal);

    [Fact]
    public void Faults_in_a_mapping_are_said_in_the_mapping()
    {
        var result = Load("\"some\": { \"type\": \"filter\", \"from\": [\"normalized\"], \"where\": \"hits > 0\" },", "", BrokenConfigs.SoundMap.Replace("\"hits\": \"hits\"", "\"hist\": \"hits\"", StringComparison.Ordinal));
        Assert.Equal("maps/players.json(6,41): error: [0].fields.hist: field 'hist' is not in record 'player'; did you mean 'hits'?", Assert.Single(result.Faults).ToString());
    }

    [Fact]
    public void What_a_mapping_cannot_mean_is_told_at_its_place_and_the_pipeline_runs()
    {
        var result = Load("", "", BrokenConfigs.SoundMap.Replace("\"hits\": \"hits\"", "\"hits\": \"counts[?match(@.of, '\\\\\\\\w+')].n\"", StringComparison.Ordinal));
        Assert.NotNull(result.Definition);
        Assert.Equal(
            @"maps/players.json(6,41): warning: [0].fields.hits: 'counts[?match(@.of, '\\w+')].n': match() at position 9 never holds: its pattern '\w+' is no I-Regexp (RFC 9485) at its character 1, '\w'; write [A-Za-z0-9_]",
            Assert.Single(result.Faults).ToString());
    }

    [Theory]
    [InlineData("player:espn:{id}", "", "maps/players.json(5,12): warning: [0].key: no table of transform 'some' has a column 'espn', so whoever has this key is nobody it knows; the columns are mlb, sl")]
    [InlineData("player:sl:{id}", "", null)]
    [InlineData("player:mlb:{id}", "", null)]
    [InlineData("player:{of}:{id}", "", null)]
    [InlineData("game:espn:{id}", "", null)]
    [InlineData("player:espn:{id}", ", \"match\": { \"player\": \"name\" }", null)]
    public void Keys_that_no_table_can_know_are_told(string key, string match, string? expected)
    {
        var map = BrokenConfigs.SoundMap.Replace("player:{id}", key, StringComparison.Ordinal);
        var result = Load("\"between\": { \"type\": \"filter\", \"from\": [\"normalized\"], \"where\": \"hits > 0\" }, \"some\": { \"type\": \"identify\", \"from\": [\"between\"], \"tables\": [\"ok.csv\"]" + match + " },", "", map);
        Assert.Equal(expected is null ? [] : [expected], result.Faults.Select(f => f.ToString()));
    }

    [Theory]
    [InlineData("", "(2,3): error: [0]: it has no 'eventTime', at which its records live with \"clock\": \"event\"; name the path of one, or set \"clock\": \"wall\"")]
    [InlineData("\"eventTime\": { \"path\": \"@fetched\" },", "(2,3): error: [0]: it reads '@fetched', which is another time whenever the payload is read again; take a time from the payload, or set \"clock\": \"wall\"")]
    [InlineData("\"eventTime\": { \"path\": \"at\" },", null)]
    public void With_event_time_a_mapping_says_when_its_records_were_true(string eventTime, string? expected)
    {
        var map = BrokenConfigs.SoundMap.Replace("\"fields\"", eventTime + "\"fields\"", StringComparison.Ordinal);
        Assert.Empty(Load("\"some\": { \"type\": \"filter\", \"from\": [\"normalized\"], \"where\": \"hits > 0\" },", "", map).Faults);

        var result = Load("\"some\": { \"type\": \"filter\", \"from\": [\"normalized\"], \"where\": \"hits > 0\" },", "", map, "event");

        Assert.Equal(expected is null ? [] : ["maps/players.json" + expected], result.Faults.Select(f => f.ToString()));
    }

    private static LoadResult Load(string transforms, string table, string map = BrokenConfigs.SoundMap, string clock = "wall")
    {
        using var folder = new TestFolder(map);
        folder.Write("ids.csv", table);
        folder.Write("empty.csv", "kind,mlb,sl\n");
        folder.Write("ok.csv", "kind,mlb,sl\nplayer,1,a\n");
        var last = transforms.Contains("\"some\"", StringComparison.Ordinal) ? "some" : "normalized";
        var text = $$"""
            {
              "clock": "{{clock}}",
              "records": { "player": { "name": { "type": "string" }, "hits": { "type": "int" }, "atBats": { "type": "int" }, "state": { "type": "enum", "values": ["active"] } },
                           "game": { "inning": { "type": "int" } } },
              "providers": { "mlb": { "baseUrl": "http://127.0.0.1:9" } },
              "sources": { "feeds": { "type": "http", "provider": "mlb", "request": "/feed", "every": "5s" } },
              "transforms": {
                "normalized": { "type": "normalize", "from": ["feeds"], "map": "maps/players.json" },

                {{transforms}}
              },
              "sinks": { "archive": { "type": "file", "from": ["{{last}}"], "path": "data/players.jsonl" } }
            }
            """;
        return ConfigLoader.LoadText(text, "pipeline.json", folder.Root, Catalog, [], _ => null);
    }
}
