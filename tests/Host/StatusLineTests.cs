using StreamEngine.Host.Running;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Host.Tests;

public sealed class StatusLineTests
{
    private static readonly DateTimeOffset Now = new(2026, 4, 1, 18, 0, 0, TimeSpan.Zero);

    [Fact]
    public void It_tells_in_out_listeners_and_breakers()
    {
        var breakers = new Dictionary<string, BreakerStatus> { ["mlb"] = new("closed", 0, 0, null, null, null) };
        Assert.Equal(
            "in 1,204 (12.0/s)  out 310 (3.1/s)  listeners 2  breakers closed",
            StatusLine.Describe(new Totals(1204, 12, 310, 3.1, 0, 0), 2, breakers, Now, colour: true));

        breakers["mlb"] = new("open", 5, 1, Now, Now.AddSeconds(42), "timeout");
        Assert.Equal(
            "in 1,204 (12.0/s)  out 310 (3.1/s)  dead 7  listeners 2  breakers mlb open 42s",
            StatusLine.Describe(new Totals(1204, 12, 310, 3.1, 0, 7), 2, breakers, Now, colour: false));
    }

    [Theory]
    [InlineData("in 12  breakers \e[31mmlb open\e[0m", 80, "in 12  breakers \e[31mmlb open\e[0m")]
    [InlineData("in 12  breakers \e[31mmlb open\e[0m", 21, "in 12  breakers \e[31mmlb \e[0m")]
    [InlineData("in 12  breakers \e[31mmlb open\e[0m", 11, "in 12  bre")]
    [InlineData("in 12", 5, "in 1")]
    [InlineData("in 12", 0, "in 12")]
    public void It_fits_into_the_window_without_counting_colours_or_leaving_one_on(string line, int width, string expected) =>
        Assert.Equal(expected, LiveLine.Fit(line, width));

    [Fact]
    public void It_leaves_breakers_out_when_there_are_none() =>
        Assert.Equal("in 1 (0.0/s)  out 1 (0.0/s)  listeners 0", StatusLine.Describe(new Totals(1, 0, 1, 0, 0, 0), 0, new Dictionary<string, BreakerStatus>(), Now, colour: false));
}
