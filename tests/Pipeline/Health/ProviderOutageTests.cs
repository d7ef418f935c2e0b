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

    [Fact]
    public void What_a_trial_brought_stays_heard_when_the_next_one_fails()
    {
        var outage = new ProviderOutage();
        outage.Open(At(300));
        Assert.Equal(400, outage.HeardAt(sentAt: 390, now: 400));
        outage.Open(At(300));
        Assert.Equal(300, outage.OpenedAt);
        outage.Open(At(350));
        Assert.Equal(401, outage.OpenedAt);
    }

    [Fact]
    public void A_clock_that_is_set_back_puts_no_outage_into_the_future()
    {
        var outage = new ProviderOutage();
        Assert.Equal(1000, outage.HeardAt(sentAt: 990, now: 1000));
        outage.Open(At(300));
        Assert.Equal(1001, outage.OpenedAt);
        outage.Close(At(400));
        Assert.Equal(410, outage.HeardAt(sentAt: 405, now: 410));
        outage.Open(At(500));
        Assert.Equal(500, outage.OpenedAt);
    }

    private static DateTimeOffset At(long ticks) => new(ticks, TimeSpan.Zero);
}
