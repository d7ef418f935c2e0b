using System.Text;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Pipeline.Tests.Conditions;

public class DocumentConditionTests
{
    [Theory]
    [InlineData("exists($.error)", """{"error":{}}""", true)]
    [InlineData("exists($.error)", """{"error":null}""", false)]
    [InlineData("exists(error)", """{"error":false}""", true)]
    [InlineData("exists($.dates[0])", """{"dates":[]}""", false)]
    [InlineData("exists($.dates[0])", """{"dates":[1]}""", true)]
    [InlineData("$.count > 0", """{"count":"3"}""", true)]
    [InlineData("$.count > 0", "{}", false)]
    [InlineData("not ($.count > 0)", "{}", false)]
    [InlineData("$.ok == true and $.code != 'E\\'1'", """{"ok":true,"code":"E2"}""", true)]
    [InlineData("$.code == 'ü\"'", """{"code":"\u00fc\""}""", true)]
    [InlineData("$.results[?@.status == 'failed'].status == 'failed'", """{"results":[{"status":"ok"},{"status":"failed"}]}""", true)]
    [InlineData("@ == 'ping'", "\"ping\"", true)]
    [InlineData("exists($[?@.error])", """[{"a":1},{"error":1}]""", true)]
    public void Decides(string text, string json, bool holds)
    {
        Assert.True(DocumentCondition.TryParse(text, out var condition, out var error), error);
        Assert.True(new JsonTape().TryRead(Encoding.UTF8.GetBytes(json), out var document));
        Assert.Equal(holds, condition.Holds(document));
    }

    [Theory]
    [InlineData("type == 'update'", true)]
    [InlineData("type != 'update'", false)]
    [InlineData("n >= 7 and not (n > 7)", true)]
    [InlineData("big > 5", true)]
    [InlineData("none == null", true)]
    [InlineData("missing != 'x'", false)]
    [InlineData("@ != 'ping'", false)]
    [InlineData("half == 'x'", false)]
    public void Holds_where_it_is_known_to(string text, bool holds) =>
        Decides(text, """{"type":"upd\u0061te","n":7,"big":123456789012345678901234567890,"none":null,"half":"\ud83c"}""", holds);

    [Theory]
    [InlineData("exists($.a[)", "is no path")]
    [InlineData("type = 'x'", "write '=='")]
    [InlineData("exists(^.a)", "'^.a' looks beyond the document; here paths start from it, such as $.error")]
    [InlineData("@header('X') == 1", "looks beyond the document")]
    public void Says_what_is_wrong(string text, string expected)
    {
        Assert.False(DocumentCondition.TryParse(text, out _, out var error));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }
}
