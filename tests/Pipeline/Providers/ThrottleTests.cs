using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Providers.Throttle;

namespace StreamEngine.Pipeline.Tests.Providers;

public class ThrottleTests
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider time = new();

    [Fact]
    public async Task A_slot_is_free_one_window_after_the_answer()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 1, PerMinute = null });
        var first = await TakeAsync(throttle);
        var second = throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken).AsTask();
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(1, throttle.Status.Queued);

        throttle.Answered(first);
        time.Advance(TimeSpan.FromMilliseconds(1000));
        Assert.Equal(1, throttle.Status.Queued);
        Assert.Equal(time.GetUtcNow(), throttle.Status.Windows[0].ResetsAt!.Value, TimeSpan.FromMilliseconds(1));
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.NotNull(await GateFixture.NowAsync(second));
    }

    [Fact]
    public async Task Without_an_answer_the_slot_stays_taken_one_timeout_longer()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 1, PerMinute = null });
        var permit = await TakeAsync(throttle);
        throttle.Unanswered(permit);
        var next = throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken).AsTask();
        time.Advance(RequestTimeout + TimeSpan.FromSeconds(1));
        Assert.Equal(1, throttle.Status.Queued);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.NotNull(await GateFixture.NowAsync(next));
    }

    [Fact]
    public async Task A_permit_that_was_not_used_is_free_at_once()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 1, PerMinute = null });
        var permit = await TakeAsync(throttle);
        var next = throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken).AsTask();
        throttle.Unsent(permit);
        Assert.NotNull(await GateFixture.NowAsync(next));
        Assert.Equal(1, throttle.Status.Granted);
    }

    [Fact]
    public async Task Requests_past_the_queue_are_refused_and_counted()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 1, PerMinute = null, Queue = 2 });
        await TakeAsync(throttle);
        _ = throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken).AsTask();
        _ = throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken).AsTask();
        Assert.Null(await throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken));
        Assert.Equal((2, 1), (throttle.Status.Queued, throttle.Status.Denied));
    }

    [Fact]
    public async Task Who_gives_up_leaves_the_queue_to_the_next()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 1, PerMinute = null });
        var permit = await TakeAsync(throttle);
        using var impatient = new CancellationTokenSource();
        var first = throttle.AcquireAsync(new GateCall("s"), impatient.Token).AsTask();
        var second = throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        throttle.Answered(permit);
        time.Advance(TimeSpan.FromMilliseconds(1001));
        Assert.NotNull(await GateFixture.NowAsync(second));
        Assert.Equal(0, throttle.Status.Queued);
    }

    [Fact]
    public async Task A_hold_stops_everyone_for_its_time()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 10, PerMinute = null });
        throttle.TooManyRequests(await TakeAsync(throttle), TimeSpan.FromSeconds(30), isExplained: true);
        var held = throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(29900));
        Assert.False(held.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.NotNull(await GateFixture.NowAsync(held));
        Assert.Equal(1, throttle.Status.TooManyRequests);
    }

    [Fact]
    public async Task A_dear_request_waits_for_its_whole_price_and_nobody_overtakes_it()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 5, PerMinute = null });
        for (var i = 0; i < 3; i++)
        {
            throttle.Answered(await TakeAsync(throttle));
            time.Advance(TimeSpan.FromMilliseconds(100));
        }

        var dear = throttle.AcquireAsync(new GateCall("s") { Credits = 4 }, TestContext.Current.CancellationToken).AsTask();
        var cheap = throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(800));
        Assert.Equal(2, throttle.Status.Queued);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(4, (await GateFixture.NowAsync(dear))!.Credits);
        Assert.Equal(1, throttle.Status.Queued);
        time.Advance(TimeSpan.FromMilliseconds(100));
        await GateFixture.NowAsync(cheap);
        Assert.Equal(5, throttle.Status.Windows[0].Used);
    }

    [Fact]
    public async Task Who_gives_up_a_dear_request_lets_a_cheap_one_pass()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 5, PerMinute = null });
        await TakeAsync(throttle);
        using var impatient = new CancellationTokenSource();
        var dear = throttle.AcquireAsync(new GateCall("s") { Credits = 5 }, impatient.Token).AsTask();
        var cheap = throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken).AsTask();
        await impatient.CancelAsync();
        await GateFixture.NowAsync(cheap);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dear);
    }

    [Fact]
    public async Task A_full_queue_lets_in_who_is_wanted_sooner_and_refuses_the_last_of_the_lowest_class()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 1, PerMinute = null, Queue = 2 });
        throttle.Answered(await TakeAsync(throttle));
        var first = AskAsync(RequestClass.Reference);
        var last = AskAsync(RequestClass.Reference);
        var live = AskAsync(RequestClass.Live);
        Assert.Null(await GateFixture.NowAsync(last));
        var wanted = AskAsync(RequestClass.OnDemand);
        Assert.Null(await GateFixture.NowAsync(first));
        Assert.Null(await AskAsync(RequestClass.Live));
        Assert.Equal((2, 3L, new QueuedRequests(1, 1, 0)), (throttle.Status.Queued, throttle.Status.Denied, throttle.Status.QueuedByClass));

        time.Advance(TimeSpan.FromMilliseconds(1001));
        throttle.Answered((await GateFixture.NowAsync(wanted))!);
        Assert.False(live.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1001));
        await GateFixture.NowAsync(live);

        Task<Permit?> AskAsync(RequestClass of) => throttle.AcquireAsync(new GateCall("s") { Class = of }, TestContext.Current.CancellationToken).AsTask();
    }

    [Fact]
    public async Task A_full_queue_of_requests_on_demand_lets_in_one_of_reference_all_the_same()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 1, PerMinute = null, Queue = 16 });
        await TakeAsync(throttle);
        var wanted = Enumerable.Range(0, 16).Select(_ => AskAsync(RequestClass.OnDemand)).ToList();
        _ = AskAsync(RequestClass.Reference);
        Assert.Null(await GateFixture.NowAsync(wanted[^1]));
        Assert.Null(await AskAsync(RequestClass.Reference));
        Assert.Equal((16, 2L, new QueuedRequests(15, 0, 1)), (throttle.Status.Queued, throttle.Status.Denied, throttle.Status.QueuedByClass));

        Task<Permit?> AskAsync(RequestClass of) => throttle.AcquireAsync(new GateCall("s") { Class = of }, TestContext.Current.CancellationToken).AsTask();
    }

    [Fact]
    public async Task A_window_that_counts_requests_does_not_mind_what_they_cost()
    {
        using var throttle = Throttle(new ThrottleOptions
        {
            PerSecond = null,
            PerMinute = null,
            PerDay = 100,
            Windows = [new WindowOptions { Limit = 2, Per = Duration.Seconds(1), Counts = "requests" }],
        });
        await throttle.AcquireAsync(new GateCall("s") { Credits = 30 }, TestContext.Current.CancellationToken);
        await throttle.AcquireAsync(new GateCall("s") { Credits = 30 }, TestContext.Current.CancellationToken);
        Assert.Equal([("day", 60, "credits"), ("1s-requests", 2, "requests")], throttle.Status.Windows.Select(w => (w.Window, w.Used, w.Counts)));
        Assert.Equal("day", throttle.TooSmallFor(101)?.Name);
        Assert.Null(throttle.TooSmallFor(100));
    }

    [Fact]
    public async Task A_month_ends_at_midnight_where_it_is_counted()
    {
        // 23:59:50 on March 31 in New York.
        time.SetUtcNow(new DateTimeOffset(2026, 4, 1, 3, 59, 50, TimeSpan.Zero));
        using var throttle = Throttle(new ThrottleOptions { PerSecond = null, PerMinute = null, PerMonth = 1, Zone = "America/New_York" });
        throttle.Answered(await TakeAsync(throttle));
        var status = throttle.Status.Windows[0];
        Assert.Equal(("month", "fixed", 1, new DateTimeOffset(2026, 4, 1, 4, 0, 0, TimeSpan.Zero)), (status.Window, status.Kind, status.Used, status.ResetsAt));

        // The provider's clock may be a second behind.
        var next = throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(10999));
        Assert.Equal(1, throttle.Status.Queued);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await GateFixture.NowAsync(next);
    }

    [Fact]
    public async Task What_is_under_way_at_a_border_counts_on_both_sides()
    {
        time.SetUtcNow(new DateTimeOffset(2026, 4, 1, 0, 0, 9, TimeSpan.Zero));
        using var throttle = Throttle(Fixed(limit: 2, seconds: 10, skew: 0));
        var slow = await TakeAsync(throttle);
        time.Advance(TimeSpan.FromSeconds(1.5));
        await TakeAsync(throttle);
        throttle.Answered(slow);
        Assert.Equal(2, throttle.Status.Windows[0].Used);
        _ = throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken).AsTask();
        time.Advance(TimeSpan.FromSeconds(9.4));
        Assert.Equal(1, throttle.Status.Queued);
    }

    [Theory]
    [InlineData("2026-03-31T23:59:59Z", "UTC", 1, "2026-03-31T00:00:00Z", "2026-04-01T00:00:00Z")]
    [InlineData("2026-03-08T12:00:00Z", "America/New_York", 1, "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z")]
    [InlineData("2026-04-24T10:00:00Z", "Africa/Cairo", 1, "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z")]
    [InlineData("2026-10-30T01:00:00Z", "Africa/Cairo", 1, "2026-10-29T22:00:00Z", "2026-10-30T22:00:00Z")]
    [InlineData("2026-11-01T03:00:00Z", "America/Havana", 1, "2026-10-31T04:00:00Z", "2026-11-01T04:00:00Z")]
    [InlineData("2026-11-01T12:00:00Z", "America/Havana", 1, "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z")]
    [InlineData("2026-01-07T12:00:00Z", "UTC", 7, "2026-01-01T00:00:00Z", "2026-01-08T00:00:00Z")]
    public void A_day_begins_with_its_date_also_where_clocks_are_set_at_midnight(string at, string zone, int days, string start, string end)
    {
        var borders = new WindowBorders(new RateLimit("d", 1, TimeSpan.FromDays(days)) { IsFixed = true, Zone = zone });
        var found = borders.StartOf(DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal((start, end), ($"{found:yyyy-MM-ddTHH:mm:ssZ}", $"{borders.EndOf(found):yyyy-MM-ddTHH:mm:ssZ}"));
    }

    [Fact]
    public async Task A_large_window_holds_its_limit_in_little_memory()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = null, PerMinute = null, PerHour = 50_000 });
        for (var i = 0; i < 50_000; i++)
        {
            throttle.Answered(await TakeAsync(throttle));
            time.Advance(TimeSpan.FromTicks(TimeSpan.FromMinutes(50).Ticks / 50_000));
        }

        Assert.Equal(50_000, throttle.Status.Windows[0].Used);
        _ = throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken).AsTask();
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(1, throttle.Status.Queued);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0, throttle.Status.Queued);
        Assert.InRange(throttle.Slots, 1, 4096);
    }

    private static ThrottleOptions Fixed(int limit, double seconds, double skew) => new()
    {
        PerSecond = null,
        PerMinute = null,
        Windows = [new WindowOptions { Limit = limit, Per = Duration.Seconds(seconds), Kind = "fixed", Skew = Duration.Seconds(skew) }],
    };

    private static async Task<Permit> TakeAsync(ProviderThrottle throttle) =>
        await throttle.AcquireAsync(new GateCall("s"), TestContext.Current.CancellationToken) ?? throw new InvalidOperationException("The queue is full.");

    private ProviderThrottle Throttle(ThrottleOptions options) => new(options, RequestTimeout, time);
}
