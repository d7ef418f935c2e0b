using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Tests.Configuration;

public sealed class DurationTests
{
    [Theory]
    [InlineData(0.0004, "0ms")]
    [InlineData(0.2504, "250ms")]
    [InlineData(1.9735, "2s")]
    [InlineData(2.3499, "2300ms")]
    [InlineData(60, "1m")]
    public void ForPeopleItIsRounded(double seconds, string expected) =>
        Assert.Equal(expected, Duration.Rounded(TimeSpan.FromSeconds(seconds)).ToString());
}
