using StreamEngine.Keys;

namespace StreamEngine.Sinks.Tests.WebSocket.Access;

public sealed class CredentialsTests
{
    [Theory]
    [InlineData("short", "has 5 characters")]
    [InlineData("sixteen and more with spaces", "can't be sent in a header")]
    [InlineData("schl\u00fcssel-schl\u00fcssel", "can't be sent in a header")]
    public void A_key_that_is_none_is_told(string key, string words) => Assert.Contains(words, Credentials.KeyFault(key), StringComparison.Ordinal);

    [Fact]
    public void A_key_that_is_one_is_not() => Assert.Null(Credentials.KeyFault("0123456789abcdef"));
}
