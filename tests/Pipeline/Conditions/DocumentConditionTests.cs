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
    [InlineData("exists($[?@.error])", """[{"a":1},{"error":1}]""", true)]
    public void Decides(string text, string json, bool holds)
    {
        Assert.True(DocumentCondition.TryParse(text, out var condition, out var error), error);
        Assert.True(new JsonTape().TryRead(Encoding.UTF8.GetBytes(json), out var document));
        Assert.Equal(holds, condition.Holds(document));
    }

    [Theory]
    [InlineData("exists($.a[)", "is no path")]
    [InlineData("exists(^.a)", "'^.a' looks beyond the document; here paths start from it, such as $.error")]
    [InlineData("@header('X') == 1", "looks beyond the document")]
    public void Says_what_is_wrong(string text, string expected)
    {
        Assert.False(DocumentCondition.TryParse(text, out _, out var error));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }
}
