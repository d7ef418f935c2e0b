using System.Text;
using System.Text.Json;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Tests.Mapping;

namespace StreamEngine.Pipeline.Tests.Transforms.Normalize;

/// <summary>A recorded feed of the MLB Stats API, read by mapping and, independently, by hand.</summary>
public class RealPayloadTests
{
    private const string Map = """
        [
          {
            "each": ["$.liveData.boxscore.teams.*", "players.*"],
            "when": "exists(stats.batting.atBats)",
            "record": "player",
            "key": "player:mlb:{person.id}",
            "eventTime": { "path": "$.metaData.timeStamp", "format": "yyyyMMdd_HHmmss", "zone": "UTC" },
            "fields": {
              "name": "person.fullName",
              "team": { "first": ["^.team.abbreviation", "^.team.name"] },
              "home": { "path": "^@key", "equals": "home" },
              "hits": "stats.batting.hits",
              "atBats": "stats.batting.atBats",
              "battingAverage": { "path": "seasonStats.batting.avg", "missing": [".---", "-", ""] },
              "outs": { "path": "stats.pitching.inningsPitched", "as": "innings" }
            }
          },
          {
            "each": ["$.liveData.boxscore.teams.*", "players.*"],
            "when": "exists(stats.pitching.inningsPitched)",
            "record": "pitcher",
            "key": "player:mlb:{person.id}",
            "fields": { "outs": { "path": "stats.pitching.inningsPitched", "as": "innings" } }
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
            TestBatch.Type("pitcher", 1, [], TestBatch.Field("outs", FieldType.Int)),
        ],
        [new SourceInfo("feeds", 0, 1, 1)]);

    [Fact]
    public void Batters_and_pitchers_are_those_of_the_feed()
    {
        var json = SharedFiles.Payload("mlb-statsapi/live/744914_feed_live_final.json");
        var batch = new TestBatch(Schema);
        batch.Document(json);
        Assert.Empty(TestMapping.Step(Schema, Map).Run(batch.Batch, TestBatch.Start));
        var rows = new Dictionary<string, string>();
        foreach (var row in batch.Batch)
        {
            Assert.True(row.Head.Invalid.IsEmpty);
            rows.Add(row.Type.Name + " " + Encoding.UTF8.GetString(row.Key), Describe(row));
            if (row.Type.Index == 0)
            {
                Assert.Equal(new DateTimeOffset(2024, 7, 1, 21, 44, 4, TimeSpan.Zero).Ticks, row.Head.EventTime);
            }
        }

        Assert.Equal(ByHand(json).OrderBy(r => r.Key, StringComparer.Ordinal), rows.OrderBy(r => r.Key, StringComparer.Ordinal));
        Assert.Equal(19, rows.Keys.Count(k => k.StartsWith("player ", StringComparison.Ordinal)));
        Assert.Equal("Davis Schneider|Toronto Blue Jays|true|0|3|0.215|", rows["player player:mlb:676914"]);
        Assert.Equal("20", rows["pitcher player:mlb:684320"]);
    }

    private static Dictionary<string, string> ByHand(string json)
    {
        var expected = new Dictionary<string, string>();
        using var document = JsonDocument.Parse(json);
        foreach (var side in document.RootElement.GetProperty("liveData").GetProperty("boxscore").GetProperty("teams").EnumerateObject())
        {
            foreach (var player in side.Value.GetProperty("players").EnumerateObject().Select(p => p.Value))
            {
                var id = player.GetProperty("person").GetProperty("id").GetInt32();
                var outs = "";
                if (player.GetProperty("stats").GetProperty("pitching").TryGetProperty("inningsPitched", out var innings))
                {
                    var parts = innings.GetString()!.Split('.');
                    outs = $"{(int.Parse(parts[0], null) * 3) + int.Parse(parts[1], null)}";
                    expected.Add($"pitcher player:mlb:{id}", outs);
                }

                var batting = player.GetProperty("stats").GetProperty("batting");
                if (batting.TryGetProperty("atBats", out var atBats))
                {
                    var average = player.GetProperty("seasonStats").GetProperty("batting").GetProperty("avg").GetString()!;
                    expected.Add($"player player:mlb:{id}", string.Join("|",
                        player.GetProperty("person").GetProperty("fullName").GetString(),
                        side.Value.GetProperty("team").GetProperty("name").GetString(),
                        side.Name == "home" ? "true" : "false",
                        batting.GetProperty("hits").GetInt32(),
                        atBats.GetInt32(),
                        average == ".---" ? "" : "0" + average,
                        outs));
                }
            }
        }

        return expected;
    }

    private static string Describe(Row row)
    {
        var values = new List<string>();
        foreach (var field in row.Type.Fields)
        {
            var writer = new System.Buffers.ArrayBufferWriter<byte>();
            if (row.Has(field.Slot))
            {
                RecordEncoder.WriteCell(row.Get(field.Slot), field, row.Batch.Bytes, writer);
            }

            values.Add(Encoding.UTF8.GetString(writer.WrittenSpan).Trim('"'));
        }

        return string.Join("|", values);
    }
}
