using System.Text;
using CsCheck;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Pipeline.Tests.Mapping;

/// <summary>The one pass against the tape and its trie: they find the same, or the one pass gives up.</summary>
public class MemberReaderTests
{
    private const int Behind = JsonTokenizer.Ahead;

    private static readonly string[] Names =
        ["a", "b", "ab", "id", "eightlet", "a\u00e9", "", "commonStartaCommonEnd", "commonStartbCommonEnd", "q\"q", "b\\s", "a name of twenty-nine letters", "a name that has thirty letters"];

    private static readonly Gen<string> Name = Gen.Frequency((6, Gen.OneOf(Names)), (1, Gen.Int[0, 500].Select(i => $"other{i}")));

    private static readonly Gen<string> Space = Gen.Frequency((12, Gen.Const("")), (2, Gen.Const(" ")), (1, Gen.OneOf("\n\t", "\r\n   ")));

    private static readonly Gen<string> Scalar = Gen.OneOf(
        Gen.Int[0, 12].Select(i => $"{i}"),
        Gen.OneOf("null", "true", "false", "0", "-0", "-7", "0.250", "1234567", "12345678", "1.2345678", "1e5", "1.5E-3", "9223372036854775808", "1e400"),
        Gen.OneOf("", "x", "T05", "\u00e9", "\\n", "\\u0041\\ud83d\\ude00", "\\ud800", "Player of the League", new string('x', 31), new string('x', 32), new string('y', 70)).Select(t => $"\"{t}\""));

    private static readonly Gen<string> Value = Gen.Recursive<string>((depth, value) => depth > 4 ? Scalar : Gen.Frequency(
        (6, Scalar),
        (1, Gen.Select(value.Array[0, 4], Space, (v, s) => $"[{s}{string.Join($"{s},{s}", v)}{s}]")),
        (4, Object(value))));

    private static readonly Gen<string> Document = Gen.Select(Object(Value), Space, Space, (o, a, b) => a + o + b);

    private static readonly Gen<string[][]> Paths = Name.Array[1, 3].Array[1, 10];

    private static readonly byte[] Likely = "{}[]\",:\\019.eEtn \0\x7f"u8.ToArray();

    private static readonly Gen<(double Where, int How, byte What)[]> Damage = Gen.Select(Gen.Double.Unit, Gen.Int[0, 4], Gen.Frequency((3, Gen.OneOf(Likely)), (1, Gen.Byte))).Array[0, 2];

    [Fact]
    public void Finds_what_the_tape_finds() => Gen.Select(Paths, Gen.Select(Document, Gen.Int[1, 3]).Array[1, 6]).Sample(
        (paths, documents) =>
        {
            var both = new Both(paths);
            foreach (var (document, times) in documents)
            {
                for (var i = 0; i < times; i++)
                {
                    both.Read(Encoding.UTF8.GetBytes(document), mustRead: !document.Contains("\\\"q\":", StringComparison.Ordinal) && !HasEscapedName(document));
                }
            }
        },
        iter: 4_000);

    [Fact]
    public void Accepts_nothing_that_the_tape_refuses() => Gen.Select(Paths, Document, Gen.Select(Damage, Damage, Damage)).Sample(
        (paths, document, damage) =>
        {
            // The undamaged one in between, so that its members are expected.
            var both = new Both(paths);
            var bytes = Encoding.UTF8.GetBytes(document);
            both.Read(bytes);
            both.Read(Damaged(bytes, damage.Item1));
            both.Read(bytes);
            both.Read(Damaged(bytes, damage.Item2));
            both.Read(Damaged(bytes, damage.Item3));
        },
        iter: 8_000);

    [Fact]
    public void A_document_cut_off_anywhere_is_given_up()
    {
        var both = new Both([["a"], ["b", "a"], ["id"]]);
        var bytes = "{\"a\":1,\"id\":\"x\\u0041\",\"b\":{\"a\":12345,\"z\":[1,{\"y\":null}]},\"\u00e9\":2.50,\"ab\":true}"u8.ToArray();
        for (var length = bytes.Length; length >= 0; length--)
        {
            Assert.True(both.Read(bytes, mustRead: true));
            Assert.Equal(length == bytes.Length, both.Read(bytes[..length]));
        }
    }

    [Theory]
    [InlineData("{\"\\u0061\":1}")]
    [InlineData("{\"x\":{\"\\ud800\":1}}")]
    [InlineData("[{\"a\":1}]")]
    [InlineData("\uFEFF{\"a\":1}")]
    [InlineData("7")]
    [InlineData("")]
    public void Gives_up_what_is_unusual(string document) => Assert.False(new Both([["a"]]).Read(Encoding.UTF8.GetBytes(document)));

    [Theory]
    [InlineData("a name of twenty-nine letters", true)]
    [InlineData("a name that has thirty letters", false)]
    [InlineData("q\"q", false)]
    [InlineData("b\\s", false)]
    [InlineData("t\tb", false)]
    [InlineData("", false)]
    public void Only_names_that_stand_in_a_text_as_they_are_are_recognised(string name, bool expected) =>
        Assert.Equal(expected, KnownMember.IsRecognisable(Encoding.UTF8.GetBytes(name)));

    [Fact]
    public void Gives_up_what_is_deep()
    {
        foreach (var (open, close) in new[] { ("[", "]"), ("{\"x\":", "}") })
        {
            string Deep(int depth) => "{\"a\":" + string.Concat(Enumerable.Repeat(open, depth - 1)) + "1" + string.Concat(Enumerable.Repeat(close, depth - 1)) + "}";
            Assert.True(new Both([["a"]]).Read(Encoding.UTF8.GetBytes(Deep(MemberReader.MaxDepth))));
            Assert.False(new Both([["a"]]).Read(Encoding.UTF8.GetBytes(Deep(MemberReader.MaxDepth + 1))));
        }
    }

    [Fact]
    public void Gives_up_at_the_end_of_the_memory()
    {
        var both = new Both([["a"]]);
        var bytes = Encoding.UTF8.GetBytes("{\"a\":1}" + new string(' ', Behind));
        Assert.True(both.Reader.TryRead(bytes, 0, 7, both.Found, ref both.Whole));
        Assert.False(both.Reader.TryRead(bytes.AsSpan(0, bytes.Length - 1), 0, 7, both.Found, ref both.Whole));
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        var both = new Both([["a"], ["b", "a"]]);
        var bytes = Encoding.UTF8.GetBytes("{\"a\":1,\"o\":[{\"x\":\"\u00e9\"}],\"b\":{\"a\":1e5}}" + new string(' ', Behind));
        var other = Encoding.UTF8.GetBytes("{\"z\":1,\"b\":{\"y\":0,\"a\":2}}" + new string(' ', Behind));
        var before = 0L;
        for (var i = 0; i < 100; i++)
        {
            before = i == 1 ? GC.GetAllocatedBytesForCurrentThread() : before;
            both.Reader.TryRead(bytes, 0, bytes.Length - Behind, both.Found, ref both.Whole);
            both.Reader.TryRead(other, 0, other.Length - Behind, both.Found, ref both.Whole);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static Gen<string> Object(Gen<string> value) => Gen.Select(Gen.Select(Name, Gen.Int[0, 30], Space, value, Member).Array[0, 6], Space, (m, s) => $"{{{s}{string.Join($"{s},{s}", m)}{s}}}");

    private static string Member(string name, int escaped, string space, string value)
    {
        var text = name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        return $"\"{(escaped == 0 && name.Length > 0 && text == name ? $"\\u{(int)name[0]:x4}{name[1..]}" : text)}\"{space}:{space}{value}";
    }

    private static bool HasEscapedName(string document)
    {
        var bytes = Encoding.UTF8.GetBytes(document);
        var tape = new JsonTape();
        Assert.True(tape.Read(bytes, 0, bytes.Length), tape.Error);
        return Enumerable.Range(0, tape.After(0)).Any(i => tape.Tokens[i].IsEscaped && IsName(bytes, tape.Tokens[i]));
    }

    private static bool IsName(byte[] bytes, JsonToken text)
    {
        var behind = bytes.AsSpan(text.Start + text.Length + 1).TrimStart(" \t\r\n"u8);
        return behind.Length > 0 && behind[0] == ':';
    }

    private static byte[] Damaged(byte[] bytes, (double Where, int How, byte What)[] damage)
    {
        foreach (var (where, how, what) in damage)
        {
            var at = (int)(where * bytes.Length);
            bytes = how switch
            {
                0 or 1 when bytes.Length > at => [.. bytes[..at], what, .. bytes[(at + 1)..]],
                2 when bytes.Length > at => [.. bytes[..at], .. bytes[(at + 1)..]],
                3 => bytes[..at],
                _ => [.. bytes[..at], what, .. bytes[at..]],
            };
        }

        return bytes;
    }

    /// <summary>The reader, which remembers what it read, beside a tape.</summary>
    private sealed class Both
    {
        private readonly MemberTrie trie;
        private readonly JsonTape tape = new();
        private readonly JsonToken[] expected;
        public JsonToken Whole;

        public Both(string[][] paths)
        {
            var set = new PathSet(0);
            foreach (var path in paths)
            {
                var text = string.Concat(path.Select(n => $"['{n.Replace("\\", "\\\\", StringComparison.Ordinal)}']"));
                set.Add(MappingPath.TryParse(text, out var parsed, out var error) ? parsed : throw new ArgumentException(error));
            }

            trie = set.Compile()[0]!;
            expected = new JsonToken[set.Count];
            Found = new JsonToken[set.Count + 1];
            Reader = new MemberReader(trie, set.Count);
        }

        public MemberReader Reader { get; }

        public JsonToken[] Found { get; }

        /// <summary>Reads with different things before and behind the document, none of which may be taken for a part of it.</summary>
        public bool Read(byte[] document, bool mustRead = false)
        {
            var read = false;
            foreach (var behind in new[] { "\0", "}", ",\"a\":1}", "\":1}", "9", " ", "\u00dd" })
            {
                var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(behind, Behind)));
                byte[] memory = [(byte)'{', .. document, .. text];
                Found.AsSpan().Fill(new JsonToken { Meta = (uint)JsonKind.True });
                read = Reader.TryRead(memory, 1, document.Length + 1, Found, ref Whole);
                var valid = tape.Read(memory, 1, document.Length);
                Assert.True(valid || !read, tape.Error);
                Assert.True(read || !mustRead, "given up");
                if (read)
                {
                    trie.Find(tape, memory, 0, expected);
                    Assert.Equal(tape.Raw(0), (Whole.Start, Whole.Length));
                    Assert.All(expected, (e, i) => Assert.Equal(Essence(e), Essence(Found[i])));
                }
            }

            return read;
        }

        private static (uint Meta, int Start, int Length, long Bits) Essence(JsonToken token) => token.Kind switch
        {
            JsonKind.None => default,
            JsonKind.Array or JsonKind.Object => (token.Meta, token.Start, 0, 0),
            JsonKind.Number when !token.IsBig => (token.Meta, token.Start, token.Length, token.Bits),
            _ => (token.Meta, token.Start, token.Length, 0),
        };
    }
}
