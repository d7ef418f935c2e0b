using System.Net;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

/// <summary>What answers say of the provider's own count, as they say it.</summary>
public sealed class BudgetReaderTests
{
    private static readonly ThrottleOptions TwoWindows = new() { PerSecond = 2, PerMinute = 60 };

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("X-RateLimit-Limit: 60|X-RateLimit-Remaining: 12|X-RateLimit-Reset: 20", "minute 12 of 60 in 20")]
    [InlineData("RateLimit-Limit: 60|RateLimit-Remaining: 12|RateLimit-Reset: 20", "minute 12 of 60 in 20")]
    [InlineData("X-Rate-Limit-Limit: 2|X-Rate-Limit-Remaining: 0|X-Rate-Limit-Reset: 1777636830", "second 0 of 2 in 30")]
    [InlineData("RateLimit-Policy: \"burst\";q=2;w=1, \"fair\";q=30;w=60|RateLimit: \"fair\";r=29;t=7", "minute 29 of 30 in 7")]
    [InlineData("RateLimit-Policy: \"burst\";q=2;w=1, \"fair\";q=60;w=60|RateLimit: \"burst\";r=1;t=1, \"fair\";r=50;t=7", "second 1 of 2 in 1, minute 50 of 60 in 7")]
    [InlineData("X-RateLimit-Limit: 60|X-RateLimit-Remaining: 12", "minute 12 of 60 in ")]
    [InlineData("X-RateLimit-Limit: 5000|X-RateLimit-Remaining: 4999", "")]
    [InlineData("X-RateLimit-Remaining: 12", "")]
    [InlineData("RateLimit-Policy: \"daily\";q=900;w=86400|RateLimit: \"daily\";r=29;t=7", "")]
    [InlineData("X-RateLimit-Limit: 60|X-RateLimit-Remaining: many", "")]
    [InlineData("X-RateLimit-Limit: 60|X-RateLimit-Remaining: -1", "")]
    [InlineData("RateLimit-Policy: \"fair\";q=5;w=1000000000000|RateLimit: \"fair\";r=5", "")]
    [InlineData("", "")]
    public void Usual_headers_are_understood_where_they_can_mean_one_window_only(string headers, string said) => Assert.Equal(said, Read(TwoWindows, headers));

    [Fact]
    public void Of_a_provider_with_one_window_it_needs_no_limit()
    {
        Assert.Equal("minute 12 of  in ", Read(new ThrottleOptions { PerSecond = null }, "X-RateLimit-Remaining: 12"));
        Assert.Equal("", Read(new ThrottleOptions { PerSecond = null }, "X-RateLimit-Remaining: 12|X-RateLimit-Limit: 1000"));
    }

    [Fact]
    public void An_empty_list_ignores_them() => Assert.Equal("", Read(TwoWindows with { Reports = [] }, "X-RateLimit-Limit: 60|X-RateLimit-Remaining: 12"));

    [Fact]
    public void Settings_say_where_it_stands_instead()
    {
        var throttle = TwoWindows with
        {
            Reports =
            [
                new ReportOptions { Window = "month", Remaining = "@header('X-Requests-Remaining')", Resets = "$.usage.until" },
                new ReportOptions { Window = "minute", Used = "$.usage['minute']", Limit = "@header('X-Most')" },
            ],
        };
        Assert.Equal("month 480 of  in 3600, minute used 7 of 50 in ", Read(throttle, "X-Requests-Remaining: 480|X-Most: 50|X-RateLimit-Limit: 60|X-RateLimit-Remaining: 1", """{"usage":{"minute":7,"until":"2026-05-01T13:00:00Z"}}"""));
        Assert.Equal("month 480 of  in ", Read(throttle, "X-Requests-Remaining: 480"));
    }

    [Theory]
    [InlineData("120", null, 120.0)]
    [InlineData("1.5", null, 1.5)]
    [InlineData("-3", null, 0.0)]
    [InlineData("1777636860", null, 60.0)]
    [InlineData("1777636860000", null, 60.0)]
    [InlineData("Fri, 01 May 2026 12:01:00 GMT", null, 60.0)]
    [InlineData("2026-05-01T14:01:00+02:00", null, 60.0)]
    [InlineData("Fri, 01 May 2026 12:01:00 GMT", "Fri, 01 May 2026 12:00:50 GMT", 10.0)]
    [InlineData("1777636860", "Fri, 01 May 2026 11:00:50 GMT", 3610.0)]
    [InlineData("Fri, 01 May 2026 11:01:00 GMT", null, 0.0)]
    [InlineData("1e300", null, 31622400.0)]
    [InlineData("soon", null, null)]
    [InlineData("NaN", null, null)]
    [InlineData(null, null, null)]
    public void A_time_is_read_as_providers_write_it_and_a_date_by_the_clock_of_the_answer(string? text, string? date, double? seconds)
    {
        using var response = new HttpResponseMessage();
        if (date is not null)
        {
            response.Headers.TryAddWithoutValidation("Date", date);
        }

        Assert.Equal(seconds, AnswerTime.Until(text, response, time)?.TotalSeconds);
    }

    [Theory]
    [InlineData(429, 1L, AttemptKind.Throttled)]
    [InlineData(418, 1L, AttemptKind.Throttled)]
    [InlineData(403, 1L, AttemptKind.Permanent)]
    [InlineData(403, 0L, AttemptKind.Throttled)]
    [InlineData(503, 1L, AttemptKind.Retryable)]
    [InlineData(503, 0L, AttemptKind.Throttled)]
    [InlineData(404, 0L, AttemptKind.Permanent)]
    [InlineData(200, 0L, null)]
    public void Statuses_mean_too_many_as_configured_or_when_nothing_is_left(int status, long remaining, AttemptKind? kind)
    {
        using var response = new HttpResponseMessage((HttpStatusCode)status);
        var verdict = Verdict.Failure<int>(response, new ThrottleOptions { Statuses = [429, 418] }, time, [new BudgetReport("minute") { Remaining = remaining }]);
        Assert.Equal(kind, verdict?.Kind);
    }

    [Theory]
    [InlineData(50, 50, AttemptKind.Throttled)]
    [InlineData(51, 50, AttemptKind.Throttled)]
    [InlineData(49, 50, AttemptKind.Permanent)]
    [InlineData(60, null, AttemptKind.Throttled)]
    [InlineData(59, null, AttemptKind.Permanent)]
    [InlineData(null, 50, AttemptKind.Permanent)]
    public void Nothing_is_left_when_all_is_used_that_it_allows_or_else_that_is_configured(int? used, int? limit, AttemptKind kind)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.Forbidden);
        Assert.Equal(kind, Verdict.Failure<int>(response, TwoWindows, time, [new BudgetReport("minute") { Used = used, Limit = limit }])?.Kind);
        Assert.Equal(AttemptKind.Permanent, Verdict.Failure<int>(response, TwoWindows, time, [new BudgetReport("month") { Used = used }])?.Kind);
    }

    private string Read(ThrottleOptions throttle, string headers, string? body = null)
    {
        using var response = new HttpResponseMessage();
        foreach (var header in headers.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(h => h.Split(": ", 2)))
        {
            response.Headers.TryAddWithoutValidation(header[0], header[1]);
        }

        var reader = new BudgetReader(throttle, time);
        var tape = new JsonTape();
        var reports = body is not null && tape.TryRead(System.Text.Encoding.UTF8.GetBytes(body), out var document) ? reader.Read(response, document) : reader.Read(response);
        return string.Join(", ", (reports ?? []).Select(r => $"{r.Window} {(r.Used is { } used ? $"used {used}" : r.Remaining)} of {r.Limit} in {r.Resets?.TotalSeconds}"));
    }
}
