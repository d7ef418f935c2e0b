using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Pipeline.Tests.Providers;

public class RetryTests
{
    private static RetryOptions Attempts(int attempts, double from = 1, double to = 8) =>
        new() { Attempts = attempts, Backoff = new DurationRange(Duration.Seconds(from), Duration.Seconds(to)) };

    [Fact]
    public async Task Waits_double_with_jitter_and_stay_within_their_bounds()
    {
        using var fixture = new GateFixture(retry: Attempts(6), breaker: new BreakerOptions { Failures = 100 });
        var task = fixture.FailAsync();
        IReadOnlyList<TimeSpan> Waits() => fixture.Time.WaitsOtherThan(fixture.Options.Timeout.Value);
        for (var i = 1; i <= 5; i++)
        {
            await GateFixture.UntilAsync(() => Waits().Count == i);
            fixture.Time.Advance(Waits()[^1]);
        }

        var result = await GateFixture.NowAsync(task);
        Assert.Equal((GateOutcome.Failed, 6, "500"), (result.Outcome, result.Attempts, result.Error));
        Assert.All(Waits().Select(w => w.TotalSeconds).Zip([1.0, 2, 4, 8, 8]), w => Assert.InRange(w.First, w.Second, Math.Min(w.Second * 1.5, 8)));
        Assert.Contains(Waits().Take(3), w => w.TotalSeconds % 1 > 0.01);
    }

    [Fact]
    public async Task A_retry_needs_a_permit_of_its_own()
    {
        using var fixture = new GateFixture(new ThrottleOptions { PerSecond = null, PerMinute = 1 }, retry: Attempts(2));
        var task = fixture.FailAsync();
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1500));
        await GateFixture.UntilAsync(() => fixture.Gate.Throttle.Queued == 1);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(58500));
        Assert.Equal((1, 1L), (fixture.Calls, fixture.Gate.Throttle.Granted));
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(2, (await GateFixture.NowAsync(task)).Attempts);
        Assert.Equal((2, 2L), (fixture.Calls, fixture.Gate.Throttle.Granted));
    }

    [Fact]
    public async Task A_retry_asks_the_breaker_again()
    {
        using var fixture = new GateFixture(breaker: new BreakerOptions { Failures = 2 }, retry: Attempts(5));
        var task = fixture.FailAsync("502 Bad Gateway");
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1500));
        var result = await GateFixture.NowAsync(task);
        Assert.Equal((GateOutcome.BreakerOpen, 2, 2), (result.Outcome, result.Attempts, fixture.Calls));
        Assert.Contains("502 Bad Gateway", result.Error, StringComparison.Ordinal);
        Assert.InRange(result.RetryAt!.Value, fixture.Time.GetUtcNow(), fixture.Gate.Breaker.RetryAt!.Value);
    }

    [Fact]
    public async Task Retry_After_wins_over_the_back_off()
    {
        using var fixture = new GateFixture(retry: Attempts(2));
        var task = fixture.AnswerAsync(AttemptResult.Retry<int>("503", TimeSpan.FromSeconds(40)));
        fixture.Time.Advance(TimeSpan.FromMilliseconds(39999));
        Assert.Equal(1, fixture.Calls);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(2, (await GateFixture.NowAsync(task)).Attempts);
    }

    [Fact]
    public async Task A_429_holds_back_the_providers_other_requests_too()
    {
        using var fixture = new GateFixture(retry: Attempts(1));
        var start = fixture.Time.GetUtcNow();
        var refused = await fixture.AnswerAsync(AttemptResult.TooMany<int>("429 Too Many Requests", TimeSpan.FromSeconds(20)));
        Assert.Equal(start + TimeSpan.FromSeconds(20), refused.RetryAt);
        var other = fixture.OkAsync();
        fixture.Time.Advance(TimeSpan.FromMilliseconds(19999));
        Assert.Equal((1, 1), (fixture.Calls, fixture.Gate.Throttle.Queued));
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True((await GateFixture.NowAsync(other)).Succeeded);
        Assert.Equal(0, fixture.Gate.Breaker.FailureCount);
    }

    [Fact]
    public async Task An_absurd_Retry_After_is_capped()
    {
        using var fixture = new GateFixture(retry: Attempts(1));
        var refused = await fixture.AnswerAsync(AttemptResult.TooMany<int>("429", TimeSpan.FromDays(3650)));
        Assert.Equal(fixture.Time.GetUtcNow() + TimeSpan.FromMinutes(15), refused.RetryAt);
        var other = fixture.OkAsync();
        fixture.Time.Advance(TimeSpan.FromMinutes(15));
        Assert.True((await GateFixture.NowAsync(other)).Succeeded);
    }

    [Fact]
    public async Task What_was_asked_wrongly_is_not_asked_again()
    {
        using var fixture = new GateFixture(retry: Attempts(5));
        var result = await fixture.AnswerAsync(AttemptResult.Fail<int>("404 Not Found"));
        Assert.Equal((GateOutcome.Failed, 1, "404 Not Found"), (result.Outcome, result.Attempts, result.Error));
    }

    [Fact]
    public async Task An_attempt_that_takes_too_long_is_cut_off_and_counts_as_a_failure()
    {
        using var fixture = new GateFixture(timeout: 2);
        var task = fixture.Gate.ExecuteAsync(
            async token =>
            {
                await Task.Delay(Timeout.Infinite, token);
                return AttemptResult.Success(1);
            },
            TestContext.Current.CancellationToken);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1999));
        Assert.False(task.IsCompleted);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        var result = await GateFixture.NowAsync(task);
        Assert.Equal((GateOutcome.Failed, "no answer within 2s"), (result.Outcome, result.Error));
        Assert.Equal(1, fixture.Gate.Breaker.FailureCount);
    }

    [Fact]
    public async Task A_thrown_error_is_a_failure_without_its_secrets()
    {
        using var fixture = new GateFixture();
        var result = await fixture.Gate.ExecuteAsync<int>(
            _ => throw new HttpRequestException("refused: https://me:pass@host/x?apiKey=abc123&day=1 with s3cr3t-header"),
            TestContext.Current.CancellationToken);
        Assert.Equal("refused: https://***@host/x?apiKey=***&day=1 with ***", result.Error);
        Assert.Equal(result.Error, fixture.Gate.Breaker.LastError);
    }

    [Fact]
    public async Task A_full_queue_refuses()
    {
        using var fixture = new GateFixture(new ThrottleOptions { PerSecond = 1, PerMinute = null, Queue = 1 });
        await fixture.OkAsync();
        var waiting = fixture.OkAsync();
        var refused = await fixture.OkAsync();
        Assert.Equal((GateOutcome.QueueFull, 1L), (refused.Outcome, fixture.Gate.Throttle.Denied));
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1001));
        Assert.True((await GateFixture.NowAsync(waiting)).Succeeded);
    }

    [Fact]
    public async Task Cancelling_ends_a_wait_and_spends_nothing()
    {
        using var fixture = new GateFixture(new ThrottleOptions { PerSecond = 1, PerMinute = null });
        await fixture.OkAsync();
        using var cancelled = new CancellationTokenSource();
        var waiting = fixture.Gate.ExecuteAsync(_ => ValueTask.FromResult(AttemptResult.Success(1)), cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal((1L, 0), (fixture.Gate.Throttle.Granted, fixture.Gate.Throttle.Queued));
    }

    [Theory]
    [InlineData("https://h/p?api_key=abc&x=1", "https://h/p?api_key=***&x=1")]
    [InlineData("https://h/p?x=1&ACCESS-TOKEN=abc#f", "https://h/p?x=1&ACCESS-TOKEN=***#f")]
    [InlineData("https://user:pw@h:1/p", "https://***@h:1/p")]
    [InlineData("https://h/p?author=me&design=1", "https://h/p?author=me&design=1")]
    [InlineData("https://h/a@b?c=d@e", "https://h/a@b?c=d@e")]
    public void Secrets_of_a_url_are_masked(string url, string shown) => Assert.Equal(shown, Redaction.Text(url));

    [Fact]
    public void A_secret_that_begins_like_another_leaves_no_rest() =>
        Assert.Equal("*** and ***", Redaction.Text("s3cr3t-longer and s3cr3t", ["s3cr3t", "s3cr3t-longer"]));

    [Fact]
    public void All_that_an_auth_may_hold_is_masked_as_it_is_written_and_as_it_is_sent()
    {
        var auth = new AuthOptions
        {
            Header = new() { Name = "X", Value = "in-header" },
            Query = new() { Name = "x", Value = "in query/1" },
            Bearer = "in-bearer",
            Basic = new() { User = "me", Password = "in-basic" },
            Token = new()
            {
                Url = "/t",
                Form = new Dictionary<string, string> { ["client_secret"] = "in-form" },
                Headers = new Dictionary<string, string> { ["X"] = "in-token-header" },
                Basic = new() { User = "id", Password = "in-token-basic" },
            },
        };
        using var gate = new ProviderGate("p", new ProviderOptions { BaseUrl = "http://p", Auth = auth }, TimeProvider.System, new Random(1), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        foreach (var secret in (string[])["in-header", "in query/1", "in%20query%2F1", "in-bearer", "in-basic", "in-form", "in-token-header", "in-token-basic", "bWU6aW4tYmFzaWM=", "aWQ6aW4tdG9rZW4tYmFzaWM=", "bWU6aW4tYmFzaWM%3D"])
        {
            Assert.Equal("say ***!", gate.Redact($"say {secret}!"));
        }

        for (var i = 0; i < 10; i++)
        {
            gate.Hide($"t0ken-{i}");
        }

        Assert.Equal("*** *** t0ken-1", gate.Redact("t0ken-9 t0ken-6 t0ken-1"));
    }
}
