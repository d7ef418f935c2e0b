using StreamEngine.Pipeline.Health;

namespace StreamEngine.Pipeline.Tests.Health;

public class ProviderOutageTests
{
    [Fact]
    public void What_was_asked_before_it_counts_as_received_before_it()
    {
        var outage = new ProviderOutage();
        Assert.Equal(200, outage.HeardAt(sentAt: 100, now: 200));
        outage.Open(At(300));
        Assert.Equal(299, outage.HeardAt(sentAt: 250, now: 400));
        Assert.Equal(500, outage.HeardAt(sentAt: 300, now: 500));
    }

    [Fact]
    public void An_answer_that_was_dated_while_it_opened_is_before_it_too()
    {
        // The gate has looked at the clock, then an answer is dated, then the gate tells that the breaker has opened.
        var outage = new ProviderOutage();
        Assert.Equal(310, outage.HeardAt(sentAt: 250, now: 310));
        outage.Open(At(300));
        Assert.Equal(311, outage.OpenedAt);
        Assert.Equal(310, outage.HeardAt(sentAt: 260, now: 320));
    }

    private static DateTimeOffset At(long ticks) => new(ticks, TimeSpan.Zero);
}
