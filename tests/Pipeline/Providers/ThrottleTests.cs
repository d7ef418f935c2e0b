using CsCheck;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers.Throttle;

namespace StreamEngine.Pipeline.Tests.Providers;

public class ThrottleTests
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider time = new();

    private sealed record Arrival(int AfterMs, int LatencyMs, bool Aborted, double SeenAt);

    private static readonly Gen<Arrival> Arrivals =
        from after in Gen.Int[0, 1500]
        from latency in Gen.Int[0, 4000]
        from aborted in Gen.Int[0, 9]
        from seen in Gen.OneOf(Gen.Const(0.0), Gen.Const(1.0), Gen.Double[0, 1])
        select new Arrival(after, latency, aborted == 0, seen);

    [Fact]
    public void No_window_is_ever_exceeded_and_every_request_gets_its_turn() =>
        Gen.Select(Arrivals.List[1, 60], Gen.Int[1, 5], Gen.Int[1, 20]).Sample(
            (arrivals, perSecond, perMinute) => Simulate(arrivals, perSecond, perMinute),
            iter: 300);

    /// <summary>A discrete simulation: the provider may note a request at any instant from its sending to its answer.</summary>
    private static void Simulate(List<Arrival> arrivals, int perSecond, int perMinute)
    {
        var time = new FakeTimeProvider();
        using var throttle = new SlidingThrottle(new ThrottleOptions { PerSecond = perSecond, PerMinute = perMinute, Queue = 100 }, RequestTimeout, time);
        var events = new PriorityQueue<Action, (long At, int Order)>();
        var order = 0;
        var waiting = new List<(Task<bool> Permit, Arrival Arrival)>();
        var seen = new List<long>();
        var served = 0;
        long Now() => time.GetUtcNow().Ticks;
        void At(long ticks, Action action) => events.Enqueue(action, (ticks, order++));

        void Send(Arrival arrival)
        {
            served++;
            var latency = TimeSpan.FromMilliseconds(arrival.LatencyMs).Ticks;
            var spread = arrival.Aborted ? latency + RequestTimeout.Ticks : latency;
            seen.Add(Now() + (long)(spread * arrival.SeenAt));
            At(Now() + latency, arrival.Aborted ? throttle.Unanswered : throttle.Answered);
        }

        var arrives = Now();
        foreach (var arrival in arrivals)
        {
            arrives += TimeSpan.FromMilliseconds(arrival.AfterMs).Ticks;
            At(arrives, () => waiting.Add((throttle.AcquireAsync(CancellationToken.None).AsTask(), arrival)));
        }

        var end = Now() + TimeSpan.FromHours(3).Ticks;
        while (served < arrivals.Count)
        {
            Assert.True(Now() < end, $"{served} of {arrivals.Count} served after hours: a request was forgotten");
            var next = events.TryPeek(out _, out var first) ? Math.Min(first.At, Now() + (TimeSpan.TicksPerMillisecond * 250)) : Now() + (TimeSpan.TicksPerMillisecond * 250);
            time.Advance(TimeSpan.FromTicks(next - Now()));
            while (events.TryPeek(out var action, out first) && first.At <= Now())
            {
                events.Dequeue();
                action();
            }

            // The permit's own task is done under the lock; only what awaits it runs elsewhere. First come, first served.
            while (waiting.Count > 0 && throttle.Status.Granted > served)
            {
                Assert.True(waiting[0].Permit.Wait(TimeSpan.FromSeconds(30)));
                Send(waiting[0].Arrival);
                waiting.RemoveAt(0);
            }
        }

        seen.Sort();
        AssertWindow(seen, perSecond, TimeSpan.FromSeconds(1));
        AssertWindow(seen, perMinute, TimeSpan.FromMinutes(1));
        Assert.Equal(0, throttle.Status.Denied);
    }

    private static void AssertWindow(List<long> seen, int limit, TimeSpan window)
    {
        for (var i = limit; i < seen.Count; i++)
        {
            Assert.True(seen[i] - seen[i - limit] > window.Ticks, $"{limit + 1} requests within {TimeSpan.FromTicks(seen[i] - seen[i - limit])}");
        }
    }

    [Fact]
    public async Task A_slot_is_free_one_window_after_the_answer()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 1, PerMinute = null });
        Assert.True(await throttle.AcquireAsync(TestContext.Current.CancellationToken));
        var second = throttle.AcquireAsync(TestContext.Current.CancellationToken).AsTask();
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(1, throttle.Status.Queued);

        throttle.Answered();
        time.Advance(TimeSpan.FromMilliseconds(1000));
        Assert.Equal(1, throttle.Status.Queued);
        Assert.Equal(time.GetUtcNow(), throttle.Status.Windows[0].ResetsAt!.Value, TimeSpan.FromMilliseconds(1));
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(await GateFixture.NowAsync(second));
    }

    [Fact]
    public async Task Without_an_answer_the_slot_stays_taken_one_timeout_longer()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 1, PerMinute = null });
        await throttle.AcquireAsync(TestContext.Current.CancellationToken);
        throttle.Unanswered();
        var next = throttle.AcquireAsync(TestContext.Current.CancellationToken).AsTask();
        time.Advance(RequestTimeout + TimeSpan.FromSeconds(1));
        Assert.Equal(1, throttle.Status.Queued);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(await GateFixture.NowAsync(next));
    }

    [Fact]
    public async Task A_permit_that_was_not_used_is_free_at_once()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 1, PerMinute = null });
        await throttle.AcquireAsync(TestContext.Current.CancellationToken);
        var next = throttle.AcquireAsync(TestContext.Current.CancellationToken).AsTask();
        throttle.Unsent();
        Assert.True(await GateFixture.NowAsync(next));
        Assert.Equal(1, throttle.Status.Granted);
    }

    [Fact]
    public async Task Requests_past_the_queue_are_refused_and_counted()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 1, PerMinute = null, Queue = 2 });
        await throttle.AcquireAsync(TestContext.Current.CancellationToken);
        _ = throttle.AcquireAsync(TestContext.Current.CancellationToken).AsTask();
        _ = throttle.AcquireAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.False(await throttle.AcquireAsync(TestContext.Current.CancellationToken));
        Assert.Equal((2, 1), (throttle.Status.Queued, throttle.Status.Denied));
    }

    [Fact]
    public async Task Who_gives_up_leaves_the_queue_to_the_next()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 1, PerMinute = null });
        await throttle.AcquireAsync(TestContext.Current.CancellationToken);
        using var impatient = new CancellationTokenSource();
        var first = throttle.AcquireAsync(impatient.Token).AsTask();
        var second = throttle.AcquireAsync(TestContext.Current.CancellationToken).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        throttle.Answered();
        time.Advance(TimeSpan.FromMilliseconds(1001));
        Assert.True(await GateFixture.NowAsync(second));
        Assert.Equal(0, throttle.Status.Queued);
    }

    [Fact]
    public async Task A_hold_stops_everyone_for_its_time()
    {
        using var throttle = Throttle(new ThrottleOptions { PerSecond = 10, PerMinute = null });
        throttle.TooManyRequests(TimeSpan.FromSeconds(30));
        var held = throttle.AcquireAsync(TestContext.Current.CancellationToken).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(29900));
        Assert.False(held.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.True(await GateFixture.NowAsync(held));
        Assert.Equal(1, throttle.Status.TooManyRequests);
    }

    private SlidingThrottle Throttle(ThrottleOptions options) => new(options, RequestTimeout, time);
}
