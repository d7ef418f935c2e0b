using System.Text;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Pipeline.Tests.Mapping;

public class PayloadConditionTests
{
    private const string Message = """{"type":"upd\u0061te","n":7,"big":123456789012345678901234567890,"on":true,"none":null,"list":[{"x":1}],"half":"\ud83c"}""";

    [Theory]
    [InlineData("type == 'update'", true)]
    [InlineData("type != 'update'", false)]
    [InlineData("n >= 7 and not (n > 7)", true)]
    [InlineData("$.list[0].x == 1", true)]
    [InlineData("big > 5", true)]
    [InlineData("on == true", true)]
    [InlineData("exists(list)", true)]
    [InlineData("exists(none)", false)]
    [InlineData("none == null", true)]
    [InlineData("missing != 'x'", false)]
    [InlineData("@ != 'ping'", false)]
    [InlineData("half == 'x'", false)]
    [InlineData("list[?@.x == 1].x == 1", true)]
    public void It_holds_where_it_is_known_to(string text, bool holds)
    {
        Assert.True(PayloadCondition.TryParse(text, out var condition, out var error), error);
        Assert.True(new JsonTape().TryRead(Encoding.UTF8.GetBytes(Message), out var message));
        Assert.Equal(holds, condition.Holds(message));
    }

    [Fact]
    public void A_message_that_is_a_text_can_be_asked_for()
    {
        Assert.True(PayloadCondition.TryParse("@ == 'ping'", out var condition, out _));
        Assert.True(new JsonTape().TryRead("\"ping\""u8, out var message));
        Assert.True(condition.Holds(message));
    }

    [Theory]
    [InlineData("type = 'x'", "write '=='")]
    [InlineData("a.. == 1", "a..")]
    [InlineData("^.a == 1", "'^.a' looks beyond the payload; here paths start from the payload")]
    [InlineData("@url == 'x'", "'@url' looks beyond the payload")]
    public void What_is_wrong_is_said(string text, string part)
    {
        Assert.False(PayloadCondition.TryParse(text, out _, out var error));
        Assert.Contains(part, error, StringComparison.Ordinal);
    }
}
