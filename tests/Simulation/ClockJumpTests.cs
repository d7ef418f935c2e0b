using Microsoft.Extensions.Logging.Abstractions;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Runtime;
using StreamEngine.Pipeline.Tests.Checkpoints;
using StreamEngine.Pipeline.Tests.Runtime;

namespace StreamEngine.Simulation.Tests;

/// <summary>The machine's clock is set forward or back by hours while the pipeline runs.</summary>
public sealed class ClockJumpTests
{
    private readonly VirtualClock clock = new();

    [Fact]
    public async Task Time_never_goes_back_and_comes_to_agree_again()
    {
        var steady = new SteadyTime(clock);
        await clock.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(clock.GetUtcNow(), steady.GetUtcNow());

        clock.Jump(TimeSpan.FromMinutes(-10));
        var before = steady.GetUtcNow();
        Assert.Equal(VirtualClock.Epoch.AddMinutes(1), before);
        for (var i = 0; i < 10; i++)
        {
            await clock.AdvanceAsync(TimeSpan.FromMinutes(1));
            Assert.Equal(54, (steady.GetUtcNow() - before).TotalSeconds, 3);
            before = steady.GetUtcNow();
        }

        await clock.AdvanceAsync(TimeSpan.FromMinutes(91));
        Assert.Equal(clock.GetUtcNow(), steady.GetUtcNow());
        clock.Jump(TimeSpan.FromHours(7));
        Assert.Equal(clock.GetUtcNow(), steady.GetUtcNow());
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(5)]
    public async Task A_providers_limit_is_kept_and_its_breaker_recovers_when_it_is_due(int hours)
    {
        using var gate = new ProviderGate(
            "p",
            new ProviderOptions
            {
                BaseUrl = "http://localhost",
                Throttle = new ThrottleOptions { PerMinute = 4, PerSecond = null },
                Breaker = new BreakerOptions { Failures = 2, Recovery = Duration.Seconds(60) },
                Retry = new RetryOptions { Attempts = 1 },
            },
            new SteadyTime(clock),
            new Random(1),
            NullLogger.Instance);
        var sent = new List<TimeSpan>();
        var fails = false;
        async Task AskAsync()
        {
            await gate.ExecuteAsync(
                _ =>
                {
                    lock (sent)
                    {
                        sent.Add(clock.GetElapsedTime(0));
                    }

                    return ValueTask.FromResult(fails ? AttemptResult.Retry<int>("refused") : AttemptResult.Success(1));
                },
                CancellationToken.None);
        }

        var asked = Enumerable.Range(0, 6).Select(_ => clock.Run(AskAsync)).ToList();
        await clock.SettleAsync();
        clock.Jump(TimeSpan.FromHours(hours));
        await clock.AdvanceUntilAsync(() => asked.TrueForAll(a => a.IsCompleted));
        Assert.Equal([0, 0, 0, 0, 60, 60], sent.Select(s => Math.Round(s.TotalSeconds)));
        Assert.All(sent.Skip(4), s => Assert.True(s >= TimeSpan.FromMinutes(1)));

        fails = true;
        await clock.Run(AskAsync);
        await clock.Run(AskAsync);
        Assert.Equal("open", gate.Breaker.State);
        clock.Jump(TimeSpan.FromHours(hours));
        fails = false;
        await clock.AdvanceAsync(TimeSpan.FromSeconds(67));
        await clock.Run(AskAsync);

        Assert.Equal("closed", gate.Breaker.State);
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(5)]
    public async Task Checkpoints_are_made_and_nothing_is_lost_or_twice(int hours)
    {
        var store = new MemoryCheckpoints();
        await using var sink = new RewindingSink();
        var source = new PacedSource(clock, 100);
        await using var runtime = new FakePipeline { Time = new SteadyTime(clock), Checkpoints = store, Every = TimeSpan.FromSeconds(10) }
            .AddSource("a", () => source)
            .AddLines("lines", "a")
            .AddSink("sink", sink, "lines")
            .Build();
        var run = clock.Run(() => runtime.RunAsync(CancellationToken.None));

        await clock.AdvanceAsync(TimeSpan.FromSeconds(45));
        Assert.Equal(5, store.Saved.Count);
        clock.Jump(TimeSpan.FromHours(hours));

        // Past the eighth by some seconds: at its very moment it need not be complete yet.
        await clock.AdvanceAsync(TimeSpan.FromSeconds(29));
        Assert.InRange(runtime.Status().Checkpoint!.AgeSeconds, 0, 10);
        Assert.Equal(8, store.Saved.Count);
        await clock.AdvanceUntilAsync(() => run.IsCompleted);

        Assert.Empty(await run);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (long)i), sink.Records.Select(r => r.Id));
        Books.Balance(runtime.Status());
    }
}
