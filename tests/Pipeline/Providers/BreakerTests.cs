using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Providers.Breaker;

namespace StreamEngine.Pipeline.Tests.Providers;

public class BreakerTests
{
    private static BreakerOptions After(int failures) => new() { Failures = failures, Recovery = Duration.Seconds(60) };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task It_opens_on_exactly_that_many_failures_in_a_row(int failures)
    {
        using var fixture = new GateFixture(breaker: After(failures));
        for (var i = 1; i < failures; i++)
        {
            await fixture.FailAsync();
            Assert.Equal("closed", fixture.Gate.Breaker.State);
        }

        await fixture.FailAsync("503 Service Unavailable");
        var status = fixture.Gate.Breaker;
        Assert.Equal(("open", failures, 1L), (status.State, status.FailureCount, status.Opened));
        Assert.Equal("503 Service Unavailable", status.LastError);
        Assert.Equal(fixture.Time.GetUtcNow(), status.OpenedAt);
        Assert.Equal(fixture.Time.GetUtcNow() + TimeSpan.FromSeconds(60), status.RetryAt);
    }

    [Fact]
    public async Task State_and_reason_change_in_one_go()
    {
        var time = new FakeTimeProvider();
        var told = new List<BreakerStatus>();
        ProviderBreaker breaker = null!;

        // Looks whenever it asks for the time or tells, which is also where another thread may look.
        var clock = new Watched(time, () => told.Add(breaker.Status));
        breaker = new ProviderBreaker("p", After(2), clock, NullLogger.Instance) { Changed = _ => told.Add(breaker.Status) };
        var fail = () => breaker.TryCallAsync(() => ValueTask.FromResult(((string?)"500", true))).AsTask();
        await fail();
        await fail();
        await breaker.TripAsync(TestContext.Current.CancellationToken);
        await breaker.ResetAsync(TestContext.Current.CancellationToken);
        await fail();
        await fail();
        time.Advance(TimeSpan.FromSeconds(61));
        await breaker.TryCallAsync(() => ValueTask.FromResult(((string?)null, true)));

        Assert.Equal(["closed", "open", "isolated", "closed", "open", "half_open", "closed"], told.Select(t => t.State).Aggregate(new List<string>(), (all, s) => all.LastOrDefault() == s ? all : [.. all, s]));
        Assert.All(told, t => Assert.Equal(
            t.State switch { "closed" => (null, false, false), "isolated" => (null, true, false), _ => ("2 failures in a row", true, true) },
            (t.Reason, t.State != "closed" && t.OpenedAt is not null, t.RetryAt is not null)));
    }

    [Fact]
    public async Task A_good_answer_ends_the_row_however_many_failed_before()
    {
        using var fixture = new GateFixture(breaker: After(3));
        for (var i = 0; i < 20; i++)
        {
            await fixture.FailAsync();
            await fixture.FailAsync();
            await fixture.OkAsync();
            fixture.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(("closed", 0L), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.Opened));
    }

    [Fact]
    public async Task An_answer_that_arrives_late_counts_when_it_is_over_and_not_when_it_begins()
    {
        using var fixture = new GateFixture(breaker: After(3));
        for (var i = 1; i <= 3; i++)
        {
            Assert.True((await fixture.AnswerAsync(AttemptResult.Begin(1))).Succeeded);
            Assert.Equal(i - 1, fixture.Gate.Breaker.FailureCount);
            await fixture.Gate.ArrivedAsync("broke off with s3cr3t-header");
        }

        Assert.Equal(("open", 1L, "broke off with ***"), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.Opened, fixture.Gate.Breaker.LastError));

        // What was asked for before says nothing about now.
        await fixture.Gate.ArrivedAsync(null);
        Assert.Equal(("open", 3), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.FailureCount));

        // The trial call is over when an answer has begun.
        fixture.Time.Advance(TimeSpan.FromSeconds(61));
        await fixture.AnswerAsync(AttemptResult.Begin(1));
        Assert.Equal(("closed", 0), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.FailureCount));
        await fixture.Gate.ArrivedAsync("broke off");
        await fixture.Gate.ArrivedAsync(null);
        Assert.Equal(("closed", 0), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.FailureCount));
    }

    [Fact]
    public async Task It_opens_after_thousands_of_good_answers_too()
    {
        using var fixture = new GateFixture(throttle: new ThrottleOptions { PerSecond = 100000, PerMinute = null }, breaker: After(2));
        for (var i = 0; i < 5000; i++)
        {
            await fixture.OkAsync();
        }

        await fixture.FailAsync();
        await fixture.FailAsync();
        Assert.Equal("open", fixture.Gate.Breaker.State);
    }

    [Fact]
    public async Task An_open_breaker_refuses_without_spending_a_permit()
    {
        using var fixture = new GateFixture(breaker: After(1));
        await fixture.FailAsync();
        var granted = fixture.Gate.Throttle.Granted;
        var refused = await fixture.OkAsync();
        Assert.Equal((GateOutcome.BreakerOpen, 0), (refused.Outcome, refused.Attempts));

        // Not in a minute only: it may be reset by hand.
        Assert.Equal(fixture.Time.GetUtcNow().AddSeconds(5), refused.RetryAt);
        fixture.Time.Advance(TimeSpan.FromSeconds(58));
        Assert.Equal(fixture.Time.GetUtcNow().AddSeconds(2), (await fixture.OkAsync()).RetryAt);
        Assert.Equal(granted, fixture.Gate.Throttle.Granted);
        Assert.Equal(1, fixture.Calls);
    }

    [Fact]
    public async Task A_request_that_waits_for_its_permit_while_the_breaker_opens_is_not_sent()
    {
        using var fixture = new GateFixture(new ThrottleOptions { PerSecond = 1, PerMinute = null }, After(1));
        var first = new TaskCompletionSource<AttemptResult<int>>();
        var failing = fixture.Gate.ExecuteAsync(_ => new ValueTask<AttemptResult<int>>(first.Task), TestContext.Current.CancellationToken);
        var waiting = fixture.OkAsync();
        first.SetResult(AttemptResult.Retry<int>("500"));
        await failing;
        Assert.Equal("open", fixture.Gate.Breaker.State);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1001));
        var refused = await GateFixture.NowAsync(waiting);
        Assert.Equal(GateOutcome.BreakerOpen, refused.Outcome);
        Assert.Equal((0, 1L), (fixture.Calls, fixture.Gate.Throttle.Granted));
    }

    [Fact]
    public async Task After_the_recovery_one_request_tries_and_closes_it()
    {
        using var fixture = new GateFixture(breaker: After(2));
        await fixture.FailAsync();
        await fixture.FailAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(60));

        var answer = new TaskCompletionSource<AttemptResult<int>>();
        var trial = fixture.Gate.ExecuteAsync(_ => new ValueTask<AttemptResult<int>>(answer.Task), TestContext.Current.CancellationToken);
        var other = await fixture.OkAsync();
        Assert.Equal(GateOutcome.BreakerOpen, other.Outcome);
        Assert.True(other.RetryAt > fixture.Time.GetUtcNow());
        Assert.Equal("half_open", fixture.Gate.Breaker.State);

        answer.SetResult(AttemptResult.Success(1));
        Assert.True((await trial).Succeeded);
        Assert.Equal(("closed", 0), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.FailureCount));
        Assert.Null(fixture.Gate.Breaker.RetryAt);
        Assert.True((await fixture.OkAsync()).Succeeded);
    }

    [Fact]
    public async Task A_failed_trial_opens_it_again_for_the_whole_recovery()
    {
        using var fixture = new GateFixture(breaker: After(3));
        for (var i = 0; i < 3; i++)
        {
            await fixture.FailAsync();
        }

        fixture.Time.Advance(TimeSpan.FromSeconds(60));
        await fixture.FailAsync();
        Assert.Equal(("open", 2L), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.Opened));
        fixture.Time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(GateOutcome.BreakerOpen, (await fixture.OkAsync()).Outcome);
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await fixture.OkAsync()).Succeeded);

        // Closed again, the row starts from nothing.
        await fixture.FailAsync();
        await fixture.FailAsync();
        Assert.Equal("closed", fixture.Gate.Breaker.State);
        await fixture.FailAsync();
        Assert.Equal("open", fixture.Gate.Breaker.State);
    }

    [Fact]
    public async Task A_cancelled_trial_proves_nothing()
    {
        using var fixture = new GateFixture(breaker: After(1));
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
        Assert.Equal("open", fixture.Gate.Breaker.State);
    }

    [Fact]
    public async Task Refusals_and_wrong_requests_do_not_open_it()
    {
        using var fixture = new GateFixture(breaker: After(1));
        await fixture.AnswerAsync(AttemptResult.Fail<int>("404 Not Found"));
        await fixture.AnswerAsync(AttemptResult.TooMany<int>("429", null));
        Assert.Equal("closed", fixture.Gate.Breaker.State);
        Assert.Equal(1, fixture.Gate.Throttle.TooManyRequests);
    }

    [Fact]
    public async Task By_hand_it_opens_until_it_is_reset()
    {
        using var fixture = new GateFixture();
        await fixture.Gate.TripAsync(TestContext.Current.CancellationToken);
        fixture.Time.Advance(TimeSpan.FromDays(2));
        var refused = await fixture.OkAsync();
        Assert.Equal(("isolated", GateOutcome.BreakerOpen), (fixture.Gate.Breaker.State, refused.Outcome));
        Assert.Null(refused.RetryAt);
        await fixture.Gate.ResetAsync(TestContext.Current.CancellationToken);
        Assert.True((await fixture.OkAsync()).Succeeded);
        Assert.Equal("closed", fixture.Gate.Breaker.State);
    }

    [Fact]
    public async Task A_reset_closes_an_open_one_and_forgets_the_row()
    {
        using var fixture = new GateFixture(breaker: After(2));
        await fixture.FailAsync();
        await fixture.FailAsync();
        await fixture.Gate.ResetAsync(TestContext.Current.CancellationToken);
        await fixture.FailAsync();
        Assert.Equal(("closed", 1), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.FailureCount));
    }

    [Fact]
    public async Task A_late_answer_to_a_request_from_before_the_break_is_no_other_break_and_ends_no_row()
    {
        using var fixture = new GateFixture(breaker: After(1));
        var late = new TaskCompletionSource<AttemptResult<int>>();
        var slow = fixture.Gate.ExecuteAsync(_ => new ValueTask<AttemptResult<int>>(late.Task), TestContext.Current.CancellationToken);
        await fixture.FailAsync();
        late.SetResult(AttemptResult.Success(1));
        Assert.True((await slow).Succeeded);
        Assert.Equal(("open", 1, 1L), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.FailureCount, fixture.Gate.Breaker.Opened));
        fixture.Time.Advance(TimeSpan.FromSeconds(60));
        await fixture.FailAsync();
        Assert.Equal(("open", 2L), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.Opened));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_asked_for_before_the_break_does_not_decide_a_trial(bool fails)
    {
        using var fixture = new GateFixture(breaker: After(1), timeout: 600);
        var (before, hung) = await HangAsync(fixture);
        await fixture.FailAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(60));
        var (trial, tried) = await HangAsync(fixture);
        before.SetResult(fails ? AttemptResult.Retry<int>("500") : AttemptResult.Success(1));
        await hung;
        Assert.Equal(("half_open", 1L), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.Opened));

        trial.SetResult(fails ? AttemptResult.Success(1) : AttemptResult.Retry<int>("500"));
        await tried;
        Assert.Equal(fails ? ("closed", 1L) : ("open", 2L), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.Opened));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_asked_for_before_the_break_does_not_open_it_again(bool byHand)
    {
        using var fixture = new GateFixture(breaker: After(1), timeout: 600);
        var (before, hung) = await HangAsync(fixture);
        await fixture.FailAsync();
        if (byHand)
        {
            await fixture.Gate.ResetAsync(TestContext.Current.CancellationToken);
        }
        else
        {
            fixture.Time.Advance(TimeSpan.FromSeconds(60));
            await fixture.OkAsync();
        }

        before.SetResult(AttemptResult.Retry<int>("500"));
        await hung;
        Assert.Equal(("closed", 0), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.FailureCount));
        await fixture.FailAsync();
        Assert.Equal("open", fixture.Gate.Breaker.State);
    }

    [Fact]
    public async Task A_trial_that_fails_after_a_reset_does_not_count()
    {
        using var fixture = new GateFixture(breaker: new BreakerOptions { Failures = 1, Recovery = new DurationRange(Duration.Seconds(60), Duration.Seconds(900)) }, timeout: 600);
        await fixture.FailAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(60));
        var (trial, tried) = await HangAsync(fixture);
        await fixture.Gate.ResetAsync(TestContext.Current.CancellationToken);
        trial.SetResult(AttemptResult.Retry<int>("500"));
        await tried;
        Assert.Equal(("closed", 0), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.FailureCount));
        await fixture.FailAsync();
        Assert.Equal((fixture.Time.GetUtcNow().AddSeconds(60), 0), (fixture.Gate.Breaker.RetryAt, fixture.Gate.Breaker.FailedTrials));
    }

    [Fact]
    public async Task A_break_begins_once_however_many_trials_fail()
    {
        using var fixture = new GateFixture(breaker: After(1));
        var outage = fixture.Health.Outage("test");
        var began = fixture.Time.GetUtcNow();
        await fixture.FailAsync();
        for (var trial = 0; trial < 3; trial++)
        {
            Assert.Equal((began, began.UtcTicks), (fixture.Gate.Breaker.OpenedAt, outage.OpenedAt));
            fixture.Time.Advance(TimeSpan.FromSeconds(60));
            await fixture.FailAsync();
        }

        fixture.Time.Advance(TimeSpan.FromSeconds(60));
        await fixture.OkAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        await fixture.FailAsync();
        Assert.Equal((fixture.Time.GetUtcNow(), fixture.Time.GetUtcNow().UtcTicks), (fixture.Gate.Breaker.OpenedAt, outage.OpenedAt));
    }

    [Fact]
    public async Task Tripped_by_hand_while_a_trial_is_under_way_it_opens_anew()
    {
        using var fixture = new GateFixture(breaker: After(1));
        await fixture.FailAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(60));
        var sent = fixture.Time.GetUtcNow();
        var (trial, tried) = await HangAsync(fixture);
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        await fixture.Gate.TripAsync(TestContext.Current.CancellationToken);
        trial.SetResult(AttemptResult.Success(1));
        Assert.Equal((true, sent), ((await tried).Succeeded, (await tried).SentAt));
        Assert.Equal(("isolated", sent.AddSeconds(1)), (fixture.Gate.Breaker.State, fixture.Gate.Breaker.OpenedAt));
        Assert.Equal(sent.AddSeconds(1).UtcTicks, fixture.Health.Outage("test").OpenedAt);
    }

    /// <summary>A request that is under way, and answered when the test says so.</summary>
    private static async Task<(TaskCompletionSource<AttemptResult<int>> Answer, Task<GateResult<int>> Asked)> HangAsync(GateFixture fixture)
    {
        var (begun, answer) = (new TaskCompletionSource<bool>(), new TaskCompletionSource<AttemptResult<int>>());
        var asked = fixture.Gate.ExecuteAsync(
            _ =>
            {
                begun.SetResult(true);
                return new ValueTask<AttemptResult<int>>(answer.Task);
            },
            TestContext.Current.CancellationToken);
        await GateFixture.NowAsync(begun.Task);
        return (answer, asked);
    }

    /// <summary>A clock that tells when it is asked.</summary>
    private sealed class Watched(TimeProvider time, Action asked) : TimeProvider
    {
        private bool isTelling;

        public override DateTimeOffset GetUtcNow()
        {
            if (!isTelling)
            {
                isTelling = true;
                asked();
                isTelling = false;
            }

            return time.GetUtcNow();
        }

        public override long GetTimestamp() => time.GetTimestamp();
    }
}
