using System.Text;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Tests.Configuration;
using StreamEngine.Pipeline.Tests.Mapping;
using StreamEngine.Pipeline.Transforms.Identify;
using StreamEngine.Tests;

namespace StreamEngine.Pipeline.Tests;

/// <summary>What operators write and providers answer, broken in every way.</summary>
public sealed class FuzzTests
{
    private const string Map = """
        [
          {
            "each": ["$.teams.*", "players.*"],
            "when": "exists(stats.atBats)",
            "record": "player",
            "key": "player:mlb:{id}",
            "eventTime": { "path": "$.at", "format": "yyyyMMdd_HHmmss", "zone": "UTC" },
            "fields": {
              "name": "name",
              "team": { "first": ["^.abbreviation", "^.name"] },
              "home": { "path": "^@key", "equals": "home" },
              "hits": "stats.hits",
              "atBats": "stats.atBats",
              "battingAverage": { "path": "stats.avg", "missing": [".---", "-", ""] },
              "outs": { "path": "stats.innings", "as": "innings" }
            }
          }
        ]
        """;

    private static readonly RecordSchema Schema = new(
        [
            TestBatch.Type("player", 0, ["hits <= atBats"],
                TestBatch.Field("name", FieldType.String, required: true),
                TestBatch.Field("team", FieldType.String, required: true),
                TestBatch.Field("home", FieldType.Bool),
                TestBatch.Field("hits", FieldType.Int, min: 0),
                TestBatch.Field("atBats", FieldType.Int, min: 0),
                TestBatch.Field("battingAverage", FieldType.Number, min: 0, max: 1),
                TestBatch.Field("outs", FieldType.Int)),
        ],
        [new SourceInfo("feeds", 0, 1, 1)]);

    [Fact]
    public void A_config_is_loaded_or_its_faults_are_told()
    {
        using var folder = new TestFolder();
        Fuzz.Run([Encoding.UTF8.GetBytes(BrokenConfigs.Sound)], text =>
        {
            var loaded = folder.Load(Encoding.UTF8.GetString(text));
            return loaded.Definition is not null ? null : string.Join('\n', loaded.Faults.Select(f => f.Message));
        });
    }

    [Fact]
    public void A_mapping_is_compiled_or_its_faults_are_told() => Fuzz.Run([Encoding.UTF8.GetBytes(Map)], text =>
    {
        var faults = new List<string>();
        return TestMapping.Compile(Schema, Encoding.UTF8.GetString(text), faults) is not null && faults.Count == 0 ? null : string.Join('\n', faults);
    });

    [Fact]
    public void A_payload_becomes_records_or_goes_to_the_dead_letter_with_a_reason()
    {
        var step = TestMapping.Step(Schema, Map);
        var good = Encoding.UTF8.GetBytes("""
            {"at":"20260401_180000","teams":{"home":{"abbreviation":"HOU","players":{"ID1":{"id":514888,"name":"Jos\u00e9 Altuve","stats":{"hits":103,"atBats":339,"avg":".304","innings":"0.0"}},
            "ID2":{"id":664285,"name":"Framber Valdez","stats":{"hits":0,"atBats":1,"avg":".---","innings":"113.2"}}}},"away":{"name":"Toronto Blue Jays","players":{"ID3":{"id":665489,"name":"Vladimir \"Vlad\" Guerrero","stats":{"hits":1.0e1,"atBats":40,"avg":0.25}}}}}}
            """);
        Fuzz.Run([good], text =>
        {
            var batch = new TestBatch(Schema);
            batch.Batch.AddDocument(new Document { Offset = batch.Batch.Append(text), Length = text.Length, Sequence = 1, ReceivedTime = TestBatch.Start, Origin = "" });
            var departures = step.Run(batch.Batch, TestBatch.Start);
            foreach (var row in batch.Batch)
            {
                _ = row.Detach();
            }

            var reasons = departures.Where(d => d.State is RowState.Dead or RowState.Filtered).Select(d => d.Reason).ToList();
            return reasons.Count == 0 ? null : string.Join('\n', reasons);
        });
    }

    [Fact]
    public void A_crosswalk_is_read_or_refused_with_a_reason() => Fuzz.Run(
        ["kind,mlb,statline\nplayer,660271,39832\nplayer,514888,\"30204\"\n"u8.ToArray(), "kind,mlb,wire,book\r\nplayer,1,2,\r\ngame,3,,\"a,\"\"b\"\"\"\r\n"u8.ToArray()],
        text =>
        {
            var faults = new List<string>();
            using var reader = new StringReader(Encoding.UTF8.GetString(text));
            new Crosswalk().Read(reader, (line, fault) => faults.Add($"{line}: {fault}"));
            return faults.Count == 0 ? null : string.Join('\n', faults);
        });
}
