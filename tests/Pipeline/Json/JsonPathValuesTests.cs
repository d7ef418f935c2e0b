using System.Text;
using System.Text.Json;
using CsCheck;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Json.Paths;

namespace StreamEngine.Pipeline.Tests.Json;

/// <summary>What a path selects, where the compliance test suite does not ask: comparisons, members of the same name, normalized paths.</summary>
public class JsonPathValuesTests
{
    private static readonly Gen<string> Scalar = Gen.OneOf("0", "-0.0", "1", "1.0", "10e-1", "null", "true", "\"\"", "\"a\"", "\"\\u0061\"", "[]", "{}");

    private static readonly Gen<string> Value = Gen.Recursive<string>((depth, value) => depth > 3
        ? Scalar
        : Gen.OneOf(
            Scalar,
            value.Array[0, 3].Select(v => $"[{string.Join(',', v)}]"),
            Gen.Select(Gen.OneOf("\"a\"", "\"\\u0061\"", "\"b\"", "\"c\"", "\"\u00e9\""), value).Array[0, 4].Select(Object)));

    [Theory]
    [InlineData("9007199254740993", ">", "9007199254740992")]
    [InlineData("9223372036854775807", ">", "9223372036854775806")]
    [InlineData("0.1", "==", "1e-1")]
    [InlineData("100", "==", "1E+2")]
    [InlineData("-0", "==", "0")]
    [InlineData("-0.0", "==", "0")]
    [InlineData("1e19", "==", "10000000000000000000")]
    [InlineData("1e400", "==", "1e400")]
    [InlineData("1e300", "<", "1e301")]
    [InlineData("-1e300", "<", "1e-300")]
    [InlineData("123456789012345678901234567890", "<", "123456789112345678901234567890")]
    [InlineData("\"\uffff\"", "<", "\"\U00010000\"")]
    [InlineData("\"\\uffff\"", "<", "\"\\ud800\\udc00\"")]
    [InlineData("\"a\"", "<", "\"\\u0062\"")]
    [InlineData("\"\\u0061\"", "==", "\"a\"")]
    [InlineData("\"\"", "<", "\"a\"")]
    [InlineData("\"\\ud800\"", "==", "\"\\ud800\"")]
    [InlineData("\"\\ud800\"", "!=", "\"\\udc00\"")]
    [InlineData("\"\\ud800\"", "!=", "\"\\\\ud800\"")]
    [InlineData("[1,[2,{\"a\":3}]]", "==", "[1.0,[2,{\"a\":3e0}]]")]
    [InlineData("[1]", "!=", "[1,1]")]
    [InlineData("[1,2]", "!=", "[2,1]")]
    [InlineData("{\"a\":1,\"b\":2}", "==", "{\"b\":2,\"\\u0061\":1}")]
    [InlineData("{\"a\":1,\"b\":2}", "!=", "{\"b\":1,\"a\":2}")]
    [InlineData("{\"a\":1}", "!=", "{\"a\":1,\"b\":1}")]
    [InlineData("{\"a\":1}", "!=", "{\"b\":1}")]
    [InlineData("{\"a\":[],\"a\":2}", "==", "{\"a\":2}")]
    [InlineData("{\"a\":2,\"b\":0,\"a\":3}", "!=", "{\"a\":2,\"b\":0}")]
    [InlineData("{}", "!=", "[]")]
    [InlineData("null", "!=", "false")]
    [InlineData("1", "!=", "\"1\"")]
    public void Values_are_compared(string left, string comparator, string right)
    {
        string[] opposite = comparator switch { "==" => ["!=", "<", ">"], "!=" => ["=="], ">" => ["<", "<=", "=="], _ => [">", ">=", "=="] };
        string[] same = comparator switch { "==" => ["==", "<=", ">="], "!=" => ["!="], _ => [comparator, comparator + "=", "!="] };
        Assert.All(same, c => Assert.True(Holds(left, c, right), c));
        Assert.All(opposite, c => Assert.False(Holds(left, c, right), c));
    }

    [Theory]
    [InlineData("true", "false")]
    [InlineData("1", "\"2\"")]
    [InlineData("null", "1")]
    [InlineData("[1]", "[2]")]
    [InlineData("\"\\ud800\"", "\"\\udc00\"")]
    [InlineData("\"a\"", "\"\\udc00\"")]
    public void Other_values_have_no_order(string left, string right) =>
        Assert.All(["<", "<=", ">", ">=", "=="], c => Assert.False(Holds(left, c, right) || Holds(right, c, left), c));

    [Fact]
    public void Long_texts_with_escapes_are_compared()
    {
        var text = new string('a', 10_000);
        Assert.True(Holds($"\"{text}\\u0062\"", "==", $"\"{text}b\""));
        Assert.True(Holds($"\"{text}\\u0062\"", "<", $"\"{text}\\u0063\""));
        Assert.True(Holds($"{{\"{text}\\u0062\":1}}", "==", $"{{\"{text}b\":1}}"));
    }

    [Fact]
    public void Equality_is_that_of_the_framework() => Gen.Select(Value, Value).Sample(
        (a, b) => Assert.Equal(JsonElement.DeepEquals(JsonElement.Parse(a), JsonElement.Parse(b)), Holds(a, "==", b)), iter: 20_000);

    [Fact]
    public void Large_objects_are_compared_in_any_order()
    {
        var members = Enumerable.Range(0, 30_000).Select(i => $"\"m{i}\":{i}").ToArray();
        var shuffled = members.ToArray();
        new Random(1).Shuffle(shuffled);
        var (a, b) = ($"{{{string.Join(',', members)}}}", $"{{{string.Join(',', shuffled)}}}");
        Assert.True(Holds(a, "==", b));
        Assert.False(Holds(a, "==", b.Replace("\"m777\":777", "\"m777\":778", StringComparison.Ordinal)));
        Assert.False(Holds(a, "==", b.Replace("\"m777\":777", "\"n777\":777", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("$.a", "3")]
    [InlineData("$['a','a']", "3 3")]
    [InlineData("$.*", "1 2 3")]
    [InlineData("$..a", "3")]
    [InlineData("$[?@ > 1]", "2 3")]
    [InlineData("$[?length($) == 3]", "1 2 3")]
    public void Of_members_with_the_same_name_a_name_takes_the_last(string path, string selected) =>
        Assert.Equal(selected, Select(path, "{\"a\":1,\"b\":2,\"\\u0061\":3}"));

    [Theory]
    [InlineData("\"\"", 0)]
    [InlineData("\"abc\"", 3)]
    [InlineData("\"\u00e9\u20ac\U0001F600\"", 3)]
    [InlineData("\"\\n\\\\\\u00e9\\ud83d\\ude00\"", 4)]
    [InlineData("\"\\uD83D\\uDE00\\uDE00\\uD83Dx\"", 4)]
    [InlineData("\"\\uD83D\\n\"", 2)]
    [InlineData("\"\\uD83D\\u00e9\"", 2)]
    [InlineData("\"\\u00e9\\uDE00\"", 2)]
    [InlineData("[1,[2,3]]", 2)]
    [InlineData("{\"a\":[1,2]}", 1)]
    public void Length_counts_characters_items_and_members(string value, int length) => Assert.Equal(value, Select($"$[?length(@) == {length}]", $"[{value}]"));

    [Theory]
    [InlineData("$['a\\'b\\\\\"']")]
    [InlineData("$['\\b\\f\\n\\r\\t']")]
    [InlineData("$['\\u0000\\u001f\u007f']")]
    [InlineData("$['\u00e9\U0001F600'][1]['']")]
    public void Normalized_paths_lead_to_their_nodes(string path)
    {
        var json = Encoding.UTF8.GetBytes("{\"a'b\\\\\\\"\":1,\"\\b\\f\\n\\r\\t\":2,\"\\u0000\\u001f\\u007f\":3,\"\u00e9\\ud83d\\ude00\":[0,{\"\":4}]}");
        var tape = new JsonTape();
        Assert.True(tape.TryRead(json, out var root), tape.Error);
        var nodes = Parse(path).Select(root);
        Assert.Equal(1, nodes.Count);
        Assert.Equal(path, nodes.NormalizedPath(0));
    }

    [Fact]
    public void A_part_of_a_document_can_be_the_root()
    {
        var tape = new JsonTape();
        Assert.True(tape.TryRead("{\"a\":{\"b\":[1,2]},\"c\":3}"u8, out var document));
        var part = Parse("$.a").Select(document)[0];
        var nodes = Parse("$..[1]").Select(part);
        Assert.Equal("$['b'][1]", nodes.NormalizedPath(0));
        Assert.Equal("1 2", Join(Parse("$.b[?@ < $.c || $.b]").Select(part)));
        Assert.Throws<ArgumentOutOfRangeException>(() => JsonPath.NormalizedPath(tape, "{\"a\":{\"b\":[1,2]},\"c\":3}"u8, 2, tape.After(0) - 1));
        Assert.Throws<InvalidOperationException>(() => Parse("$").Select(default));
    }

    [Theory]
    [InlineData("$..*..*", 5, 5, false)]
    [InlineData("$..*..*", 20, 10, true)]
    [InlineData("$[0]", 1, 1, false)]
    [InlineData("$[9]", 1, 0, true)]
    [InlineData("$[0,0][0,0]", 3, 3, false)]
    [InlineData("$[::-1]", 1, 1, false)]
    [InlineData("$[?@]", 1, 1, false)]
    public void It_can_stop_at_a_number_of_nodes(string text, int most, int count, bool isAll)
    {
        var (tape, nodes) = (new JsonTape(), new List<int>());
        Assert.True(tape.TryRead("[[[[[1]]]]]"u8, out _));
        Assert.Equal(isAll, Parse(text).Select(tape, "[[[[[1]]]]]"u8, 0, nodes, most));
        Assert.Equal(count, nodes.Count);
    }

    [Theory]
    [InlineData("$", true)]
    [InlineData("$.a['b'][0][-1]", true)]
    [InlineData("$.*", false)]
    [InlineData("$[0,1]", false)]
    [InlineData("$[0:1]", false)]
    [InlineData("$..a", false)]
    [InlineData("$[?@]", false)]
    public void A_path_by_names_and_indexes_is_singular(string text, bool isSingular) =>
        Assert.Equal((isSingular, text), (Parse(text).IsSingular, Parse(text).ToString()));

    [Theory]
    [InlineData("$.teams[*].players['one', 'two'].hits[-1]")]
    [InlineData("$..hits[::2]")]
    [InlineData("$..[?@.id > 5 && @.name == 'Jos\u00e9' || !@.id].name")]
    [InlineData("$..[?count(@.*) == 3 && length(@.name) == 4 && value(@.*) != @]['name', 'hits']")]
    [InlineData("$..[?@.hits == $.teams[0].players.one.hits].hits[::-1]")]
    public void Selecting_allocates_nothing_but_the_list(string text)
    {
        var json = Encoding.UTF8.GetBytes("""{"teams":[{"players":{"one":{"id":7,"name":"Jos\u00e9","hits":[1,2,3]},"two":{"id":8,"name":"Vlad","hits":[4]}}},[]]}""");
        var (tape, path, nodes) = (new JsonTape(), Parse(text), new List<int>(100));
        Assert.True(tape.TryRead(json, out _));
        var allocated = long.MaxValue;
        for (var i = 0; i < 20 && allocated > 0; i++)
        {
            nodes.Clear();
            var before = GC.GetAllocatedBytesForCurrentThread();
            path.Select(tape, json, 0, nodes);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
        Assert.NotEmpty(nodes);
    }

    /// <summary>An object without members of the same name, on which the framework has its own mind.</summary>
    private static string Object((string Name, string Value)[] members)
    {
        var unique = members.DistinctBy(m => m.Name.Replace("\\u0061", "a", StringComparison.Ordinal));
        return $"{{{string.Join(',', unique.Select(m => $"{m.Name}:{m.Value}"))}}}";
    }

    private static bool Holds(string left, string comparator, string right) =>
        Select($"$[?@.left {comparator} @.right].mark", $"[{{\"left\":{left},\"right\":{right},\"mark\":1}}]").Length > 0;

    private static string Select(string path, string json)
    {
        var tape = new JsonTape();
        Assert.True(tape.TryRead(Encoding.UTF8.GetBytes(json), out var root), tape.Error);
        return Join(Parse(path).Select(root));
    }

    private static string Join(JsonNodelist nodes)
    {
        var values = new List<string>();
        foreach (var node in nodes)
        {
            values.Add(Encoding.UTF8.GetString(node.Raw));
        }

        return string.Join(' ', values);
    }

    private static JsonPath Parse(string text) => JsonPath.TryParse(text, out var path, out var error) ? path : throw new InvalidOperationException(error);
}
