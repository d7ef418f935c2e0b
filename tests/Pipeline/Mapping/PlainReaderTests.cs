using System.Text;
using CsCheck;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Mapping;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Tests.Mapping;

/// <summary>Documents that are read by a pattern become the rows that they become by way of the tape.</summary>
public class PlainReaderTests
{
    /// <summary>So many alike until their pattern is learned.</summary>
    private const int Learned = 16;

    private const string Mapping = """
        [{
          "when": "kind != 'other' and name != 'x'", "record": "player", "key": "player:{id}", "eventTime": "at",
          "fields": { "name": "name", "team": "team.name", "hits": "hits", "atBats": "atBats", "average": "average", "home": "home", "at": "at", "position": "team.position" }
        }]
        """;

    /// <summary>Several fields of one value, several keys, and records that are gone.</summary>
    private const string Shared = """
        [{
          "record": "player", "key": ["player:{id}", "player:{name}"],
          "fields": { "name": "name", "team": "name", "hits": "hits", "atBats": "hits", "average": "hits", "home": "home" }
        }]
        """;

    private const string Gone = """[{ "record": "player", "key": "player:{id}", "eventTime": "at", "removes": true, "now": "player:{name}" }]""";

    private static readonly string[] Names = ["id", "kind", "name", "team", "hits", "atBats", "average", "home", "at", "position", "other", "a long name that nobody has asked for at all"];

    private static readonly Gen<string> Scalar = Gen.Frequency(
        (4, Gen.Int[0, 120].Select(i => $"{i}")),
        (2, Gen.Int[0, 999].Select(i => $"0.{i:000}")),
        (2, Gen.OneOf("0", "-0", "-7", "01", "1.", "1234567", "12345678", "123456789", "1.2345678", "1e5", "1.5E-3", "9223372036854775808", "1e400", "-", ".5")),
        (2, Gen.OneOf("null", "true", "false", "nul", "truer")),
        (1, Gen.Int[0, 86_399].Select(i => $"\"2025-06-0{1 + (i % 9)}T{i / 3600:00}:{i / 60 % 60:00}:{i % 60:00}.{i % 1000:000}Z\"")),
        (4, Gen.OneOf("", "x", "T05", "DH", "other", "\u00e9", "\\n", "\\u0041\\ud83d\\ude00", "\\ud800", "\\x", "Player of the League", new string('x', 31), new string('x', 32), new string('x', 33), new string('y', 63), new string('z', 64), new string('y', 70), "\t").Select(t => $"\"{t}\"")));

    /// <summary>A document with a hole for each scalar.</summary>
    private static readonly Gen<string> Skeleton = Gen.Select(Object(Gen.Recursive<string>((depth, value) => depth > 3 ? Gen.Const("@") : Gen.Frequency(
        (9, Gen.Const("@")),
        (2, Object(value)),
        (1, value.Array[0, 3].Select(v => $"[{string.Join(", ", v)}]"))))), Gen.OneOf("", "", "", " ", "\n"), (o, s) => s + o + s);

    [Theory]
    [InlineData(Mapping)]
    [InlineData(Shared)]
    [InlineData(Gone)]
    public void Rows_are_those_of_the_tape(string mapping) => Gen.Select(Skeleton, Scalar.Array[40], Gen.Select(Gen.Int[0, 39], Gen.Int[0, 39], Scalar).Array[10, 60], Skeleton, Gen.Double.Unit).Sample(
        (skeleton, usual, changes, other, cut) =>
        {
            // Mostly alike, one scalar changed; sometimes another document, or one that ends early.
            var documents = changes.SelectMany((change, i) =>
            {
                var scalars = usual.ToArray();
                (scalars[change.Item1], scalars[change.Item2]) = (change.Item3, scalars[change.Item1]);
                var text = Filled(i % 13 == 12 ? other : skeleton, i < Learned + 4 ? usual : scalars);
                return i % 17 == 16 ? [text, text[..(int)(cut * text.Length)]] : new[] { text };
            }).ToList();
            var (direct, tape) = (Mapped(mapping, documents, readsOnce: true), Mapped(mapping, documents, readsOnce: false));
            Assert.Equal(tape, direct);
        },
        iter: 2_000);

    [Fact]
    public void What_is_written_alike_is_read_by_its_pattern()
    {
        var reader = new Reading();
        for (var i = 0; i < Learned; i++)
        {
            Assert.Null(reader.Read($$"""{"id":{{i}},"name":"a","hits":3}"""));
        }

        var pattern = reader.Read("""{"id":99,"name":"somebody","hits":12}""");
        Assert.NotNull(pattern);
        Assert.True(pattern.TakesAll);
        Assert.Equal(2, pattern.Taken.Count);
        Assert.Same(pattern, reader.Read("""{"id":1234567890123,"name":"é","hits":-1}"""));
        Assert.Null(reader.Read("""{"id":1,"name":"a","hits":3.5}"""));
        Assert.Null(reader.Read("""{"id":1,"hits":3,"name":"a"}"""));
        Assert.Null(reader.Read("""{"id":1,"name":"a\n","hits":3}"""));
        Assert.Null(reader.Read("""{"id":1,"name":"a","hits":3} """));
        Assert.Same(pattern, reader.Read("""{"id":1,"name":"a","hits":3}"""));
    }

    [Fact]
    public void Of_documents_that_take_turns_one_pattern_stays_while_it_fits_often()
    {
        var reader = new Reading();
        var fitted = 0;
        for (var i = 0; i < 2000; i++)
        {
            fitted += reader.Read(i % 3 == 0 ? $$"""{"id":{{i}},"hits":{{i % 7}}}""" : $$"""{"id":{{i}},"name":"n{{i}}","hits":{{i % 7}}}""") is null ? 0 : 1;
        }

        Assert.InRange(fitted, 600, 1400);
    }

    [Fact]
    public void Documents_that_are_never_alike_are_learned_from_less_and_less()
    {
        var reader = new Reading();
        var learned = 0;
        for (var i = 0; i < 20_000; i++)
        {
            reader.Read($$"""{"id":{{i}},"x{{i}}":1}""", measures: true);
            learned += reader.Allocated > 0 ? 1 : 0;
        }

        Assert.InRange(learned, 2, 20);
    }

    [Fact]
    public void Reading_by_a_pattern_allocates_nothing()
    {
        var reader = new Reading();
        for (var i = 0; i < 200; i++)
        {
            var isByPattern = reader.Read($$$"""{"id":{{{i}}},"team":{"name":"éx","position":"P"},"home":true,"average":0.{{{i:000}}},"hits":{{{i}}}}""", measures: i > Learned) is not null;
            Assert.Equal((i >= Learned, 0), (isByPattern, reader.Allocated));
        }
    }

    private static Gen<string> Object(Gen<string> value) => Gen.Select(Gen.OneOf(Names), Gen.OneOf(":", ":", " : "), value).Array[1, 9]
        .Select(m => $"{{{string.Join(",", m.Select(x => $"\"{x.Item1}\"{x.Item2}{x.Item3}"))}}}");

    private static string Filled(string skeleton, string[] scalars)
    {
        var text = new StringBuilder();
        var at = 0;
        foreach (var c in skeleton)
        {
            text.Append(c == '@' ? scalars[at++ % scalars.Length] : c.ToString());
        }

        return text.ToString();
    }

    private static List<string> Mapped(string mapping, List<string> documents, bool readsOnce)
    {
        var test = new TestBatch();
        var mapper = new DocumentMapper(TestMapping.Compile(test.Schema, mapping, [])!, int.MaxValue, readsOnce);
        foreach (var document in documents)
        {
            test.Document(document);
        }

        // Room behind the last one, or it would be read as one that memory ends with.
        test.Batch.Append(new byte[2 * JsonTokenizer.Ahead]);
        for (var i = 0; i < documents.Count; i++)
        {
            mapper.Map(test.Batch, i);
        }

        var output = new System.Buffers.ArrayBufferWriter<byte>();
        var rows = new List<string>();
        for (var i = 0; i < test.Batch.RowCount; i++)
        {
            var row = test.Batch[i];
            ref readonly var head = ref row.Head;
            output.Clear();
            if (head.State == RowState.Live)
            {
                RecordEncoder.Write(row, output);
            }

            rows.Add($"{head.State} {head.Op} {head.Document} {head.KeyHash} {head.RawOffset}+{head.RawLength} {head.AliasLength} {Encoding.UTF8.GetString(output.WrittenSpan)}");
            foreach (var slot in head.Present)
            {
                var cell = row.Cells[slot];
                rows.Add($"{slot}: {cell.Kind} {cell.Bits} {cell.Offset}+{cell.Length} {cell.Scale}");
            }

            rows.Add($"invalid {string.Join(' ', TestBatch.Slots(head.Invalid))}");
        }

        rows.AddRange(documents.Select((d, i) => $"{test.Batch.Document(i).State} {d}"));
        foreach (var departure in test.Batch.Whole.Departures)
        {
            rows.Add($"{departure.State} {departure.Row} {departure.Document} {departure.Reason} {departure.Detail}");
        }

        return rows;
    }

    /// <summary>Reads one document after the other.</summary>
    private sealed class Reading
    {
        private readonly TestBatch test = new();
        private readonly PlainReader reader;
        private readonly JsonToken[] found;
        private JsonToken whole;

        public Reading()
        {
            var rule = TestMapping.Compile(test.Schema, Mapping, [])![0];
            reader = new PlainReader(rule.Tries[0]!, rule.Slots, rule.DirectFields, new JsonTape());
            found = new JsonToken[rule.Slots + 1];
        }

        public long Allocated { get; private set; }

        public DocumentPattern? Read(string document, bool measures = false)
        {
            var index = test.Document(document);
            test.Batch.Append(new byte[JsonTokenizer.Ahead]);
            test.Batch.NextCells();
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.True(reader.TryRead(test.Batch, index, found, ref whole));
            Allocated = measures ? GC.GetAllocatedBytesForCurrentThread() - before : 0;
            return reader.Pattern;
        }
    }
}
