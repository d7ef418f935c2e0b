using Microsoft.AspNetCore.Http;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

/// <summary>Providers that ask for fewer requests, each in its own way, and what becomes of the requests.</summary>
public sealed class ThrottledAnswerTests
{
    private static readonly HttpSourceOptions Ask = new() { Provider = "p", Request = ["/x"], Every = new EveryOptions { Otherwise = Duration.Seconds(3600) } };

    [Theory]
    [InlineData(200)]
    [InlineData(400)]
    public async Task In_words_it_is_no_failure_and_the_provider_is_left_alone_as_long_as_they_say(int status)
    {
        await using var provider = await TestProvider.StartAsync((context, call) =>
        {
            context.Response.StatusCode = call == 1 ? status : 200;
            return context.Response.WriteAsync(call == 1 ? """{"error":{"code":"rate_limited","text":"slow down"},"retry_after":1.2}""" : "[1]");
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask with { ThrottledWhen = "$.error.code == 'rate_limited'", RetryAfter = "$.retry_after", ErrorText = "$.error.text" }))[0];
        await output.WaitForAsync(all => all.Count == 1);

        var asked = provider.Requests.Select(r => r.At).ToList();
        Assert.Equal(2, asked.Count);
        Assert.InRange(asked[1] - asked[0], TimeSpan.FromSeconds(1.2), TimeSpan.MaxValue);
        Assert.Equal((1L, 0, 0L), (fixture.Gate.Throttle.TooManyRequests, fixture.Gate.Breaker.FailureCount, fixture.Gate.Breaker.Opened));
        Assert.Equal(0.5, fixture.Gate.Throttle.Pace);
    }

    [Fact]
    public async Task In_words_that_come_instead_of_a_patch_too()
    {
        await using var provider = await TestProvider.StartAsync((context, call) => context.Response.WriteAsync(
            context.Request.Path == "/x" ? """{"version":"1"}""" : """{"error":{"code":"rate_limited"},"retry_after":60}"""));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        fixture.Run(("s", Ask with
        {
            ThrottledWhen = "$.error.code == 'rate_limited'",
            RetryAfter = "$.retry_after",
            Patch = new PatchOptions { Request = "/changes?since={since}", Since = "$.version", Merge = "$" },
            Every = new EveryOptions { Otherwise = Duration.Seconds(0.02) },
        }));
        await Eventually.TrueAsync(() => fixture.Gate.Throttle.TooManyRequests == 1);
        Assert.Equal(1, provider.Count("/x"));
        Assert.NotNull(fixture.Gate.Throttle.HeldUntil);
    }

    [Fact]
    public async Task What_a_document_said_before_it_was_patched_is_no_word_of_now()
    {
        await using var provider = await TestProvider.StartAsync((context, call) => context.Response.WriteAsync(
            context.Request.Path == "/x" ? """{"version":0,"left":999}""" : $$"""{"version":{{call}}}"""));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address) with
        {
            Throttle = new ThrottleOptions { PerSecond = 1000, PerMinute = null, PerHour = 1000, Reports = [new ReportOptions { Window = "hour", Remaining = "$.left" }] },
        });
        var output = fixture.Run(("s", Ask with { Patch = new PatchOptions { Request = "/changes", Since = "$.version", Merge = "$" }, Every = new EveryOptions { Otherwise = Duration.Seconds(0.02) } }))[0];
        await output.WaitForAsync(5);
        var before = fixture.Gate.Throttle.Windows[1].ReportedAt;
        await output.WaitForAsync(output.Documents.Count + 3);
        Assert.Equal((999L, before), (fixture.Gate.Throttle.Windows[1].ReportedRemaining, fixture.Gate.Throttle.Windows[1].ReportedAt));
    }

    [Fact]
    public async Task A_status_says_it_though_its_body_never_comes()
    {
        await using var provider = await TestProvider.StartAsync(async (context, _) =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "60";
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address) with { Timeout = Duration.Seconds(0.5) });
        fixture.Run(("s", Ask with { ThrottledWhen = "exists($.error)" }));
        await Eventually.TrueAsync(() => fixture.Gate.Throttle.TooManyRequests == 1);
        Assert.Equal(0, fixture.Gate.Breaker.FailureCount);
    }

    [Fact]
    public async Task A_forbidden_one_with_nothing_left_holds_the_provider_until_its_window_begins_anew()
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.StatusCode = 403;
            return context.Response.WriteAsync("""{"message":"API rate limit exceeded","rate":{"limit":900,"remaining":0,"resets_in":600}}""");
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address) with
        {
            Throttle = new ThrottleOptions { PerSecond = 1000, PerMinute = null, PerHour = 1000, Reports = [new ReportOptions { Window = "hour", Remaining = "$.rate.remaining", Limit = "$.rate.limit", Resets = "$.rate.resets_in" }] },
        });
        fixture.Run(("s", Ask));
        await Eventually.TrueAsync(() => fixture.Gate.Throttle.TooManyRequests == 1);
        var status = fixture.Gate.Throttle;
        Assert.InRange(status.HeldUntil!.Value - DateTimeOffset.UtcNow, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10));
        Assert.Equal((900, 900, 0L, 1.0), (status.Windows[1].Limit, status.Windows[1].Used, status.Windows[1].ReportedRemaining, status.Pace));
    }

    [Fact]
    public async Task A_word_in_a_good_answer_is_taken_too_and_of_one_that_has_not_changed()
    {
        await using var provider = await TestProvider.StartAsync((context, call) =>
        {
            context.Response.Headers.ETag = "\"a\"";
            context.Response.Headers["X-Requests-Remaining"] = call == 1 ? "5000" : "4000";
            context.Response.StatusCode = call == 1 ? 200 : 304;
            return call == 1 ? context.Response.WriteAsync("[1]") : Task.CompletedTask;
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address) with
        {
            Throttle = new ThrottleOptions { PerSecond = 1000, PerMinute = null, PerMonth = 20_000, Reports = [new ReportOptions { Window = "month", Remaining = "@header('X-Requests-Remaining')" }] },
        });
        fixture.Run(("s", Ask with { Every = new EveryOptions { Otherwise = Duration.Seconds(0.05) } }));
        await Eventually.TrueAsync(() => fixture.Gate.Throttle.Windows[1].ReportedRemaining == 4000);
        Assert.InRange(fixture.Gate.Throttle.Windows[1].Remaining, 3900, 4000);
    }
}
