using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Tests.Mapping;

namespace StreamEngine.Pipeline.Tests.Transforms.Normalize;

public class NormalizeStepTests
{
    [Theory]
    [InlineData(3, "")]
    [InlineData(2, "too many records")]
    public void A_payload_with_more_records_than_it_may_have_is_refused_as_a_whole(int maxRecords, string reason)
    {
        var batch = new TestBatch();
        batch.Document("""[{"id":1},{"id":2},{"none":3},{"id":4}]""");
        batch.Document("""[{"id":5}]""");
        var step = TestMapping.Step(batch.Schema, """[ { "record": "player", "each": "$[*]", "when": "id > 0", "key": "player:{id}", "fields": { "name": "id" } } ]""", maxRecords: maxRecords);
        var left = step.Run(batch.Batch, TestBatch.Start);
        Assert.Equal(reason.Length == 0 ? [] : [reason], left.Select(d => d.Reason));
        Assert.All(left, d => Assert.Equal((RowState.Dead, -1, 0, "the payload holds more than 2; raise the normalize block's maxRecords if that is right"), (d.State, d.Row, d.Document, d.Detail)));
        Assert.Equal(reason.Length == 0 ? ["1", "2", "4", "5"] : ["5"], Names(batch));
        Assert.Equal(reason.Length == 0 ? 4 : 1, batch.Batch.Live);

        static List<string> Names(TestBatch batch)
        {
            var names = new List<string>();
            foreach (var row in batch.Batch)
            {
                names.Add(Encoding.UTF8.GetString(row.Text(0)));
            }

            return names;
        }
    }

    [Theory]
    [InlineData("hits", "\"x\"", "7", "7")]
    [InlineData("hits", "\"x\"", "7.0", "7")]
    [InlineData("hits", "\"x\"", "1e2", "100")]
    [InlineData("hits", "\"x\"", "\"12\"", "12")]
    [InlineData("hits", "\"x\"", "\" +12 \"", "12")]
    [InlineData("hits", "\"x\"", "7.5", "invalid")]
    [InlineData("hits", "\"x\"", "true", "invalid")]
    [InlineData("hits", "\"x\"", "\"seven\"", "invalid")]
    [InlineData("hits", "\"x\"", "\"\"", "invalid")]
    [InlineData("hits", "\"x\"", "{}", "invalid")]
    [InlineData("hits", "\"x\"", "99999999999999999999", "invalid")]
    [InlineData("hits", "\"x\"", "null", "none")]
    [InlineData("hits", """{"path":"x","missing":["","-"]}""", "\"-\"", "none")]
    [InlineData("hits", """{"path":"x","missing":["0"]}""", "0", "none")]
    [InlineData("hits", """{"path":"x","as":"innings"}""", "\"113.2\"", "341")]
    [InlineData("hits", """{"path":"x","as":"innings"}""", "5", "15")]
    [InlineData("hits", """{"path":"x","as":"innings"}""", "100.0", "300")]
    [InlineData("hits", """{"path":"x","as":"innings"}""", "0.1", "1")]
    [InlineData("hits", """{"path":"x","as":"innings"}""", "5.3", "invalid")]
    [InlineData("hits", """{"path":"x","as":"innings"}""", "-1", "invalid")]
    [InlineData("hits", """{"const":4}""", "null", "4")]
    [InlineData("hits", """{"first":["y","z","x"]}""", "3", "3")]
    [InlineData("average", "\"x\"", "0.250", "0.250")]
    [InlineData("average", "\"x\"", "\".272\"", "0.272")]
    [InlineData("average", "\"x\"", "1.5e-1", "1.5e-1")]
    [InlineData("average", "\"x\"", "123456789012345678901.5", "123456789012345678901.5")]
    [InlineData("name", "\"x\"", "\"Ohtani\"", "\"Ohtani\"")]
    [InlineData("name", "\"x\"", "\"a\\\"b\\u00e9\\n\"", "\"a\\\"bé\\n\"")]
    [InlineData("name", "\"x\"", "\"\\ud800\"", "invalid")]
    [InlineData("name", "\"x\"", "660271", "\"660271\"")]
    [InlineData("name", "\"x\"", "false", "\"false\"")]
    [InlineData("name", "\"x\"", "[1]", "invalid")]
    [InlineData("name", """{"path":"x","values":{"LA":"LAD"}}""", "\"LA\"", "\"LAD\"")]
    [InlineData("name", """{"path":"x","values":{"LA":"LAD"}}""", "\"SF\"", "\"SF\"")]
    [InlineData("name", """{"const":"a \"quote\""}""", "null", "\"a \\\"quote\\\"\"")]
    [InlineData("name", "\"@url\"", "1", "\"http://x/y\"")]
    [InlineData("home", "\"x\"", "\"true\"", "true")]
    [InlineData("home", "\"x\"", "false", "false")]
    [InlineData("home", "\"x\"", "1", "invalid")]
    [InlineData("home", """{"path":"x","equals":"home"}""", "\"home\"", "true")]
    [InlineData("home", """{"path":"x","equals":1}""", "1.0", "true")]
    [InlineData("home", """{"path":"x","equals":"home"}""", "null", "none")]
    [InlineData("position", "\"x\"", "\"DH\"", "\"DH\"")]
    [InlineData("position", "\"x\"", "\"QB\"", "invalid")]
    [InlineData("at", "\"x\"", "\"2025-06-01T12:00:00Z\"", "\"2025-06-01T12:00:00Z\"")]
    [InlineData("at", "\"x\"", "\"2025-06-01T12:00:00.25+02:00\"", "\"2025-06-01T10:00:00.25Z\"")]
    [InlineData("at", "\"x\"", "\"2025-06-01T12:00Z\"", "\"2025-06-01T12:00:00Z\"")]
    [InlineData("at", "\"x\"", "\"yesterday\"", "invalid")]
    [InlineData("at", """{"path":"x","zone":"America/New_York"}""", "\"2025-06-01T12:00:00\"", "\"2025-06-01T16:00:00Z\"")]
    [InlineData("at", """{"path":"x","zone":"America/New_York"}""", "\"2025-03-09T02:30:00\"", "invalid")]
    [InlineData("at", """{"path":"x","format":"unix"}""", "1748779200", "\"2025-06-01T12:00:00Z\"")]
    [InlineData("at", """{"path":"x","format":"unix"}""", "\"1748779200.5\"", "\"2025-06-01T12:00:00.5Z\"")]
    [InlineData("at", """{"path":"x","format":"unix"}""", "1e30", "invalid")]
    [InlineData("at", """{"path":"x","format":"unixMilliseconds"}""", "1748779200250", "\"2025-06-01T12:00:00.25Z\"")]
    [InlineData("at", """{"path":"x","format":"yyyyMMdd_HHmmss"}""", "\"20250601_120000\"", "\"2025-06-01T12:00:00Z\"")]
    [InlineData("at", """{"path":"x","format":"yyyyMMdd","zone":"America/New_York"}""", "20250601", "\"2025-06-01T04:00:00Z\"")]
    [InlineData("at", "\"@fetched\"", "1", "\"2025-06-01T12:00:00Z\"")]
    public void Converts(string field, string path, string value, string expected)
    {
        var batch = new TestBatch();
        var step = TestMapping.Step(batch.Schema, $$$"""[{"record":"player","key":"player:x:1","fields":{"{{{field}}}":{{{path}}}}}]""");
        batch.Document($$"""{"x":{{value}}}""");
        step.Run(batch.Batch, TestBatch.Start);
        var row = batch.Batch[0];
        var slot = row.Type.Field(field)!.Slot;
        Assert.Equal(expected == "invalid", row.Head.Invalid.Has(slot));
        Assert.Equal(expected is not ("invalid" or "none"), row.Has(slot));
        if (row.Has(slot))
        {
            using var wanted = JsonDocument.Parse(expected);
            using var got = JsonDocument.Parse(Json(row, field));
            if (field == "at")
            {
                Assert.Equal(wanted.RootElement.GetDateTimeOffset(), got.RootElement.GetDateTimeOffset());
            }
            else
            {
                Assert.True(JsonElement.DeepEquals(wanted.RootElement, got.RootElement), $"{expected} was wanted, got {Json(row, field)}");
                Assert.Equal(wanted.RootElement.ToString(), got.RootElement.ToString());
            }
        }
    }

    [Fact]
    public void A_header_gives_values_keys_and_conditions()
    {
        var batch = new TestBatch();
        var step = TestMapping.Step(batch.Schema, """
            [{"record":"player","key":"player:{@header('X-League')}:{id}","when":"@header('X-Season') == 2026 and exists(@header('x-league'))",
              "eventTime":{"path":"@header('Date')","format":"ddd, dd MMM yyyy HH:mm:ss 'GMT'"},
              "fields":{"team":"@header('X-Team')","hits":"@header('X-Season')","name":"name"}}]
            """);
        batch.Document("""{"id":1,"name":"A"}""", headers: new DocumentHeaders([new("X-League", "mlb"), new("X-Season", "2026"), new("Date", "Sun, 01 Jun 2025 11:59:58 GMT")]));
        batch.Document("""{"id":2,"name":"B"}""", headers: new DocumentHeaders([new("X-League", "mlb"), new("X-Season", "2025")]));
        batch.Document("""{"id":3,"name":"C"}""");
        step.Run(batch.Batch, TestBatch.Start);
        Assert.Equal(1, batch.Batch.RowCount);
        var row = batch.Batch[0];
        Assert.Equal("player:mlb:1", Encoding.UTF8.GetString(row.Key));
        Assert.Equal(("\"A\"", "2026"), (Json(row, "name"), Json(row, "hits")));
        Assert.False(row.Has(row.Type.Field("team")!.Slot));
        Assert.Equal(new DateTime(2025, 6, 1, 11, 59, 58, DateTimeKind.Utc).Ticks, row.Head.EventTime);
    }

    [Fact]
    public void One_pass_makes_the_rows_that_two_make()
    {
        const string Rule = """
            {
              "record": "player", "key": "{league}:{who.id}", "eventTime": "at", "when": "not exists(skip)",
              "fields": {
                "name": "who.name", "team": { "first": ["who.team", "team"] }, "hits": "hits", "atBats": "hits", "average": "avg",
                "home": { "path": "home", "equals": "home" }, "at": "at", "position": "who.position"
              }
            }
            """;
        var scalar = Gen.OneOf(
            Gen.Int[-2, 400].Select(i => $"{i}"),
            Gen.OneOf("null", "true", "[1]", "{}", "0.250", "-0", "1.0", "1e2", "123456789012345678901.5", "\"5\"", "\"home\"", "\"DH\"", "\"\"", "\"N\u00fa\\u00f1ez\"", "\"\\ud800\"", "\"2025-06-01T10:00:00.250Z\"", "\"2025-06-01\""));
        var who = Members(["id", "name", "team", "position", "other", "\\u0069d"], scalar);
        var document = Members(["league", "who", "at", "team", "hits", "avg", "home", "at", "hits", "other"], Gen.Frequency((3, scalar), (2, who)));
        var usual = who.Select(w => $$"""{"league":"mlb","at":"2025-06-01T10:00:00.250Z","who":{{w}},"hits":3,"avg":0.333,"team":"T1"}""");
        var damaged = Gen.Select(usual, Gen.Double.Unit, Gen.Char["{}[]\",:\\0e \u0001"], (text, where, c) => text[..(int)(where * text.Length)] + c + text[((int)(where * text.Length) + 1)..]);
        Gen.Frequency((3, usual), (2, document), (1, damaged)).Array[1, 12].Sample(
            documents =>
            {
                // With two rules the tape is read.
                var (one, two) = (new TestBatch(), new TestBatch());
                var departures = new[] { (one, $"[{Rule}]"), (two, $"[{Rule},{Rule}]") }.Select(c =>
                {
                    Array.ForEach(documents, d => c.Item1.Document(d));
                    return TestMapping.Step(c.Item1.Schema, c.Item2).Run(c.Item1.Batch, TestBatch.Start);
                }).ToList();
                var rows = Enumerable.Range(0, one.Batch.RowCount).Select(i => Describe(one, i)).ToList();
                Assert.Equal(rows.SelectMany(r => new[] { r, r }).Order(), Enumerable.Range(0, two.Batch.RowCount).Select(i => Describe(two, i)).Order());
                Assert.Equal(
                    departures[0].Where(d => d.Row < 0).Select(d => (d.Document, d.State, d.Reason, d.Detail)),
                    departures[1].Where(d => d.Row < 0).Select(d => (d.Document, d.State, d.Reason, d.Detail)));
                Assert.Equal(2 * departures[0].Count(d => d.Row >= 0), departures[1].Count(d => d.Row >= 0));
            },
            iter: 400);
    }

    private static Gen<string> Members(string[] names, Gen<string> value) =>
        Gen.Select(Gen.OneOf(names), value, (n, v) => $"\"{n}\":{v}").Array[0, 10].Select(m => $"{{{string.Join(",", m)}}}");

    private static string Describe(TestBatch batch, int index)
    {
        var row = batch.Batch[index];
        ref readonly var head = ref row.Head;
        var text = new StringBuilder($"{head.Document} {head.State} {head.RawOffset}+{head.RawLength} {(head.State == RowState.Live ? batch.Key(index) : "")} {head.KeyHash} {head.EventTime} invalid");
        foreach (var slot in head.Invalid)
        {
            text.Append(' ').Append(slot);
        }

        foreach (var slot in head.Present)
        {
            var cell = row.Cells[slot];
            text.Append(CultureInfo.InvariantCulture, $"; {slot} {cell.Kind} {cell.Bits} {cell.Scale} {cell.Length} {Encoding.UTF8.GetString(row.Text(slot))} {row.Double(slot)}");
        }

        return text.ToString();
    }

    [Fact]
    public void Levels_climb_and_know_their_keys()
    {
        var batch = new TestBatch();
        var step = TestMapping.Step(batch.Schema, """
            [{
              "each": ["$.teams.*", "players.*"],
              "when": "exists(hits) and ^@key != 'bench'",
              "record": "player",
              "key": "player:{$.league}:{@key}",
              "eventTime": { "path": "$.time", "format": "yyyyMMdd_HHmmss" },
              "fields": { "name": "who.name", "team": "^.abbr", "home": { "path": "^@key", "equals": "home" }, "hits": "hits", "position": "^^.pos" }
            }]
            """);
        batch.Document("""
            {"league":"mlb","time":"20250601_101500","pos":"DH","teams":{
              "home":{"abbr":"LAD","players":{"ID1":{"who":{"name":"A"},"hits":1},"ID2":{"who":{"name":"B"}}}},
              "bench":{"abbr":"LAD","players":{"ID9":{"who":{"name":"Z"},"hits":1}}},
              "away":{"abbr":"NY\u0059","players":{"I\u00443":{"who":{"name":"C"},"hits":0}}}}}
            """);
        step.Run(batch.Batch, TestBatch.Start);
        Assert.Equal(2, batch.Batch.RowCount);
        var first = batch.Batch[0];
        Assert.Equal("player:mlb:ID1", batch.Key(0));
        Assert.Equal("\"A\"", Json(first, "name"));
        Assert.Equal("\"LAD\"", Json(first, "team"));
        Assert.Equal("true", Json(first, "home"));
        Assert.Equal("1", Json(first, "hits"));
        Assert.Equal("\"DH\"", Json(first, "position"));
        Assert.Equal(new DateTimeOffset(2025, 6, 1, 10, 15, 0, TimeSpan.Zero).Ticks, first.Head.EventTime);
        Assert.Equal(TestBatch.Start, first.Head.ReceivedTime);
        Assert.Equal("""{"who":{"name":"A"},"hits":1}""", Encoding.UTF8.GetString(batch.Batch.Slice(first.Head.RawOffset, first.Head.RawLength)));
        Assert.Equal("player:mlb:ID3", batch.Key(1));
        Assert.Equal("\"NYY\"", Json(batch.Batch[1], "team"));
        Assert.Equal("false", Json(batch.Batch[1], "home"));
    }

    [Fact]
    public void Text_and_numbers_are_slices_of_the_payload()
    {
        var batch = new TestBatch();
        var step = TestMapping.Step(batch.Schema, """[{"each":"$[*]","record":"player","key":"player:x:{id}","fields":{"name":"n","average":"a"}}]""");
        batch.Document("""[{"id":1,"n":"Plain","a":0.30},{"id":2,"n":"Esc\u0061ped","a":"0.5"}]""");
        var payload = batch.Batch.Bytes.Length;
        step.Run(batch.Batch, TestBatch.Start);
        Assert.InRange(batch.Batch[0].Get(0).Offset, 0, payload);
        Assert.Equal(4, batch.Batch[0].Get(4).Length);
        Assert.InRange(batch.Batch[1].Get(0).Offset, payload, batch.Batch.Bytes.Length);
        Assert.Equal("\"Escaped\"", Json(batch.Batch[1], "name"));
        Assert.Equal("0.5", Json(batch.Batch[1], "average"));
    }

    [Fact]
    public void Appending_while_the_buffer_grows_keeps_all_text_right()
    {
        var batch = new TestBatch();
        var step = TestMapping.Step(batch.Schema, """[{"each":"$[*]","record":"player","key":"player:x:{id}","fields":{"name":"n","team":"@url"}}]""");
        for (var d = 0; d < 20; d++)
        {
            batch.Document("[" + string.Join(",", Enumerable.Range(0, 500).Select(i => $$"""{"id":"{{d}}-{{i}}","n":"N\u00e4me {{d}} {{i}}"}""")) + "]", origin: "file" + d);
        }

        step.Run(batch.Batch, TestBatch.Start);
        Assert.Equal(10_000, batch.Batch.RowCount);
        for (var i = 0; i < batch.Batch.RowCount; i++)
        {
            var (d, n) = (i / 500, i % 500);
            Assert.Equal($"player:x:{d}-{n}", batch.Key(i));
            Assert.Equal($"\"Näme {d} {n}\"", Json(batch.Batch[i], "name"));
            Assert.Equal($"\"file{d}\"", Json(batch.Batch[i], "team"));
        }
    }

    [Theory]
    [InlineData("""{"a":""", "malformed json", RowState.Dead)]
    [InlineData("", "malformed json", RowState.Dead)]
    [InlineData("<html>", "malformed json", RowState.Dead)]
    [InlineData("""{"a":1}""", "no records", RowState.Filtered)]
    [InlineData("""{"items":[]}""", "no records", RowState.Filtered)]
    public void Documents_without_records_leave(string payload, string reason, RowState state)
    {
        var batch = new TestBatch();
        var step = TestMapping.Step(batch.Schema, """[{"each":"$.items[*]","record":"player","key":"player:x:{id}","fields":{"name":"n"}}]""");
        batch.Document(payload);
        var departure = Assert.Single(step.Run(batch.Batch, TestBatch.Start));
        Assert.Equal((state, reason, -1, 0), (departure.State, departure.Reason, departure.Row, departure.Document));
        Assert.Equal(0, batch.Batch.Live);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_malformed()
    {
        var batch = new TestBatch();
        var step = TestMapping.Step(batch.Schema, """[{"record":"player","key":"player:x:1","fields":{"name":"n"}}]""");
        batch.Batch.AddDocument(new Document { Offset = batch.Batch.Append([(byte)'{', (byte)'"', (byte)'n', (byte)'"', (byte)':', (byte)'"', 0xC3, (byte)'"', (byte)'}']), Length = 9, Origin = "x" });
        Assert.Equal("malformed json", Assert.Single(step.Run(batch.Batch, TestBatch.Start)).Reason);
    }

    [Fact]
    public void A_byte_order_mark_is_skipped()
    {
        var batch = new TestBatch();
        var step = TestMapping.Step(batch.Schema, """[{"record":"player","key":"player:x:{id}","fields":{"name":"n"}}]""");
        batch.Document("\uFEFF{\"id\":7,\"n\":\"A\"}");
        Assert.Empty(step.Run(batch.Batch, TestBatch.Start));
        Assert.Equal("player:x:7", batch.Key(0));
        Assert.Equal("\"A\"", Json(batch.Batch[0], "name"));
    }

    [Fact]
    public void Items_without_key_or_with_a_bad_time_are_dead_and_the_others_live()
    {
        var batch = new TestBatch();
        var step = TestMapping.Step(batch.Schema, """[{"each":"$[*]","record":"player","key":"player:x:{id}","eventTime":"t","fields":{"name":"n"}}]""");
        batch.Document("""[{"id":1,"n":"A"},{"n":"B"},{"id":null},{"id":""},{"id":{}},{"id":2,"t":"noon"},{"id":3}]""");
        var left = step.Run(batch.Batch, TestBatch.Start);
        Assert.Equal(["missing key", "missing key", "missing key", "missing key", "bad event time"], left.Select(d => d.Reason));
        Assert.All(left, d => Assert.Equal(RowState.Dead, d.State));
        Assert.Equal(2, batch.Batch.Live);
        var dead = batch.Batch[1].Head;
        Assert.Equal("""{"n":"B"}""", Encoding.UTF8.GetString(batch.Batch.Slice(dead.RawOffset, dead.RawLength)));
    }

    [Fact]
    public void Confirmations_name_the_keys_of_the_last_answer()
    {
        var schema = TestBatch.DefaultSchema();
        var step = TestMapping.Step(schema, """
            [{"each":"$.p[*]","record":"player","key":"player:x:{id}","fields":{"name":"n"}},
             {"each":"$.g[*]","record":"game","key":"game:x:{id}","fields":{"inning":"i"}}]
            """);
        Keys(step, schema, b => b.Document("""{"p":[{"id":1},{"id":2}],"g":[{"id":9}]}""", request: 1));
        Keys(step, schema, b => b.Document("""{"p":[{"id":5}]}""", request: 2));
        Assert.Equal(["player player:x:1", "player player:x:2", "game game:x:9"], Keys(step, schema, b => b.Document("", request: 1, confirmed: true)));
        Assert.Equal(["player player:x:5"], Keys(step, schema, b => b.Document("", request: 2, confirmed: true)));
        Assert.Empty(Keys(step, schema, b => b.Document("", source: 1, request: 1, confirmed: true)));
        Keys(step, schema, b => b.Document("""{"p":[{"id":3}]}""", request: 1));
        Assert.Equal(["player player:x:3"], Keys(step, schema, b => b.Document("", request: 1, confirmed: true)));
        Keys(step, schema, b => b.Document("broken", request: 1));
        Assert.Empty(Keys(step, schema, b => b.Document("", request: 1, confirmed: true)));
        Keys(step, schema, b => b.Document("""{"p":[{"id":4}]}""", request: 0));
        Assert.Empty(Keys(step, schema, b => b.Document("", request: 0, confirmed: true)));
    }

    [Theory]
    [InlineData("""{"x":7,"\ud800":1}""", "\"x\"")]
    [InlineData("""{"\ud800":{"x":7}}""", "\"@key\"")]
    public void A_member_name_that_no_text_can_hold_costs_its_own_document_only(string poison, string path)
    {
        var batch = new TestBatch();
        var step = TestMapping.Step(batch.Schema, $$$"""[{"each":"*","record":"player","key":"player:x:1","fields":{"name":{{{path}}}}},{"record":"player","key":"player:x:2","fields":{"name":"x"}}]""");
        batch.Document("""{"a":{"x":"good"}}""");
        batch.Document(poison);
        batch.Document("""{"b":{"x":"good"}}""");

        var left = step.Run(batch.Batch, TestBatch.Start);

        Assert.All(left, d => Assert.Equal((RowState.Dead, 1), (d.State, d.Document)));
        Assert.Contains(left, d => d.Reason == "malformed json");
        Assert.Equal(4, batch.Batch.Live);
    }

    [Fact]
    public void A_payload_as_deep_as_sources_accept_is_read()
    {
        var batch = new TestBatch();
        var step = TestMapping.Step(batch.Schema, """[{"record":"player","key":"player:x:1","fields":{"name":"x"}}]""");
        batch.Document($$"""{"x":"deep","y":{{new string('[', 200)}}{{new string(']', 200)}}}""");

        Assert.Empty(step.Run(batch.Batch, TestBatch.Start));
    }

    private static List<string> Keys(StreamEngine.Pipeline.Transforms.Normalize.NormalizeStep step, StreamEngine.Pipeline.Records.RecordSchema schema, Action<TestBatch> fill)
    {
        var batch = new TestBatch(schema);
        fill(batch);
        step.Run(batch.Batch, TestBatch.Start);
        var keys = new List<string>();
        foreach (var row in batch.Batch)
        {
            if (row.Head.Op == RowOp.Confirmed)
            {
                keys.Add($"{row.Type.Name} {Encoding.UTF8.GetString(row.Key)}");
            }
        }

        return keys;
    }

    private static string Json(Row row, string field)
    {
        var writer = new System.Buffers.ArrayBufferWriter<byte>();
        var info = row.Type.Field(field)!;
        RecordEncoder.WriteCell(row.Get(info.Slot), info, row.Batch.Bytes, writer);
        return Encoding.UTF8.GetString(writer.WrittenSpan);
    }
}
