using System.Globalization;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Providers.Throttle;

namespace StreamEngine.Pipeline.Tests.Providers;

/// <summary>No limit is exceeded, whatever happens, and what is allowed is used. <c>tests/limits.sh</c> does it at length.</summary>
public sealed class LimitTests
{
    private static readonly int Count = Setting("STREAMENGINE_LIMITS_COUNT", 500);
    private static readonly int Seed = Setting("STREAMENGINE_LIMITS_SEED", 20261129);

    [Fact]
    public void No_window_is_ever_exceeded_and_every_request_gets_its_turn_however_often_the_process_is_killed()
    {
        var (arrived, crashes) = (0, 0);
        for (var i = 0; i < Count; i++)
        {
            using var world = new LimitWorld(Seed + i);
            try
            {
                var violations = world.Play();
                Assert.True(violations.Count == 0, string.Join('\n', violations));
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"STREAMENGINE_LIMITS_SEED={Seed + i} STREAMENGINE_LIMITS_COUNT=1: {e.Message}", e);
            }

            arrived += world.Arrived;
            crashes += world.Crashes;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{Count} plays from seed {Seed}: {arrived} requests, {crashes} crashes, no violation");
        Assert.InRange(crashes, Count, int.MaxValue);
        Assert.InRange(arrived, Count * 20, int.MaxValue);
    }

    [Theory]
    [InlineData("Forgets")]
    [InlineData("FreesAtSending")]
    public void A_fault_in_that_would_be_seen(string fault)
    {
        var seen = 0;
        for (var i = 0; i < 50; i++)
        {
            using var world = new LimitWorld(Seed + i, Enum.Parse<Sabotage>(fault));
            seen += world.Play().Count > 0 ? 1 : 0;
        }

        Assert.InRange(seen, 5, 50);
    }

    [Fact]
    public void What_is_allowed_is_used_as_far_as_answers_take_time()
    {
        var chance = new Random(Seed);
        for (var play = 0; play < 40; play++)
        {
            var seconds = chance.Next(1, 60);
            var limit = chance.Next(1, 40);
            var window = new WindowOptions { Limit = limit, Per = Duration.Seconds(seconds), Kind = play % 4 == 3 ? "fixed" : "sliding" };
            var others = new ThrottleOptions { PerSecond = 1000, PerMinute = null, PerMonth = 1_000_000, Windows = [window], Queue = 1000 };
            var (sent, latency) = AtTheLimit(others, TimeSpan.FromSeconds(seconds * 200), TimeSpan.FromMilliseconds(chance.Next(1, 1500)), chance);

            var bound = 0.97 * limit * 200 * seconds / (seconds + latency.TotalSeconds);
            Assert.True(sent >= bound, $"{sent} requests of at least {bound:0} in 200 windows of {limit} per {seconds} s, {latency.TotalMilliseconds:0} ms each");
        }
    }

    /// <summary>Asks for as much as it gets, with random latencies.</summary>
    private static (int Sent, TimeSpan Latency) AtTheLimit(ThrottleOptions options, TimeSpan length, TimeSpan mean, Random chance)
    {
        var time = new SteppedTime(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
        using var throttle = new ProviderThrottle(options, TimeSpan.FromSeconds(10), time);
        var answers = new PriorityQueue<Permit, long>();
        var waiting = new List<Task<Permit?>>();
        var (sent, total) = (0, 0L);
        while (time.Now < length.Ticks)
        {
            while (waiting.Count < 100)
            {
                waiting.Add(throttle.AcquireAsync(new GateCall($"s{chance.Next(5)}") { Class = (RequestClass)chance.Next(3) }, CancellationToken.None).AsTask());
            }

            while (throttle.Status.Granted > sent)
            {
                Assert.True(SpinWait.SpinUntil(() => waiting.Exists(w => w.IsCompleted), TimeSpan.FromSeconds(30)));
                var permit = waiting.Find(w => w.IsCompleted)!;
                waiting.Remove(permit);
                var latency = (long)(mean.Ticks * 2 * chance.NextDouble());
                answers.Enqueue(permit.Result!, time.Now + latency);
                (sent, total) = (sent + 1, total + latency);
            }

            answers.TryPeek(out _, out var first);
            time.GoTo(Math.Min(answers.Count > 0 ? first : long.MaxValue, time.Next ?? long.MaxValue));
            while (answers.TryPeek(out var answered, out first) && first <= time.Now)
            {
                answers.Dequeue();
                throttle.Answered(answered);
            }
        }

        return (sent, TimeSpan.FromTicks(total / Math.Max(1, sent)));
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
