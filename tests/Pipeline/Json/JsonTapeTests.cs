using System.Globalization;
using System.Text;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Pipeline.Tests.Json;

/// <summary>What must be accepted, what must be refused, and what we chose where RFC 8259 leaves the choice.</summary>
public class JsonTapeTests
{
    public static TheoryData<string> MustAccept =>
    [
        "null", "true", "false", "0", "-0", "\"\"", "[]", "{}", " \t\r\n1 \t\r\n", "[ ]", "{ }", "[\n]", "[[]]", "[{},[]]", "{\"a\":{}}", "{\"\":0}",
        "[1]", "[1,2 , 3]", "[ 1 , 2 ]", "{\"a\":1}", "{ \"a\" : 1 , \"b\" : 2 }", "{\"a\":1,\"a\":2}", "[null,true,false]",
        "1e1", "1E1", "1e+1", "1e-1", "1.0", "1.5e10", "-1.5E-10", "0.0", "0e0", "0.1", "123456789012345678901234567890", "1e400", "1e-400",
        "1234567", "12345678", "123456789", "1.1234567", "1.12345678", "-1234567.1234567", "0.10", "100", "-1e2", "1e0000000000000000000005",
        "\"abc\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0041\"", "\"\\uabcd\\uABCD\"", "\"\\ud83d\\ude00\"", "\"\\u0000\"", "\"\u00e9\u20ac\U0001F600\"", "\"\u007f\"", "\"\uFEFF\"",
        "{\"\\u0061\":1}", "\"" + new string('x', 31) + "\"", "\"" + new string('x', 32) + "\"", "\"" + new string('x', 33) + "\"", "\"" + new string('x', 5000) + "\"",
        "\"" + new string('x', 40) + "\\n" + new string('y', 40) + "\"", "\"" + new string('\u00e9', 40) + "\"",
        "\uFEFF[1]",
    ];

    public static TheoryData<string> MustRefuse =>
    [
        "", " ", "\uFEFF", "nul", "nulll", "True", "TRUE", "fals", "falsee", "NaN", "Infinity", "-Infinity", "undefined", "'a'", "a", "\u00e9",
        "[", "]", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1 2]", "[1,,2]", "[1}", "[}", "[1:2]", "[\"a\":1]", "[1]]", "[1],", "[]\0", "\0[]", "[\f1]", "[\v]", "[\u00a01]",
        "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,\"a\":1}", "{\"a\" 1}", "{\"a\",1}", "{\"a\"}", "{a:1}", "{'a':1}", "{1:1}", "{null:1}", "{\"a\":1]",
        "{\"a\":1 \"b\":2}", "{\"a\"::1}", "{\"a\":}", "{\"a\":1}}", "{\"a\":1}x", "{]", "{\"a\":{}", "{\"a\":[}", "{[]:1}", "{\"a\":1,,\"b\":2}", "{\"a\":1;\"b\":2}",
        "01", "-01", "00", "+1", ".5", "5.", "-", "-a", "--1", "1.e1", "1e", "1e+", "1E-", "1.2.3", "1e1.5", "0x1", "1_000", "1,000", "1a", "1 2", "[1.]", "[-]", "[1e]", "[01]", "[.1]", "[1.5x]", "-.5", "\uFF11",
        "\"", "\"a", "\"\\", "\"\\\"", "\"\\a\"", "\"\\x41\"", "\"\\'\"", "\"\\U0041\"", "\"\\u\"", "\"\\u1\"", "\"\\u12\"", "\"\\u123\"", "\"\\u123g\"", "\"\\u 123\"", "\"\\ud83d\\u\"", "\"\\u00\\u0041\"",
        "\"\n\"", "\"\t\"", "\"\0\"", "\"\u001f\"", "\"a\nb\"", "\"" + new string('x', 60) + "\n\"", "\"" + new string('x', 60), "[\"" + new string('x', 60) + "\\q\"]",
        "[1]//", "/**/[1]", "#[1]", "[1]\uFEFF", "\uFEFF\uFEFF[1]",
    ];

    [Theory]
    [MemberData(nameof(MustAccept))]
    public void Accepts(string json) => Assert.Null(ErrorOf(json));

    [Theory]
    [MemberData(nameof(MustRefuse))]
    public void Refuses(string json) => Assert.NotNull(ErrorOf(json));

    [Theory]
    [InlineData("5B22FF225D")] // a byte that never occurs in UTF-8
    [InlineData("5B22C0AF225D")] // an overlong form
    [InlineData("5B22E0A0225D")] // cut off inside a string
    [InlineData("5B22EDA080225D")] // a surrogate, written as UTF-8
    [InlineData("5B22F4908080225D")] // beyond the last code point
    [InlineData("5B2280225D")] // a continuation without a start
    [InlineData("7B22C3223A317D")] // in a name
    [InlineData("FFFE5B005D00")] // UTF-16
    public void Refuses_what_is_not_UTF8(string hex) => Assert.NotNull(ErrorOf(Convert.FromHexString(hex)));

    [Fact]
    public void Half_a_surrogate_pair_may_stand_in_a_value_but_makes_no_text()
    {
        var tape = new JsonTape();
        foreach (var text in new[] { "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\n\"" })
        {
            Assert.True(tape.TryRead(Encoding.UTF8.GetBytes(text), out var root));
            Assert.Null(root.GetText());
            Assert.False(tape.TryRead(Encoding.UTF8.GetBytes($"{{{text}:1}}"), out _));
            Assert.Equal("a member's name with half a surrogate pair at byte 1", tape.Error);
        }
    }

    [Fact]
    public void Depth_is_bounded()
    {
        Assert.Null(ErrorOf(new string('[', JsonTape.MaxDepth) + new string(']', JsonTape.MaxDepth)));
        Assert.StartsWith("more than 256 arrays and objects", ErrorOf(new string('[', JsonTape.MaxDepth + 1) + new string(']', JsonTape.MaxDepth + 1)), StringComparison.Ordinal);
        Assert.NotNull(ErrorOf(new string('[', 100_000)));
        Assert.NotNull(ErrorOf(string.Concat(Enumerable.Repeat("{\"a\":", 100_000))));
    }

    [Fact]
    public void A_tape_grows_at_any_token_and_is_used_again()
    {
        for (var lead = 0; lead < 8; lead++)
        {
            var tape = new JsonTape();
            foreach (var count in new[] { 1, 100, 5000, 1 })
            {
                var json = Encoding.UTF8.GetBytes($"[{string.Concat(Enumerable.Repeat("0,", lead))}{string.Join(",", Enumerable.Range(0, count).Select(i => $"{{\"n\":{i},\"o\":[\"s\"]}}"))}]");
                Assert.True(tape.TryRead(json, out _));
                Assert.Equal((6 * count) + 1 + lead, tape.After(0));
                for (var i = 0; i < count; i++)
                {
                    var item = 1 + lead + (6 * i);
                    Assert.Equal(i, tape.Tokens[tape.Member(json, item, "n"u8)].Bits);
                    Assert.Equal("\"s\"", Encoding.UTF8.GetString(new JsonValue(tape, json, tape.Item(tape.Member(json, item, "o"u8), 0)).Raw));
                }
            }
        }
    }

    [Fact]
    public void Memory_of_a_large_document_is_given_back_in_time()
    {
        var tape = new JsonTape();
        Assert.True(tape.TryRead(Encoding.UTF8.GetBytes("[" + string.Join(",", Enumerable.Repeat('1', 200_000)) + "]"), out _));
        for (var i = 0; i < 2000; i++)
        {
            Assert.True(tape.TryRead("[1]"u8, out _));
        }

        Assert.InRange(tape.Tokens.Length, 1, 1000);
    }

    [Theory]
    [InlineData("{\"a\":1", "',' or '}' expected at byte 6")]
    [InlineData("{\"a\":1 ; 2}", "',' or '}' expected at byte 7")]
    [InlineData("[1 2]", "',' or ']' expected at byte 3")]
    [InlineData("{\"a\" 1}", "':' expected at byte 5")]
    [InlineData("{a:1}", "a member's name in double quotes expected at byte 1")]
    [InlineData("", "a value expected at byte 0")]
    [InlineData("<html>", "a value expected at byte 0")]
    [InlineData("[1]x", "the end expected at byte 3")]
    [InlineData("[012]", "a number that breaks off or has a leading zero at byte 2")]
    [InlineData("[\"ab", "a string without end at byte 1")]
    [InlineData("[\"a\tb\"]", "a control character in a string at byte 3")]
    [InlineData("[\"a\\xb\"]", "an unknown escape at byte 3")]
    public void Says_what_is_wrong_and_where(string json, string expected)
    {
        Assert.Equal(expected, ErrorOf(json));

        // The same inside a larger memory, whatever comes behind.
        var bytes = Encoding.UTF8.GetBytes("12345" + json + "]}\",:1" + new string('x', 100));
        var tape = new JsonTape();
        Assert.False(tape.Read(bytes, 5, Encoding.UTF8.GetByteCount(json)));
        Assert.Equal(expected, tape.Error);
    }

    [Theory]
    [InlineData("7", 7, 0)]
    [InlineData("-1.50", -150, 2)]
    [InlineData("0.001", 1, 3)]
    [InlineData("1234567.7654321", 12345677654321, 7)]
    [InlineData("99999999.99999999", 9999999999999999, 8)]
    [InlineData("1e3", 1, -3)]
    [InlineData("1.5e-3", 15, 4)]
    [InlineData("9223372036854775807", long.MaxValue, 0)]
    public void Numbers_are_exact(string json, long mantissa, int scale)
    {
        foreach (var behind in new[] { "", new string('9', 100) })
        {
            var tape = new JsonTape();
            Assert.True(tape.Read(Encoding.UTF8.GetBytes(json + behind), 0, json.Length), tape.Error);
            Assert.Equal((mantissa, scale, false, json.Length), (tape.Tokens[0].Bits, (int)tape.Tokens[0].Scale, tape.Tokens[0].IsBig, tape.Tokens[0].Length));
        }
    }

    [Fact]
    public void Other_numbers_are_kept_as_they_are_written()
    {
        var tape = new JsonTape();
        foreach (var json in new[] { "9223372036854775808", "1e101", "0." + new string('1', 30) })
        {
            Assert.True(tape.TryRead(Encoding.UTF8.GetBytes(json), out var root));
            Assert.True(tape.Tokens[0].IsBig);
            Assert.Equal(json, root.GetText());
        }
    }

    [Fact]
    public void Of_members_with_the_same_name_the_last_counts()
    {
        var tape = new JsonTape();
        var json = "{\"a\":1,\"b\":2,\"\\u0061\":3}"u8;
        Assert.True(tape.TryRead(json, out _));
        Assert.Equal(3, tape.Tokens[tape.Member(json, 0, "a"u8)].Bits);
        Assert.Equal(-1, tape.Member(json, 0, "c"u8));
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        var tape = new JsonTape();
        var json = Encoding.UTF8.GetBytes("{\"id\":600123,\"name\":\"Jos\u00e9 \\u0041\",\"a\":[1.5,null,true,1e5,12345678901],\"o\":{}}");
        Assert.True(tape.TryRead(json, out _));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            tape.Read(json, 0, json.Length);
            tape.Read(json, 0, json.Length - 1);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string? ErrorOf(string json) => ErrorOf(Encoding.UTF8.GetBytes(json));

    /// <summary>Reads it alone, and where all kinds of bytes follow; both must agree.</summary>
    private static string? ErrorOf(byte[] json)
    {
        var tape = new JsonTape();
        tape.Read(json, 0, json.Length);
        var error = tape.Error;
        foreach (var behind in new[] { "\0", "]", "}", "\"", "9", ",", ":", " ", "e", "x", ".5", "[", "{\"" })
        {
            var memory = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(behind, 600)));
            tape.Read([.. json, .. memory], 0, json.Length);
            Assert.True(error == tape.Error, string.Create(CultureInfo.InvariantCulture, $"{error} alone, but before '{behind}' {tape.Error}"));
        }

        return error;
    }
}
