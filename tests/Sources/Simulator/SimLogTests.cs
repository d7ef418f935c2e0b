using System.Globalization;
using CsCheck;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Simulator;

namespace StreamEngine.Sources.Tests.Simulator;

/// <summary>What a pretended provider counts, and what it calls a violation.</summary>
public class SimLogTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static RateLimit Sliding(int limit, double seconds) => new("w", limit, TimeSpan.FromSeconds(seconds));

    private static RateLimit Fixed(int limit, double seconds, string zone = "UTC") => Sliding(limit, seconds) with { IsFixed = true, Zone = zone };

    private static DateTimeOffset At(string time) => DateTimeOffset.Parse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    [Theory]
    // Both ends of a sliding window belong to it.
    [InlineData("2 per 1s", "12:00:00 12:00:00.5 12:00:01", 1)]
    [InlineData("2 per 1s", "12:00:00 12:00:00.5 12:00:01.0000001", 0)]
    [InlineData("2 per 1s", "12:00:00 12:00:00 12:00:00 12:00:00", 2)]
    [InlineData("3 per 10s", "12:00:09 12:00:09 12:00:11 12:00:11", 1)]
    // Fixed windows begin with the clock, and what one held the next doesn't know.
    [InlineData("2 per 10s fixed", "12:00:09.9 12:00:09.9 12:00:10 12:00:10", 0)]
    [InlineData("2 per 10s fixed", "12:00:10 12:00:15 12:00:19.9999999", 1)]
    [InlineData("2 per 60s fixed", "11:59:59 11:59:59 12:00:00 12:00:59 12:00:59 12:01:00", 1)]
    public void Requests_over_a_limit_are_found_where_they_exceed_it(string limit, string arrivals, int expected)
    {
        var words = limit.Split(' ');
        var (most, seconds) = (int.Parse(words[0], CultureInfo.InvariantCulture), double.Parse(words[2].TrimEnd('s'), CultureInfo.InvariantCulture));
        var log = new SimLog([words.Length > 3 ? Fixed(most, seconds) : Sliding(most, seconds)]);
        foreach (var arrival in arrivals.Split(' '))
        {
            log.Add(At($"2026-03-01 {arrival}"), 1, "/", out _);
        }

        Assert.Equal(expected, log.Violations);
    }

    [Theory]
    // Midnight in New York is 05:00 in winter, 04:00 in summer; 2026-03-08 has 23 hours, 2026-11-01 has 25.
    [InlineData("month", "America/New_York", "2026-03-01 04:59:59.9999999", "2026-03-01 05:00")]
    [InlineData("month", "UTC", "2026-02-28 23:59:59", "2026-03-01 00:00")]
    [InlineData("day", "America/New_York", "2026-03-09 03:59:59.9999999", "2026-03-09 04:00")]
    [InlineData("day", "America/New_York", "2026-03-08 04:59:59.9999999", "2026-03-08 05:00")]
    [InlineData("day", "America/New_York", "2026-11-02 04:59:59.9999999", "2026-11-02 05:00")]
    [InlineData("day", "Asia/Kolkata", "2026-03-01 18:29:59", "2026-03-01 18:30")]
    public void A_calendar_window_ends_at_midnight_of_its_zone(string window, string zone, string last, string first)
    {
        var limit = Fixed(1, 86_400, zone) with { IsMonth = window == "month" };
        var log = new SimLog([limit]);
        log.Add(At(last).AddHours(-1), 1, "/", out _);
        Assert.Single(log.Add(At(last), 1, "/", out var retryAfter));
        Assert.Equal(At(first) - At(last), retryAfter);
        Assert.Empty(log.Add(At(first), 1, "/", out _));
        Assert.Single(log.Add(At(first), 1, "/", out _));
    }

    [Fact]
    public void Two_days_are_counted_from_1970_too()
    {
        var log = new SimLog([Fixed(1, 2 * 86_400)]);
        var even = DateTimeOffset.UnixEpoch.AddDays(20_000);
        Assert.Empty(log.Add(even, 1, "/", out _));
        Assert.Single(log.Add(even.AddDays(1.9), 1, "/", out _));
        Assert.Empty(log.Add(even.AddDays(2), 1, "/", out _));
    }

    [Fact]
    public void Credits_count_where_requests_do_not()
    {
        var log = new SimLog([Sliding(5, 1), Sliding(2, 1) with { Name = "requests", CountsRequests = true }]);
        Assert.Empty(log.Add(Start, 5, "/", out _));
        var exceeded = Assert.Single(log.Add(Start.AddMilliseconds(250), 1, "/a", out _));
        Assert.Equal("12:00:00.250 over the limit: w has 6 of 5 with /a", exceeded.ToString());
        Assert.Equal(["w", "requests"], log.Add(Start, 1, "/", out _).Select(v => v.Window));
        Assert.Equal((3, 7, 3), (log.Requests, log.Credits, log.Violations));
    }

    [Fact]
    public void It_says_how_long_until_there_is_room_for_as_much_again()
    {
        var log = new SimLog([Sliding(4, 10), Sliding(3, 1) with { Name = "short" }]);
        log.Add(Start, 1, "/", out _);
        log.Add(Start.AddSeconds(3), 2, "/", out _);
        log.Add(Start.AddSeconds(6), 2, "/", out var retryAfter);

        // 5 of 4: for two more, three must have left.
        Assert.Equal(TimeSpan.FromSeconds(7) + TimeSpan.FromTicks(1), retryAfter);
    }

    [Fact]
    public void Every_violation_agrees_with_counting_all_over_again() => Gen.Select(
        Gen.Int[1, 6],
        Gen.Int[1, 30],
        Gen.Select(Gen.Int[0, 12], Gen.Int[1, 3]).Array[0, 80])
        .Sample((limit, length, arrivals) =>
        {
            var log = new SimLog([Sliding(limit, length), Fixed(limit, length) with { Name = "fixed" }]);
            var seen = new List<(DateTimeOffset At, int Credits)>();
            var (at, sliding, aligned) = (Start, 0, 0);
            foreach (var (wait, credits) in arrivals)
            {
                at = at.AddSeconds(wait);
                seen.Add((at, credits));
                log.Add(at, credits, "/", out _);
                sliding += seen.Where(a => at - a.At <= TimeSpan.FromSeconds(length)).Sum(a => a.Credits) > limit ? 1 : 0;
                aligned += seen.Where(a => a.At.ToUnixTimeSeconds() / length == at.ToUnixTimeSeconds() / length).Sum(a => a.Credits) > limit ? 1 : 0;
            }

            Assert.Equal([sliding, aligned], log.Report(at).Select(w => w.Violations));
        });

    [Fact]
    public void It_remembers_its_busiest_times()
    {
        var log = new SimLog([Sliding(10, 1)]);
        foreach (var second in new[] { 0, 0.5, 0.9, 5, 5.1 })
        {
            log.Add(Start.AddSeconds(second), 1, "/", out _);
        }

        Assert.Equal(new SimWindowReport("w", 10, 2, 3, Start.AddSeconds(0.9), 0), Assert.Single(log.Report(Start.AddSeconds(5.5))));
        Assert.Equal(0, Assert.Single(log.Report(Start.AddSeconds(10))).Used);
    }

    [Fact]
    public void Its_memory_is_bounded_and_it_says_what_it_forgot()
    {
        var log = new SimLog([Sliding(50, 100), Sliding(1000, 90) with { Name = "other" }, Sliding(2, 1) with { Name = "second" }], most: 100);
        for (var i = 0; i < 150; i++)
        {
            log.Add(Start.AddMilliseconds(500 * i), 1, $"/{i}", out _);
        }

        Assert.Equal(50, log.Forgotten);
        Assert.Equal([(100, 100), (100, 0), (3, 148)], log.Report(Start.AddSeconds(74.5)).Select(w => (w.Used, w.Violations)));
        Assert.Equal((100, 248), (log.FirstViolations.Count, log.Violations));

        for (var i = 0; i < 2000; i++)
        {
            log.Add(Start.AddSeconds(1000 + i), 1, $"/{i}", out _);
        }

        Assert.Equal((1001, 2150), (log.Paths.Count, log.Paths.Values.Sum()));
    }

    [Fact]
    public void What_another_client_spent_is_in_the_windows_that_allow_as_much()
    {
        var log = new SimLog([Sliding(2, 1), Sliding(60, 60) with { Name = "minute" }, Fixed(20_000, 86_400) with { Name = "day" }, Fixed(5, 3600) with { Name = "hour" }]);
        log.SpendBefore(Start, 50);
        Assert.Equal([0, 50, 50, 0], log.Report(Start).Select(w => w.Used));
        for (var i = 0; i < 10; i++)
        {
            log.Add(Start.AddSeconds(2 * i), 1, "/", out _);
        }

        // It leaves the minute when its time is over; nothing of it is a request of ours.
        Assert.Equal([1, 60, 60, 10], log.Report(Start.AddSeconds(18)).Select(w => w.Used));
        Assert.Equal(10, log.Report(Start.AddSeconds(60)).Single(w => w.Window == "minute").Used);
        Assert.Equal((10, 5), (log.Requests, log.Violations));
    }
}
