using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Providers.Throttle;

namespace StreamEngine.Pipeline.Tests.Providers;

/// <summary>A provider that refuses what its limits allow is asked less, and slowly more again.</summary>
public sealed class PaceTests
{
    private static readonly ThrottleOptions Limits = new() { PerSecond = null, PerMinute = 160, PerDay = 1000 };

    [Fact]
    public async Task A_refusal_halves_the_limits_that_are_shorter_than_a_day_and_quiet_time_brings_them_back_by_eighths()
    {
        using var fixture = new GateFixture(Limits);
        await RefuseAsync(fixture);
        Assert.Equal((0.5, 80, 1000), Seen(fixture));
        fixture.Time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(80, fixture.Gate.Throttle.Windows[0].Limit);
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((0.625, 100, 1000), Seen(fixture));
        fixture.Time.Advance(TimeSpan.FromSeconds(179));
        Assert.Equal(140, fixture.Gate.Throttle.Windows[0].Limit);
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((1, 160, 1000), Seen(fixture));
    }

    [Fact]
    public async Task It_goes_down_to_a_sixteenth_and_not_further()
    {
        using var fixture = new GateFixture(new ThrottleOptions { PerSecond = 2, PerMinute = 160 });
        for (var i = 0; i < 8; i++)
        {
            await RefuseAsync(fixture);
            fixture.Time.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal((1.0 / 16, 1, 10), Seen(fixture));
    }

    [Fact]
    public async Task What_was_under_way_at_a_decrease_does_not_decrease_it_again()
    {
        using var fixture = new GateFixture(Limits, retry: new RetryOptions { Attempts = 1 });
        var answers = Enumerable.Range(0, 5).Select(_ => new TaskCompletionSource<AttemptResult<int>>()).ToList();
        var asked = answers.ConvertAll(a => fixture.Gate.ExecuteAsync(_ => new ValueTask<AttemptResult<int>>(a.Task), TestContext.Current.CancellationToken));
        foreach (var answer in answers)
        {
            fixture.Time.Advance(TimeSpan.FromMilliseconds(100));
            answer.SetResult(AttemptResult.TooMany<int>("429", TimeSpan.FromSeconds(1)));
        }

        await GateFixture.NowAsync(Task.WhenAll(asked));
        Assert.Equal(0.5, fixture.Gate.Throttle.Pace);
        Assert.Equal(5, fixture.Gate.Throttle.TooManyRequests);
    }

    [Fact]
    public async Task One_that_its_own_count_explains_lowers_nothing()
    {
        using var fixture = new GateFixture(Limits);
        await fixture.AnswerAsync(AttemptResult.TooMany<int>("429", TimeSpan.FromSeconds(1)) with { Reports = [new BudgetReport("minute") { Remaining = 0, Resets = TimeSpan.FromSeconds(20) }] });
        Assert.Equal((1, 160, 1000), Seen(fixture));
        Assert.Equal(0, fixture.Gate.Throttle.Windows[0].Remaining);
        Assert.Equal(fixture.Time.GetUtcNow() + TimeSpan.FromSeconds(20), fixture.Gate.Throttle.HeldUntil);
    }

    [Fact]
    public async Task It_can_be_turned_off()
    {
        using var fixture = new GateFixture(Limits with { Adapt = false });
        await RefuseAsync(fixture);
        Assert.Equal((1, 160, 1000), Seen(fixture));
    }

    [Fact]
    public async Task Without_a_word_how_long_all_sources_wait_as_long_as_a_retry_would()
    {
        using var fixture = new GateFixture(Limits, retry: new RetryOptions { Attempts = 1, Backoff = new DurationRange(Duration.Seconds(4), Duration.Seconds(30)) });
        await fixture.AnswerAsync(AttemptResult.TooMany<int>("429", null));
        var other = fixture.OkAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(3.9));
        Assert.Equal((1, 1), (fixture.Calls, fixture.Gate.Throttle.Queued));
        fixture.Time.Advance(TimeSpan.FromSeconds(2.2));
        Assert.True((await GateFixture.NowAsync(other)).Succeeded);
    }

    /// <summary>A provider that allows a third of what was configured, and says nothing but 429.</summary>
    [Fact]
    public void It_finds_what_a_provider_allows_that_was_configured_wrongly()
    {
        var (slow, refusedThen) = Play(Limits with { PerDay = null });
        var (fast, refused) = Play(Limits with { PerDay = null, Adapt = false });
        TestContext.Current.TestOutputHelper?.WriteLine($"{slow} answered and {refusedThen} refused; without it {fast} and {refused}");
        Assert.InRange(refusedThen, 1, refused / 10);
        Assert.InRange(slow, 120 * 53 / 2, 120 * 53);
    }

    /// <summary>Two hours of as many requests as may be.</summary>
    private static (int Answered, int Refused) Play(ThrottleOptions options)
    {
        var time = new SteppedTime(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
        using var throttle = new ProviderThrottle(options, TimeSpan.FromSeconds(10), time);
        var arrived = new Queue<long>();
        var (answered, refused) = (0, 0);
        for (var at = 0L; at < TimeSpan.FromHours(2).Ticks; at += TimeSpan.TicksPerSecond / 5)
        {
            time.GoTo(at);
            using var gone = new CancellationTokenSource();
            var asked = throttle.AcquireAsync(new GateCall("s"), gone.Token).AsTask();
            if (!asked.IsCompleted)
            {
                gone.Cancel();
                continue;
            }

            while (arrived.TryPeek(out var first) && first + TimeSpan.TicksPerMinute <= at)
            {
                arrived.Dequeue();
            }

            if (arrived.Count >= 53)
            {
                refused++;
                throttle.TooManyRequests(asked.Result!, TimeSpan.FromSeconds(1), isExplained: false);
            }
            else
            {
                answered++;
                arrived.Enqueue(at);
            }

            throttle.Answered(asked.Result!);
        }

        return (answered, refused);
    }

    private static (double Pace, int First, int Second) Seen(GateFixture fixture)
    {
        var status = fixture.Gate.Throttle;
        return (status.Pace, status.Windows[0].Limit, status.Windows[1].Limit);
    }

    private static Task<GateResult<int>> RefuseAsync(GateFixture fixture) => fixture.AnswerAsync(AttemptResult.TooMany<int>("429", TimeSpan.FromSeconds(1)));
}
