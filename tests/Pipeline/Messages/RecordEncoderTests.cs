using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsCheck;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Tests.Messages;

public sealed class RecordEncoderTests
{
    private static readonly string LongName = "a very long name that no vector holds, with \"quotes\" and ünïcode, " + new string('x', 80);

    private static readonly RecordSchema Schema = new(
        [
            new RecordType(
                "player",
                0,
                [
                    .. TestBatch.Type("player", 0, [],
                        TestBatch.Field("name", FieldType.String),
                        TestBatch.Field("hits", FieldType.Int),
                        TestBatch.Field("ops", FieldType.Number),
                        TestBatch.Field("home", FieldType.Bool),
                        TestBatch.Field("at", FieldType.Time),
                        TestBatch.Field(LongName, FieldType.String),
                        slot => new FieldInfo { Name = "rate", Slot = slot, Type = FieldType.Number, Decimals = 3 }).Fields,
                ],
                ["hits <= atBats", "\"a\" < b"],
                ["an event \"with\" a long name, longer than that of all other records of the type taken together", "trade"]),
            TestBatch.Type("empty \"kind\"", 1, []),
        ],
        [new SourceInfo("lines", 0, 1, 1), new SourceInfo("a source with a name of more than thirty-two bytes é", 1, 1, 1)]);

    private static readonly Gen<string> Texts = Gen.OneOf(Gen.String[Gen.Char["abcdefg ,:"], 0, 60], Gen.String[Gen.Char["ab\"\\\n\u0001é€"], 0, 80]);

    private static readonly Gen<Sample> Samples =
        from sparse in Gen.Int[0, (1 << 7) - 1]
        from changed in Gen.Int[0, (1 << 7) - 1]
        from flags in Gen.Int[0, (1 << 7) - 1]
        from origins in Gen.Int[-1, 1].Array[7]
        from key in Texts
        from texts in Gen.Select(Texts, Texts)
        from numbers in Gen.Select(Gen.Long, Gen.Long[-99_999, 99_999], Gen.Int[-3, 9])
        from times in Gen.Long[0, DateTime.MaxValue.Ticks].Array[3]
        from score in Gen.Int[0, 1000]
        select new Sample(sparse, changed, flags, origins, key, texts, numbers, times, score);

    [Fact]
    public void A_record_is_the_json_that_the_framework_writes() => Samples.Sample(
        sample =>
        {
            var batch = new TestBatch(Schema);
            var row = Make(batch, sample);
            var output = new ArrayBufferWriter<byte>(1);
            RecordEncoder.Write(row, output);
            Assert.Equal(Expected(row), Encoding.UTF8.GetString(output.WrittenSpan));
            batch.Batch.Release();
        },
        iter: 3000,
        threads: 1);

    [Fact]
    public void A_score_has_three_decimals_rounded_half_to_even()
    {
        for (var thousandths = 0; thousandths <= 1000; thousandths++)
        {
            foreach (var near in new[] { 0, 0.0005f, -0.0005f, 0.0004999f })
            {
                AssertScore(thousandths / 1000f + near);
            }
        }

        Gen.Float[-0.1f, 1.1f].Sample(AssertScore, threads: 1);
        Gen.Float.Where(float.IsFinite).Sample(AssertScore, threads: 1);
        AssertScore(-0f);
    }

    [Fact]
    public void A_record_without_fields_is_whole()
    {
        var batch = new TestBatch(Schema);
        var row = batch.Row("empty \"kind\"", "k");
        var output = new ArrayBufferWriter<byte>();
        RecordEncoder.Write(row, output);
        Assert.Equal(Expected(row), Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void A_cell_that_points_outside_the_batch_is_refused_and_writes_nothing()
    {
        var batch = new TestBatch(Schema);
        foreach (var cell in new[]
        {
            new Cell { Kind = CellKind.Text, Offset = 0, Bits = -5 },
            new Cell { Kind = CellKind.Text, Offset = 1 << 20, Bits = 5 },
            new Cell { Kind = CellKind.BigNumber, Offset = -1, Length = 5 },
        })
        {
            var row = batch.Row("player", "k");
            row.Set(0, cell);
            var output = new ArrayBufferWriter<byte>();
            var index = row.Index;
            Assert.ThrowsAny<SystemException>(() => RecordEncoder.Write(batch.Batch[index], output));
            Assert.Equal(0, output.WrittenCount);
        }
    }

    [Fact]
    public void Fields_with_long_names_have_room_in_every_list()
    {
        const int Fields = 20;
        var schema = new RecordSchema(
            [new RecordType("long", 0, [.. Enumerable.Range(0, Fields).Select(i => new FieldInfo { Name = new string('x', 200) + i, Slot = i, Type = FieldType.Int })], [])],
            [new SourceInfo("a", 0, 1, 1)]);
        var batch = new TestBatch(schema);
        var row = batch.Row("long", "k", fields: [.. schema.Types[0].Fields.Select(f => (f.Name, (object)1))]);
        var all = FieldSet.First(Fields);
        row.Head.Changed = row.Head.Invalid = all;
        row.Head.Quality = new Quality { Level = QualityLevel.Low, Missing = all };
        row.Head.SoleOrigin = 0;
        batch.Batch.SetNotes(0, new RowNotes { Conflicts = all, Corrected = all });
        var output = new ArrayBufferWriter<byte>();
        RecordEncoder.Write(row, output);
        var record = JsonDocument.Parse(output.WrittenMemory).RootElement;
        Assert.All(new[] { "changed", "corrected", "conflicts" }, list => Assert.Equal(Fields, record.GetProperty(list).GetArrayLength()));
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        var batch = new TestBatch(Schema);
        Make(batch, new Sample(127, 127, 127, [0, 1, 0, 1, 0, 1, 0], "key \"1\"", ("plain", "\"é\n"), (-5, 12345, 3), [0, 1, 2], 873));
        var output = new ArrayBufferWriter<byte>(1 << 16);
        for (var i = 0; i < 100; i++)
        {
            output.ResetWrittenCount();
            RecordEncoder.Write(batch.Batch[0], output);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        output.ResetWrittenCount();
        RecordEncoder.Write(batch.Batch[0], output);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void AssertScore(float score)
    {
        var batch = new TestBatch(Schema);
        var row = batch.Row("player", "k");
        row.Head.Quality = new Quality { Score = score, Level = QualityLevel.High };
        var output = new ArrayBufferWriter<byte>();
        RecordEncoder.Write(row, output);
        var expected = Math.Round((double)score, 3).ToString("R", CultureInfo.InvariantCulture);
        Assert.Contains($"\"quality\":{{\"score\":{expected},\"level\"", Encoding.UTF8.GetString(output.WrittenSpan), StringComparison.Ordinal);
        batch.Batch.Release();
    }

    private static Row Make(TestBatch batch, Sample sample)
    {
        var notes = default(RowNotes);
        var row = batch.Row("player", sample.Key, source: (short)(sample.Flags & 1), sequence: 1 + Math.Abs(sample.Numbers.Item2), received: sample.Times[0], eventTime: sample.Times[1]);
        row.Head.Revision = (sample.Flags & 2) != 0 ? Math.Abs(sample.Numbers.Item2) : 0;
        row.Head.Event = (short)(sample.Changed % 3);
        row.Set(0, Encoding.UTF8.GetBytes(sample.Texts.Item1));
        row.Set(1, sample.Numbers.Item1);
        TestBatch.Set(row, 2, new TestBatch.Token(string.Create(CultureInfo.InvariantCulture, $"{sample.Numbers.Item2 / 1000m}")));
        row.Set(3, (sample.Flags & 4) != 0);
        row.Set(4, new DateTimeOffset(sample.Times[2], TimeSpan.Zero));
        row.Set(5, Encoding.UTF8.GetBytes(sample.Texts.Item2));
        row.Set(6, new Cell { Kind = CellKind.Number, Bits = sample.Numbers.Item2, Scale = (sbyte)sample.Numbers.Item3 });
        for (var slot = 0; slot < 7; slot++)
        {
            if ((sample.Sparse >> slot & 1) == 0)
            {
                row.Clear(slot);
            }

            if ((sample.Changed >> slot & 1) != 0)
            {
                row.Head.Changed.Add(slot);
            }

            if ((sample.Score >> slot & 1) != 0)
            {
                notes.Conflicts.Add(slot);
                notes.Corrected.Add(6 - slot);
            }

            if ((sample.Flags & 8) != 0 && sample.Origins[slot] >= 0)
            {
                batch.Batch.SetOrigin(row.Index, slot, (short)sample.Origins[slot]);
            }

            if ((sample.Flags & 16) != 0 && (sample.Changed >> slot & 1) == 0)
            {
                row.Head.Quality.Missing.Add(slot);
                row.Head.Invalid.Add(6 - slot);
            }
        }

        batch.Batch.SetNotes(row.Index, notes);
        row.Head.SoleOrigin = (short)((sample.Flags & 72) == 64 ? sample.Flags & 1 : -1);
        row.Head.Quality.Level = (QualityLevel)(sample.Score % 5);
        row.Head.Quality.Score = sample.Score / 1000f;
        row.Head.Quality.Marks = ((sample.Flags & 32) != 0 ? QualityMarks.Old : 0) | (QualityMarks)(sample.Sparse & 30);
        row.Head.Confidence = (Confidence)(sample.Score % 4);
        if (row.Head.Confidence != Confidence.None && row.Head.IsOfSeveral)
        {
            var identities = batch.Batch.ReserveIdentities(row.Index);
            identities[sample.Sparse & 1] = row.Head.Confidence;
            identities[~sample.Sparse & 1] = (Confidence)(sample.Changed % 4);
        }

        row.Head.Quality.BrokenRules = (ulong)(sample.Flags & 3) * (ulong)(sample.Flags >> 6 & 1);
        return row;
    }

    /// <summary>The record by the framework's writer, token by token.</summary>
    private static string Expected(Row row)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            ref readonly var head = ref row.Head;
            json.WriteStartObject();
            WriteTextValue(json, "key", row.Key);
            Name(json, "kind", row.Type.Name);
            Name(json, "event", head.Revision > 0 && head.Event > 0 ? row.Type.Events[head.Event - 1] : row.Type.Name + "_update");
            if (head.Revision > 0)
            {
                json.WriteNumber("revision", head.Revision);
            }

            json.WriteNumber("sequence", head.Sequence);
            json.WriteString("eventTime", Time(head.EventTime));
            json.WriteString("receivedTime", Time(head.ReceivedTime));
            Name(json, "source", row.Source.Name);
            WriteQuality(json, row);
            WriteSets(json, row);
            WriteIdentity(json, row);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static void WriteQuality(Utf8JsonWriter json, Row row)
    {
        var quality = row.Head.Quality;
        if (quality.Level == QualityLevel.Unscored)
        {
            return;
        }

        json.WriteStartObject("quality");
        json.WriteNumber("score", Math.Round((double)quality.Score, 3));
        json.WriteString("level", quality.Level.ToString().ToLowerInvariant());
        json.WriteStartArray("reasons");
        foreach (var slot in quality.Missing)
        {
            json.WriteStringValue("missing " + row.Type.Fields[slot].Name);
        }

        foreach (var slot in row.Head.Invalid)
        {
            json.WriteStringValue("invalid " + row.Type.Fields[slot].Name);
        }

        for (var rule = 0; rule < row.Type.Rules.Count; rule++)
        {
            if ((quality.BrokenRules >> rule & 1) != 0)
            {
                json.WriteStringValue("broken rule " + row.Type.Rules[rule]);
            }
        }

        foreach (var (mark, reason) in new[]
        {
            (QualityMarks.Old, "old"), (QualityMarks.Late, "late"), (QualityMarks.Disputed, "sources disagree"), (QualityMarks.Inconsistent, "inconsistent"), (QualityMarks.LowScore, "low score"),
        })
        {
            if (quality.Marks.HasFlag(mark))
            {
                json.WriteStringValue(reason);
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteSets(Utf8JsonWriter json, Row row)
    {
        WriteNames(json, "changed", row.Head.Changed, row.Type);
        if (row.Head.HasNotes)
        {
            WriteNames(json, "corrected", row.Batch.Notes(row.Index).Corrected, row.Type);
            WriteNames(json, "conflicts", row.Batch.Notes(row.Index).Conflicts, row.Type);
        }

        json.WriteStartObject("fields");
        foreach (var slot in row.Head.Present)
        {
            WriteField(json, row, slot);
        }

        json.WriteEndObject();
        var merged = new List<(int Slot, short Origin)>();
        foreach (var slot in row.Head.Present)
        {
            if (row.Batch.Origin(row.Index, slot) is >= 0 and var origin)
            {
                merged.Add((slot, origin));
            }
        }

        if (merged.Count > 0)
        {
            json.WriteStartObject("provenance");
            foreach (var (slot, origin) in merged)
            {
                Name(json, row.Type.Fields[slot].Name, Schema.Sources[origin].Name);
            }

            json.WriteEndObject();
        }
    }

    private static void WriteIdentity(Utf8JsonWriter json, Row row)
    {
        if (row.Head.Confidence == Confidence.None)
        {
            return;
        }

        json.WriteStartObject("identity");
        foreach (var source in Schema.Sources)
        {
            var own = source.Index == row.Source.Index ? row.Head.Confidence : Confidence.None;
            if ((row.Head.IsOfSeveral ? row.Batch.Identities(row.Index)[source.Index] : own) is not Confidence.None and var confidence)
            {
                Name(json, source.Name, confidence.ToString().ToLowerInvariant());
            }
        }

        json.WriteEndObject();
    }

    private static void WriteNames(Utf8JsonWriter json, string member, FieldSet fields, RecordType type)
    {
        if (fields.IsEmpty)
        {
            return;
        }

        json.WriteStartArray(member);
        foreach (var slot in fields)
        {
            json.WriteRawValue(JsonSerializer.Serialize(type.Fields[slot].Name));
        }

        json.WriteEndArray();
    }

    private static void WriteField(Utf8JsonWriter json, Row row, int slot)
    {
        var cell = row.Get(slot);
        var name = JsonEncodedText.Encode(row.Type.Fields[slot].Name);
        switch (cell.Kind)
        {
            case CellKind.Text:
                WriteTextValue(json, name.ToString(), row.Text(slot), name);
                break;
            case CellKind.Bool:
                json.WriteBoolean(name, cell.Bits != 0);
                break;
            case CellKind.Time:
                json.WriteString(name, Time(cell.Bits));
                break;
            default:
                json.WritePropertyName(name);
                json.WriteRawValue(Number(cell, row.Type.Fields[slot].Decimals ?? 28));
                break;
        }
    }

    private static string Number(in Cell cell, int decimals)
    {
        var exact = cell.Scale < 0
            ? cell.Bits * (decimal)Math.Pow(10, -cell.Scale)
            : new decimal((int)Magnitude(cell.Bits), (int)(Magnitude(cell.Bits) >> 32), 0, cell.Bits < 0, (byte)cell.Scale);
        var rounded = Math.Round(exact, decimals, MidpointRounding.ToEven);
        return (rounded == 0 ? 0 : rounded).ToString("F" + Math.Clamp(cell.Scale, 0, decimals), CultureInfo.InvariantCulture);
    }

    private static ulong Magnitude(long value) => value < 0 ? (ulong)-value : (ulong)value;

    private static void WriteTextValue(Utf8JsonWriter json, string name, ReadOnlySpan<byte> text, JsonEncodedText? encoded = null)
    {
        json.WritePropertyName(encoded ?? JsonEncodedText.Encode(name));
        if (RecordEncoder.NeedsEscaping(text))
        {
            json.WriteStringValue(text);
        }
        else
        {
            json.WriteRawValue($"\"{Encoding.UTF8.GetString(text)}\"");
        }
    }

    private static void Name(Utf8JsonWriter json, string name, string value)
    {
        json.WritePropertyName(JsonEncodedText.Encode(name));
        json.WriteRawValue(JsonSerializer.Serialize(value));
    }

    private static string Time(long ticks) => new DateTime(ticks, DateTimeKind.Utc).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private sealed record Sample(int Sparse, int Changed, int Flags, int[] Origins, string Key, (string, string) Texts, (long, long, int) Numbers, long[] Times, int Score);
}
