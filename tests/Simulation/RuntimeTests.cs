using StreamEngine.Pipeline.Tests.Checkpoints;
using StreamEngine.Pipeline.Tests.Runtime;

namespace StreamEngine.Simulation.Tests;

/// <summary>The whole runtime, with its Dataflow blocks on the thread pool, under the virtual clock.</summary>
public sealed class RuntimeTests
{
    private readonly VirtualClock clock = new();

    [Fact]
    public async Task A_block_that_fails_again_and_again_waits_longer_each_time_and_gives_up_after_three_minutes()
    {
        await using var sink = new CollectingSink();
        List<double> built = [];
        await using var runtime = new FakePipeline { Time = clock, Parallelism = 1 }
            .AddSource("a", 1)
            .AddLines("lines", "a")
            .AddStep(
                "broken",
                () =>
                {
                    built.Add(clock.GetElapsedTime(0).TotalSeconds);
                    return new BrokenStep();
                },
                "lines")
            .AddSink("sink", sink, "broken")
            .Build();

        var run = clock.Run(() => runtime.RunAsync(CancellationToken.None));
        await clock.AdvanceUntilAsync(() => run.IsCompleted);

        Assert.Equal([0, 1, 3, 7, 15, 31, 61, 91, 121, 151, 181], built);
        Assert.Contains("10 times", Assert.Single(await run), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Checkpoints_are_made_when_they_are_due()
    {
        var store = new MemoryCheckpoints();
        await using var sink = new RewindingSink();
        await using var runtime = new FakePipeline { Time = clock, Checkpoints = store, Every = TimeSpan.FromMinutes(1) }
            .AddSource("a", () => new PacedSource(clock, 600))
            .AddLines("lines", "a")
            .AddSink("sink", sink, "lines")
            .Build();

        var run = clock.Run(() => runtime.RunAsync(CancellationToken.None));
        await clock.AdvanceUntilAsync(() => run.IsCompleted);

        // The first before anything moves, one a minute, and the last when all has come out.
        Assert.Equal(Enumerable.Range(0, 11).Select(i => VirtualClock.Epoch.AddMinutes(i)).Append(VirtualClock.Epoch.AddMinutes(10)).Distinct(), store.Saved.Select(s => s.Time).Distinct());
        for (var minute = 0; minute < 10; minute++)
        {
            Assert.Equal(minute * 60, MemoryCheckpoints.Number(store.Saved[minute], "sink", "length"), 1.0);
        }
    }

    [Fact]
    public async Task Two_plays_of_the_same_are_the_same()
    {
        var first = await PlayAsync();
        Assert.Equal(first, await PlayAsync());
        Assert.Equal(100, first.Count);
    }

    private static async Task<List<(long Id, double At)>> PlayAsync()
    {
        var clock = new VirtualClock();
        var seen = new List<(long, double)>();
        await using var sink = new RewindingSink();
        await using var runtime = new FakePipeline { Time = clock, Parallelism = 2 }
            .AddSource("a", () => new PacedSource(clock, 100))
            .AddLines("lines", "a")
            .AddStep("noted", () => new ActionStep(r => seen.Add((r.Get(0).Bits, clock.GetElapsedTime(0).TotalSeconds))), "lines")
            .AddSink("sink", sink, "noted")
            .Build();
        var run = clock.Run(() => runtime.RunAsync(CancellationToken.None));
        await clock.AdvanceUntilAsync(() => run.IsCompleted);
        return seen;
    }

    private sealed class BrokenStep : Pipeline.Blocks.IStep
    {
        public void Process(Pipeline.Messages.Part part, Pipeline.Blocks.StepTime now) => throw new InvalidOperationException("not today");
    }
}
