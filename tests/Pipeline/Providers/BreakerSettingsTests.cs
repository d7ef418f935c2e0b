using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Pipeline.Tests.Providers;

/// <summary>Breakers that open by a share of failures or by slow answers, and breaks that grow.</summary>
public class BreakerSettingsTests
{
    private static BreakerOptions Share(double ratio = 0.5, int minimum = 4, double within = 30, int? failures = null) =>
        new() { Failures = failures, Ratio = ratio, Minimum = minimum, Within = Duration.Seconds(within) };

    private static BreakerOptions Growing(double from = 60, double to = 900, int failures = 1) =>
        new() { Failures = failures, Recovery = new DurationRange(Duration.Seconds(from), Duration.Seconds(to)) };

    [Fact]
    public async Task It_opens_when_the_share_of_failures_is_too_high_though_none_is_in_a_row()
    {
        using var fixture = new GateFixture(breaker: Share());
        await fixture.OkAsync();
        await fixture.FailAsync();
        await fixture.OkAsync();
        Assert.Equal("closed", fixture.Gate.Breaker.State);
        await fixture.FailAsync();
        var status = fixture.Gate.Breaker;
        Assert.Equal(("open", "2 of 4 requests failed within 30s", 1, 1L), (status.State, status.Reason, status.FailureCount, status.Opened));
    }

    [Fact]
    public async Task Of_fewer_requests_than_the_minimum_the_share_says_nothing()
    {
        using var fixture = new GateFixture(breaker: Share(minimum: 5));
        for (var i = 0; i < 4; i++)
        {
            await fixture.FailAsync();
        }

        Assert.Equal("closed", fixture.Gate.Breaker.State);
        await fixture.FailAsync();
        Assert.Equal("5 of 5 requests failed within 30s", fixture.Gate.Breaker.Reason);
    }

    [Fact]
    public async Task A_share_that_stays_below_opens_nothing_however_long()
    {
        using var fixture = new GateFixture(breaker: Share(0.5, minimum: 10));
        for (var i = 0; i < 300; i++)
        {
            await (i % 5 is 0 or 2 ? fixture.FailAsync() : fixture.OkAsync());
            fixture.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(("closed", 0L), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.Opened));
    }

    [Fact]
    public async Task What_is_longer_past_does_not_count()
    {
        using var fixture = new GateFixture(breaker: Share(1));
        for (var i = 0; i < 3; i++)
        {
            await fixture.OkAsync();
        }

        // Not yet: the good ones count.
        fixture.Time.Advance(TimeSpan.FromSeconds(26));
        await fixture.FailAsync();
        Assert.Equal("closed", fixture.Gate.Breaker.State);

        fixture.Time.Advance(TimeSpan.FromSeconds(31));
        for (var i = 0; i < 3; i++)
        {
            await fixture.FailAsync();
        }

        Assert.Equal("closed", fixture.Gate.Breaker.State);
        await fixture.FailAsync();
        Assert.Equal("4 of 4 requests failed within 30s", fixture.Gate.Breaker.Reason);
    }

    [Fact]
    public async Task Rows_and_shares_open_it_side_by_side()
    {
        using var fixture = new GateFixture(breaker: Share(minimum: 100, failures: 2));
        await fixture.FailAsync();
        await fixture.FailAsync();
        Assert.Equal(("open", "2 failures in a row"), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.Reason));
    }

    [Fact]
    public async Task Closed_again_it_begins_with_a_new_share()
    {
        using var fixture = new GateFixture(breaker: Share(within: 3600));
        for (var i = 0; i < 4; i++)
        {
            await fixture.FailAsync();
        }

        fixture.Time.Advance(TimeSpan.FromSeconds(60));
        await fixture.OkAsync();
        Assert.Equal(("closed", null), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.Reason));
        await fixture.FailAsync();
        await fixture.FailAsync();
        await fixture.FailAsync();
        Assert.Equal("closed", fixture.Gate.Breaker.State);
        await fixture.FailAsync();
        Assert.Equal("open", fixture.Gate.Breaker.State);
    }

    [Fact]
    public async Task Slow_answers_open_it_and_are_used_all_the_same()
    {
        using var fixture = new GateFixture(breaker: new BreakerOptions { Failures = 2, Slow = Duration.Seconds(2) });
        Assert.Equal(7, (await TakingAsync(2)).Value);
        Assert.Equal((0, 0L), (fixture.Gate.Breaker.FailureCount, fixture.Gate.Breaker.Failures["slow"]));
        Assert.Equal(7, (await TakingAsync(2.1)).Value);
        Assert.Equal(7, (await TakingAsync(4)).Value);
        var status = fixture.Gate.Breaker;
        Assert.Equal(("open", 2L, "slow", "the answer took 4s, more than 2s"), (status.State, status.Failures["slow"], status.LastErrorClass, status.LastError));

        Task<GateResult<int>> TakingAsync(double seconds) => fixture.Gate.ExecuteAsync(
            _ =>
            {
                fixture.Time.Advance(TimeSpan.FromSeconds(seconds));
                return ValueTask.FromResult(AttemptResult.Success(7));
            },
            TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_slow_answer_that_arrives_late_counts_once_when_it_is_over()
    {
        using var fixture = new GateFixture(breaker: new BreakerOptions { Failures = 2, Slow = Duration.Seconds(2) });
        await ArriveAsync(took: 2);
        Assert.Equal((0, 0L), (fixture.Gate.Breaker.FailureCount, fixture.Gate.Breaker.Failures["slow"]));
        await ArriveAsync(took: 4);
        Assert.Equal((1, 1L), (fixture.Gate.Breaker.FailureCount, fixture.Gate.Breaker.Failures["slow"]));
        await ArriveAsync(took: 4, "broke off");
        Assert.Equal(("open", 2, 1L), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.FailureCount, fixture.Gate.Breaker.Failures["slow"]));

        async Task ArriveAsync(double took, string? error = null)
        {
            await fixture.Gate.ExecuteAsync(
                _ =>
                {
                    fixture.Time.Advance(TimeSpan.FromSeconds(3));
                    return ValueTask.FromResult(AttemptResult.Begin(7));
                },
                TestContext.Current.CancellationToken);
            await fixture.Gate.ArrivedAsync(error, took: TimeSpan.FromSeconds(took));
        }
    }

    [Fact]
    public async Task A_trial_whose_answer_breaks_off_later_lets_the_break_grow_too()
    {
        using var fixture = new GateFixture(breaker: Growing());
        await fixture.FailAsync();
        foreach (var seconds in (double[])[60, 120, 240])
        {
            Assert.Equal(fixture.Time.GetUtcNow().AddSeconds(seconds), fixture.Gate.Breaker.RetryAt);
            fixture.Time.Advance(TimeSpan.FromSeconds(seconds));
            await fixture.AnswerAsync(AttemptResult.Begin(1));
            Assert.Equal(("closed", 0), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.FailedTrials));
            await fixture.Gate.ArrivedAsync("broke off");
        }

        fixture.Time.Advance(TimeSpan.FromSeconds(480));
        await fixture.AnswerAsync(AttemptResult.Begin(1));
        await fixture.Gate.ArrivedAsync(null);
        await fixture.FailAsync();
        Assert.Equal(fixture.Time.GetUtcNow().AddSeconds(60), fixture.Gate.Breaker.RetryAt);
    }

    [Fact]
    public async Task Each_failed_trial_doubles_the_break_up_to_its_end()
    {
        using var fixture = new GateFixture(breaker: Growing());
        await fixture.FailAsync();
        var trials = 0;
        foreach (var seconds in (double[])[60, 120, 240, 480, 900, 900])
        {
            var status = fixture.Gate.Breaker;
            Assert.Equal((fixture.Time.GetUtcNow().AddSeconds(seconds), trials++), (status.RetryAt, status.FailedTrials));
            fixture.Time.Advance(TimeSpan.FromSeconds(seconds - 0.001));
            Assert.Equal(GateOutcome.BreakerOpen, (await fixture.OkAsync()).Outcome);
            fixture.Time.Advance(TimeSpan.FromSeconds(0.001));
            await fixture.FailAsync();
            Assert.Equal(trials == 1 ? "a failure, and a trial that failed too" : $"a failure, and {trials} trials that failed too", fixture.Gate.Breaker.Reason);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Once_it_has_been_closed_the_break_begins_anew(bool byHand)
    {
        using var fixture = new GateFixture(breaker: Growing());
        await fixture.FailAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(60));
        await fixture.FailAsync();
        if (byHand)
        {
            await fixture.Gate.ResetAsync(TestContext.Current.CancellationToken);
        }
        else
        {
            fixture.Time.Advance(TimeSpan.FromSeconds(120));
            await fixture.OkAsync();
        }

        Assert.Equal(("closed", 0), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.FailedTrials));
        await fixture.FailAsync();
        Assert.Equal(fixture.Time.GetUtcNow().AddSeconds(60), fixture.Gate.Breaker.RetryAt);
    }

    [Fact]
    public async Task A_cancelled_trial_lets_no_break_grow()
    {
        using var fixture = new GateFixture(breaker: Growing());
        await fixture.FailAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(60));
        using var cancelled = new CancellationTokenSource();
        var trial = fixture.Gate.ExecuteAsync(
            async token =>
            {
                await Task.Delay(Timeout.Infinite, token);
                return AttemptResult.Success(1);
            },
            cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trial);
        Assert.Equal((fixture.Time.GetUtcNow().AddSeconds(60), 0), (fixture.Gate.Breaker.RetryAt, fixture.Gate.Breaker.FailedTrials));
    }

    [Fact]
    public async Task A_break_of_many_days_does_not_overflow()
    {
        using var fixture = new GateFixture(breaker: Growing(from: 86400, to: 86400));
        await fixture.FailAsync();
        for (var i = 0; i < 80; i++)
        {
            fixture.Time.Advance(TimeSpan.FromDays(1));
            await fixture.FailAsync();
        }

        Assert.Equal((fixture.Time.GetUtcNow().AddDays(1), 80), (fixture.Gate.Breaker.RetryAt, fixture.Gate.Breaker.FailedTrials));
    }

    [Fact]
    public async Task Tripped_twice_it_is_tripped_once()
    {
        using var fixture = new GateFixture();
        await fixture.Gate.TripAsync(TestContext.Current.CancellationToken);
        await fixture.Gate.TripAsync(TestContext.Current.CancellationToken);
        Assert.Equal(("isolated", 1L, null), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.Opened, fixture.Gate.Breaker.Reason));
    }
}
