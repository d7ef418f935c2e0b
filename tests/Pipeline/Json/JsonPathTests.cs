using System.Text;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Json.Paths;

namespace StreamEngine.Pipeline.Tests.Json;

/// <summary>What the compliance test suite leaves out: messages, bounds, and what we chose where RFC 9535 leaves the choice.</summary>
public class JsonPathTests
{
    [Theory]
    [InlineData("", "'$' expected at position 1, with which every JSONPath begins")]
    [InlineData("@.a", "'$' expected at position 1, with which every JSONPath begins")]
    [InlineData("$.a[", "a selector expected at position 5, such as a name in quotes, a number, '*', or '?'")]
    [InlineData("$ ", "a segment expected at position 2, such as .name, ..name or [0]")]
    [InlineData("$.\U0001F600x]", "a segment expected at position 5, such as .name, ..name or [0]")]
    [InlineData("$.", "a name or '*' expected at position 3, and a name with other characters than letters, digits and '_' stands in brackets and quotes")]
    [InlineData("$.1a", "a name or '*' expected at position 3, and a name with other characters than letters, digits and '_' stands in brackets and quotes")]
    [InlineData("$...a", "a name, '*' or '[' expected at position 4, and a name with other characters than letters, digits and '_' stands in brackets and quotes")]
    [InlineData("$.a-b", "a segment expected at position 4, such as .name, ..name or [0]")]
    [InlineData("$['a' 'b']", "',' or ']' expected at position 7")]
    [InlineData("$[?@.a and @.b]", "'&&', '||', ',' or ']' expected at position 8")]
    [InlineData("$['a", "a string without end at position 3, closed by '")]
    [InlineData("$[\"a'", "a string without end at position 3, closed by \"")]
    [InlineData("$['a\nb']", "a control character in a string at position 5, to be written as an escape such as \\n or \\u0000")]
    [InlineData("$['\\x']", "an unknown escape at position 4, known are \\b, \\f, \\n, \\r, \\t, \\/, \\\\, \\' and \\u with four hexadecimal digits")]
    [InlineData("$[\"\\'\"]", "an unknown escape at position 4, known are \\b, \\f, \\n, \\r, \\t, \\/, \\\\, \\\" and \\u with four hexadecimal digits")]
    [InlineData("$['\\u12g4']", "an unknown escape at position 4, \\u takes four hexadecimal digits")]
    [InlineData("$['a\\ud83dx']", "half a surrogate pair at position 5, a pair is written as in \\uD83D\\uDE00")]
    [InlineData("$[-]", "a digit expected at position 4")]
    [InlineData("$[01]", "'01' is no index at position 3, a leading zero or -0 is not allowed")]
    [InlineData("$[-0]", "'-0' is no index at position 3, a leading zero or -0 is not allowed")]
    [InlineData("$[1:-01]", "'-01' is no index at position 5, a leading zero or -0 is not allowed")]
    [InlineData("$[9007199254740992]", "a number out of range at position 3, it may be from -9007199254740991 to 9007199254740991")]
    [InlineData("$[99999999999999999999]", "a number out of range at position 3, it may be from -9007199254740991 to 9007199254740991")]
    [InlineData("$[?]", "a query, a literal or a function expected at position 4, such as @.name, 'text', 1, true or length(@)")]
    [InlineData("$[?@.a = 1]", "a comparison (==, !=, <, <=, >, >=) expected at position 8")]
    [InlineData("$[?1]", "a comparison (==, !=, <, <=, >, >=) expected at position 5, '1' alone is neither true nor false")]
    [InlineData("$[?length(@) ]", "a comparison (==, !=, <, <=, >, >=) expected at position 14, 'length(@)' alone is neither true nor false")]
    [InlineData("$[?!@.a == 1]", "a comparison behind '!' at position 9, it must stand in parentheses to be negated")]
    [InlineData("$[?(@.a]", "')', '&&' or '||' expected at position 8")]
    [InlineData("$[?@.a && ]", "a query, a literal or a function expected at position 11, such as @.name, 'text', 1, true or length(@)")]
    [InlineData("$[?@.a == 01]", "a number that breaks off or has a leading zero at position 12")]
    [InlineData("$[?@.a == 1.]", "a number that breaks off or has a leading zero at position 13")]
    [InlineData("$[?@.* == 1]", "a query for a single value expected at position 4, which goes by names and indexes only")]
    [InlineData("$[?1 == @..a]", "a query for a single value expected at position 9, which goes by names and indexes only")]
    [InlineData("$[?@[ 0 ] == 1]", "blanks between the brackets of a query at position 4, where it is compared there may be none")]
    [InlineData("$[?match(@, 'a') == true]", "a value expected at position 4, this function is true or false by itself and cannot be compared")]
    [InlineData("$[?size(@) > 1]", "an unknown function 'size' at position 4, known are length, count, match, search, value")]
    [InlineData("$[?length() > 1]", "length takes 1 argument: another one expected at position 11")]
    [InlineData("$[?length(@, @) > 1]", "')' expected, as length takes 1 argument, at position 12")]
    [InlineData("$[?match(@)]", "match takes 2 arguments: another one expected at position 11")]
    [InlineData("$[?match(@ 'a')]", "',' expected at position 12")]
    [InlineData("$[?count(1) > 1]", "another argument of count expected at position 10, it takes a query such as @.name")]
    [InlineData("$[?length(@.*) > 1]", "another argument of length expected at position 11, it takes a value: a literal, a query that goes by names and indexes only, or a function that gives a value")]
    [InlineData("$[?match(@, 'a{9999}')]", "a regular expression that is too long, too deep or counts too far at position 4")]
    public void An_error_tells_what_is_wrong_and_where(string text, string error)
    {
        Assert.False(JsonPath.TryParse(text, out var path, out var message));
        Assert.Null(path);
        Assert.Equal($"'{text}' is no JSONPath: {error}", message);
    }

    [Theory]
    [InlineData("$.a{0}b", 4)]
    [InlineData("$.{0}", 3)]
    [InlineData("$['{0}']", 4)]
    [InlineData("$[?@ == '{0}']", 10)]
    public void Half_a_surrogate_pair_is_refused(string format, int position)
    {
        foreach (var half in new[] { '\ud83d', '\ude00' })
        {
            Assert.False(JsonPath.TryParse(format.Replace("{0}", half.ToString(), StringComparison.Ordinal), out _, out var error));
            Assert.EndsWith($"half a surrogate pair at position {position}", error, StringComparison.Ordinal);
        }

        Parse(format.Replace("{0}", "\ud83d\ude00", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "[?@", "", "]")]
    [InlineData("[?", "(", "@", ")]")]
    [InlineData("[?", "!(", "@", ")]")]
    [InlineData("[?1 == ", "length(", "@", ")]")]
    public void Nesting_is_bounded(string head, string open, string middle, string close)
    {
        // A filter around the rest is a level too.
        var around = head.Length > 0 ? 1 : 0;
        string Nested(int levels) => "$" + head + Repeat(open, levels - around) + middle + Repeat(close[..1], levels - around) + close[1..];
        Parse(Nested(64));
        foreach (var levels in new[] { 65, 500 })
        {
            Assert.False(JsonPath.TryParse(Nested(levels), out _, out var error));
            Assert.Contains("more than 64 filters, parentheses and functions inside one another at position ", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Length_is_bounded()
    {
        Parse("$." + Repeat("a", 4094));
        Assert.False(JsonPath.TryParse("$." + Repeat("a", 4095), out _, out var error));
        Assert.Equal("the JSONPath is longer than 4096 characters", error);
        Parse("$[?@.a]" + Repeat(".a", 254));
        Assert.False(JsonPath.TryParse("$[?@.a]" + Repeat(".a", 255), out _, out error));
        Assert.EndsWith("more than 256 segments at position 516", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_longest_path_through_the_deepest_document_needs_little_stack()
    {
        var document = Encoding.UTF8.GetBytes(Repeat("[", JsonTape.MaxDepth) + Repeat("]", JsonTape.MaxDepth));
        var path = Parse("$" + Repeat("[?$" + Repeat(".*", 3), 64) + Repeat("]", 64));
        var count = 0;
        var thread = new Thread(
            () =>
            {
                var tape = new JsonTape();
                Assert.True(tape.TryRead(document, out var root));
                count = path.Select(root).Count;
            },
            maxStackSize: 1 << 19);
        thread.Start();
        thread.Join();
        Assert.Equal(1, count);
    }

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));

    private static JsonPath Parse(string text) => JsonPath.TryParse(text, out var path, out var error) ? path : throw new InvalidOperationException(error);
}
