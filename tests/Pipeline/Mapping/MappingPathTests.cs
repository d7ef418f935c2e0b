using System.Text;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Pipeline.Tests.Mapping;

public class MappingPathTests
{
    private const string Json = """
        {"dates":[{"date":"d1","games":[{"pk":1},{"pk":2}]},{"date":"d2"},{"date":"d3","games":[{"pk":3}]}],
         "a b":{"c.d":5},"teams":{"home":{"id":10},"away":{"id":20}},"it's":1,"e\u0041":7}
        """;

    [Theory]
    [InlineData("$.dates[*].games[*].pk", "1,2,3")]
    [InlineData("dates.*.games.*.pk", "1,2,3")]
    [InlineData("$.dates[1].date", "\"d2\"")]
    [InlineData("$['a b']['c.d']", "5")]
    [InlineData("['a b'][\"c.d\"]", "5")]
    [InlineData("['it\\'s']", "1")]
    [InlineData("eA", "7")]
    [InlineData("$.teams.*.id", "10,20")]
    [InlineData("@.teams.*.id", "10,20")]
    [InlineData(".teams.home.id", "10")]
    [InlineData("$..pk", "1,2,3")]
    [InlineData("dates[-1].date", "\"d3\"")]
    [InlineData("dates[::2].date", "\"d1\",\"d3\"")]
    [InlineData("dates[?@.games].date", "\"d1\",\"d3\"")]
    [InlineData("dates[?@.date == 'd2' || count(@.games[*]) > 1].date", "\"d1\",\"d2\"")]
    [InlineData("teams['away', 'home'].id", "20,10")]
    [InlineData("dates[*].games[?@.pk == $.dates[2].games[0].pk].pk", "3")]
    [InlineData("*.*.*.*.*", "1,2,3")]
    [InlineData("$.dates[7]", "")]
    [InlineData("$.dates.name", "")]
    [InlineData("$.teams[0]", "")]
    [InlineData("$.nothing[*]", "")]
    public void Selects(string text, string expected)
    {
        var root = Read(Json);
        var found = new List<string>();
        foreach (var match in Parse(text).Select(root))
        {
            found.Add(Encoding.UTF8.GetString(match.Raw));
        }

        Assert.Equal(expected, string.Join(",", found));
        Assert.Equal(expected.Length > 0, Parse(text).TryGet(root, out var first));
        if (expected.Length > 0)
        {
            Assert.Equal(found[0], Encoding.UTF8.GetString(first.Raw));
        }
    }

    [Fact]
    public void The_document_is_its_own_match()
    {
        Assert.True(Parse("$").TryGet(Read("[1]"), out var all));
        Assert.Equal("[1]", Encoding.UTF8.GetString(all.Raw));
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("$.a...b", "a name, '*' or '[' expected at position 6")]
    [InlineData("a.", "a name or '*' expected at position 3")]
    [InlineData("$a", "'.' or '[' expected at position 2")]
    [InlineData("a[x]", "a selector expected at position 3")]
    [InlineData("^$.a", "'$' says where the path starts, and so does '^'")]
    [InlineData("a[=x]", "a text in quotes expected at position 4")]
    [InlineData("a[='{}']", "it is empty")]
    [InlineData("a[='{b}'][*]", "beside a computed name there may only be names and positions")]
    [InlineData("a[?@.b == ]", "expected at position 11")]
    [InlineData("a[-0]", "'-0' is no index at position 3")]
    [InlineData("a['x", "a string without end at position 3")]
    [InlineData("a[0", "']' expected")]
    [InlineData("@keys", "did you mean '@key'?")]
    [InlineData("^@url", "without '^'")]
    [InlineData("a b", "'.' or '[' expected at position 2")]
    public void Says_what_is_wrong(string text, string expected)
    {
        Assert.False(MappingPath.TryParse(text, out var path, out var error));
        Assert.Null(path);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("^.team.name")]
    [InlineData("^^.x")]
    [InlineData("@key")]
    [InlineData("^@key")]
    [InlineData("@fetched")]
    [InlineData("@header('X-Season')")]
    public void Some_paths_need_surroundings(string text)
    {
        Assert.True(Parse(text).NeedsContext);
        Assert.Throws<InvalidOperationException>(() => Parse(text).TryGet(default, out _));
    }

    [Theory]
    [InlineData("@header('X-Season')", "X-Season")]
    [InlineData("@header(\"X-Season\")", "X-Season")]
    [InlineData("@header(X-Season)", "X-Season")]
    [InlineData("@key", null)]
    [InlineData("$.header", null)]
    public void A_header_is_asked_for_by_its_name(string text, string? header) => Assert.Equal(header, Parse(text).Header);

    [Theory]
    [InlineData("@header('')")]
    [InlineData("@header('X Y')")]
    [InlineData("@header('X')[0]")]
    [InlineData("@header('X'")]
    public void A_header_needs_a_name(string text)
    {
        Assert.False(MappingPath.TryParse(text, out _, out var error));
        Assert.Equal($"'{text}' is no path: '@header' takes the name of a header, such as @header('X-Season')", error);
    }

    [Fact]
    public void Selecting_allocates_nothing()
    {
        var root = Read(Json);
        var path = Parse("$.dates[*].games[*].pk");
        Sum(path, root);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var sum = Sum(path, root);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(6, sum);
    }

    private static int Sum(MappingPath path, JsonValue root)
    {
        var sum = 0;
        foreach (var match in path.Select(root))
        {
            sum += match.Raw[0] - '0';
        }

        return sum;
    }

    private static JsonValue Read(string json)
    {
        Assert.True(new JsonTape().TryRead(Encoding.UTF8.GetBytes(json), out var root));
        return root;
    }

    private static MappingPath Parse(string text) =>
        MappingPath.TryParse(text, out var path, out var error) ? path : throw new ArgumentException(error);
}
