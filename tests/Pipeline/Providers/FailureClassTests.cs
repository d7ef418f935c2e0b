using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Pipeline.Tests.Providers;

public class FailureClassTests
{
    private static readonly string[] All =
        ["transport", "timeout", "slow", "server_error", "throttled", "refused", "in_band", "malformed", "too_large", "redirect", "stale_content"];

    [Fact]
    public async Task Each_failed_attempt_is_counted_in_its_class_and_the_last_one_is_told()
    {
        using var fixture = new GateFixture();
        Assert.Equal(All, fixture.Gate.Breaker.Failures.Keys);
        Assert.Null(fixture.Gate.Breaker.LastErrorClass);
        await fixture.FailAsync("500");
        await fixture.AnswerAsync(AttemptResult.Retry<int>("no JSON", failure: FailureClass.Malformed));
        await fixture.AnswerAsync(AttemptResult.TooMany<int>("429", null));
        fixture.Time.Advance(TimeSpan.FromMinutes(1));
        await fixture.OkAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(3));
        await fixture.AnswerAsync(AttemptResult.Fail<int>("404 of s3cr3t-header"));
        var last = fixture.Time.GetUtcNow();
        fixture.Time.Advance(TimeSpan.FromSeconds(3));
        await fixture.OkAsync();

        var status = fixture.Gate.Breaker;
        Assert.Equal(["server_error", "throttled", "refused", "malformed"], status.Failures.Where(f => f.Value == 1).Select(f => f.Key));
        Assert.Equal(4, status.Failures.Values.Sum());
        Assert.Equal(("404 of ***", "refused", last), (status.LastError, status.LastErrorClass, status.LastErrorAt));
    }

    [Fact]
    public async Task An_attempt_that_throws_failed_on_its_way_or_could_not_be_read()
    {
        using var fixture = new GateFixture();
        foreach (var (thrown, name) in new (Exception, string)[]
        {
            (new IOException("reset"), "transport"),
            (new InvalidOperationException("odd"), "transport"),
            (new InvalidDataException("no gzip"), "malformed"),
            (new TaskCanceledException("no connection in time"), "timeout"),
        })
        {
            await fixture.Gate.ExecuteAsync<int>(_ => throw thrown, TestContext.Current.CancellationToken);
            Assert.Equal((thrown.Message, name), (fixture.Gate.Breaker.LastError, fixture.Gate.Breaker.LastErrorClass));
        }
    }

    [Fact]
    public async Task Each_attempt_of_a_request_counts()
    {
        using var fixture = new GateFixture(retry: new() { Attempts = 2, Backoff = new(Duration.Seconds(1), Duration.Seconds(1)) });
        var failing = fixture.FailAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        await GateFixture.NowAsync(failing);
        Assert.Equal(2, fixture.Gate.Breaker.Failures["server_error"]);
    }

    [Fact]
    public async Task What_broke_off_later_has_a_class_and_what_no_attempt_shows_too()
    {
        using var fixture = new GateFixture();
        await fixture.AnswerAsync(AttemptResult.Begin(1));
        await fixture.Gate.ArrivedAsync("too late", FailureClass.Timeout);
        await fixture.Gate.ArrivedAsync(null);
        fixture.Gate.Failed(FailureClass.Redirect, "round and round with s3cr3t-header");
        var status = fixture.Gate.Breaker;
        Assert.Equal((1, 1, 2), (status.Failures["timeout"], status.Failures["redirect"], status.Failures.Values.Sum()));
        Assert.Equal("round and round with ***", status.LastError);
    }

    [Fact]
    public async Task Words_that_a_provider_chose_are_cut_and_no_secret_in_half()
    {
        using var fixture = new GateFixture();
        await fixture.FailAsync(new string('x', 495) + "s3cr3t-header" + new string('y', 90_000));
        var error = fixture.Gate.Breaker.LastError!;
        Assert.Equal(503, error.Length);
        Assert.EndsWith("x***yy...", error, StringComparison.Ordinal);
    }
}
