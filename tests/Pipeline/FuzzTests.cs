using System.Text;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Runtime;
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
    [Trait("kind", Fuzz.Trait)]
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
    [Trait("kind", Fuzz.Trait)]
    public void A_mapping_is_compiled_or_its_faults_are_told() => Fuzz.Run([Encoding.UTF8.GetBytes(Map)], text =>
    {
        var faults = new List<string>();
        return TestMapping.Compile(Schema, Encoding.UTF8.GetString(text), faults) is not null && faults.Count == 0 ? null : string.Join('\n', faults);
    });

    [Fact]
    [Trait("kind", Fuzz.Trait)]
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
    [Trait("kind", Fuzz.Trait)]
    public void A_condition_is_compiled_and_decides_or_is_refused_with_a_reason()
    {
        var batch = new TestBatch();
        batch.Row("player", "player:x:1", fields: [("name", "Jo's"), ("hits", 2), ("average", new TestBatch.Token("0.500")), ("at", DateTimeOffset.UnixEpoch), ("position", "DH")]);
        Fuzz.Run(
            [
                "hits <= atBats and not (position == 'DH') or exists(team)"u8.ToArray(),
                "average >= 0.5001 or name == 'Jo\\'s' and at > '2025-06-01T11:59:00+02:00'"u8.ToArray(),
                Encoding.UTF8.GetBytes(new string('(', 60) + "hits != null" + new string(')', 60)),
            ],
            text =>
            {
                if (RecordCondition.TryParse(Encoding.UTF8.GetString(text), batch.Schema.Types[0], out var condition, out var error))
                {
                    var row = batch.Batch[0];
                    Assert.False(condition.Holds(row) && condition.IsBrokenBy(row));
                    return null;
                }

                return error;
            });
    }

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public void A_dead_letter_file_is_cut_and_repaired_whatever_it_holds()
    {
        using var folder = TempFolder.InMemory();
        var path = folder.File("dead.jsonl");
        string Line(int checkpoint, string source) => $$"""{"time":"2026-04-01T18:00:00Z","block":"b","reason":"no key","source":"{{source}}","sequence":1,"after":"8dd1/{{checkpoint}}","bytes":9,"payload":"{\"a\":1}"}""" + "\n";
        var good = Encoding.UTF8.GetBytes(Line(6, "a") + Line(7, "a") + Line(8, "p") + Line(6, "a") + "{\"source\":\"a\"}\n" + Line(9, "a"));
        var marks = new DeadLetterMarks([("a", true), ("p", false)]);
        var state = new StateWriter();
        state.Write("run", 1, "8dd1"u8);
        marks.Restore(StateReader.Of(DeadLetterMarks.Part, state), default);
        Fuzz.Run([good], bytes =>
        {
            System.IO.File.WriteAllBytes(path, bytes);
            DeadLetterTail.Repair(path);
            var repaired = System.IO.File.ReadAllBytes(path);
            Assert.True(repaired.Length == 0 || repaired[^1] == '\n');
            new DeadLetterRewind(path, marks.Run, 7, marks.Sources, 1 << 20).Run();
            var (before, left) = (Lines(repaired).ToList(), Lines(System.IO.File.ReadAllBytes(path)).ToList());
            Assert.Equal(before.Where(l => !ComesAgain(l)), left.Where(l => !ComesAgain(l)));

            // What stands before an old line is not looked at.
            Assert.True(!left.Any(ComesAgain) || HasOld(repaired));
            return before.Count - left.Count == 2 ? null : "another number of lines was taken out";
        });

        static IEnumerable<byte[]> Lines(byte[] text)
        {
            for (var begin = 0; begin < text.Length;)
            {
                var end = text.AsSpan(begin).IndexOf((byte)'\n') + begin + 1;
                yield return text[begin..end];
                begin = end;
            }
        }

        static bool ComesAgain(byte[] line) => Mark(line) >= 7 && line.AsSpan().IndexOf(",\"source\":\"a\""u8) >= 0;

        static bool HasOld(byte[] text)
        {
            for (var rest = text; rest.AsSpan().IndexOf(",\"after\":\"8dd1/"u8) is >= 0 and var at; rest = rest[(at + 1)..])
            {
                if (Mark(rest) is >= 0 and < 6)
                {
                    return true;
                }
            }

            return false;
        }

        static long Mark(ReadOnlySpan<byte> line)
        {
            var at = line.IndexOf(",\"after\":\"8dd1/"u8);
            return at >= 0 && System.Buffers.Text.Utf8Parser.TryParse(line[(at + ",\"after\":\"8dd1/".Length)..], out long number, out _) ? number : -1;
        }
    }

    [Fact]
    [Trait("kind", Fuzz.Trait)]
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
