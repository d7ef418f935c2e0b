using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Tests.Runtime;

namespace StreamEngine.Pipeline.Tests.Checkpoints;

/// <summary>What a checkpoint holds is the state between two records of each source: all before it, nothing after.</summary>
public sealed class BarrierTests
{
    private const int Documents = 20_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 7)]
    [InlineData(4, 40)]
    public async Task State_of_all_blocks_is_that_of_the_sources_positions(int workers, int perBatch)
    {
        var store = new MemoryCheckpoints();
        await using var sink = new RewindingSink();
        await using var other = new RewindingSink();
        await using var runtime = Diamond(store, workers, perBatch, sink, other);

        Assert.Empty(await runtime.RunAsync(Cancel));

        Assert.True(store.Saved.Count > 4, $"only {store.Saved.Count} checkpoints");
        Assert.Contains(store.Saved, c => MemoryCheckpoints.Number(c, "a", "next") is > 0 and < Documents);
        foreach (var checkpoint in store.Saved)
        {
            var (a, b) = (MemoryCheckpoints.Number(checkpoint, "a", "next"), MemoryCheckpoints.Number(checkpoint, "b", "next"));
            foreach (var (block, times) in new[] { ("left", 1), ("right", 1), ("both", 2), ("sink", 2), ("other", 1) })
            {
                Assert.Equal((a * times, b * times), (MemoryCheckpoints.Number(checkpoint, block, "source0"), MemoryCheckpoints.Number(checkpoint, block, "source1")));
            }
        }

        Assert.Equal((Documents, Documents / 2L), (MemoryCheckpoints.Number(store.Saved[^1], "a", "next"), MemoryCheckpoints.Number(store.Saved[^1], "b", "next")));
        Assert.Equal(store.Saved.Count, sink.Commits);
        Runtime.Books.Balance(runtime.Status());
        Assert.Equal(0, runtime.LeasedBatches);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_run_from_any_checkpoint_ends_as_the_run_that_was_not_interrupted(int workers)
    {
        var store = new MemoryCheckpoints();
        await using var whole = new RewindingSink();
        await using var wholeOther = new RewindingSink();
        await using (var runtime = Diamond(store, workers, 13, whole, wholeOther))
        {
            Assert.Empty(await runtime.RunAsync(Cancel));
        }

        var some = store.Saved.Count / 8;
        foreach (var checkpoint in store.Saved.Where((_, i) => i % (some + 1) == 0))
        {
            await using var sink = new RewindingSink([.. whole.Records]);
            await using var other = new RewindingSink([.. wholeOther.Records]);
            await using var runtime = Diamond(store.Until(checkpoint), workers, 13, sink, other);

            Assert.Empty(await runtime.RunAsync(Cancel));

            Assert.Equal(checkpoint.Id, runtime.Status().Checkpoint!.RestoredFrom);
            Assert.Equal(whole.Records.Order(), sink.Records.Order());
            foreach (var source in (short[])[0, 1])
            {
                Assert.Equal(wholeOther.Records.Where(r => r.Source == source), other.Records.Where(r => r.Source == source));
            }
        }
    }

    [Fact]
    public async Task A_source_that_hands_on_nothing_after_a_restart_keeps_its_place()
    {
        var store = new MemoryCheckpoints();
        List<(short Source, long Id)> written = [];
        for (var run = 0; run < 3; run++)
        {
            var source = new ReplayableSource(100, 10);
            await using var sink = new RewindingSink(written);
            await using var runtime = new FakePipeline { Checkpoints = store }
                .AddSource("a", () => source)
                .AddLines("lines", "a")
                .AddSink("sink", sink, "lines")
                .Build();

            Assert.Empty(await runtime.RunAsync(Cancel));

            Assert.Equal(100, MemoryCheckpoints.Number(store.Saved[^1], "a", "next"));
            Assert.Equal(100, written.Count);
            Assert.Equal(run == 0, source.Committed.Contains(100));
        }
    }

    [Fact]
    public async Task A_sink_that_fails_at_a_checkpoint_is_asked_again()
    {
        var store = new MemoryCheckpoints();
        var time = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) };
        await using var sink = new RewindingSink { FailCheckpoint = n => n is 1 or 2 ? new IOException("disk full") : null };
        await using var runtime = new FakePipeline { Checkpoints = store, Time = time, Every = TimeSpan.FromDays(40) }
            .AddSource("a", () => new ReplayableSource(100, 10))
            .AddLines("lines", "a")
            .AddSink("sink", sink, "lines")
            .Build();
        var run = runtime.RunAsync(Cancel);

        while (!run.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Empty(await run);
        Assert.Equal(2, store.Saved.Count);
        Assert.Equal(4, sink.Checkpoints);
        Assert.Equal(100, MemoryCheckpoints.Number(store.Saved[^1], "sink", "length"));
    }

    [Fact]
    public async Task Sources_and_sinks_hear_of_no_checkpoint_that_was_not_kept()
    {
        var store = new MemoryCheckpoints { Fail = id => id > 1 ? new IOException("no room in 'checkpoint'") : null };
        var source = new ReplayableSource(3000, 10);
        await using var sink = new RewindingSink();
        await using var runtime = new FakePipeline { Checkpoints = store }
            .AddSource("a", () => source)
            .AddLines("lines", "a")
            .AddSink("sink", sink, "lines")
            .Build();

        var fault = Assert.Single(await runtime.RunAsync(Cancel));

        Assert.Contains("no room in 'checkpoint'", fault, StringComparison.Ordinal);
        Assert.Equal(1, runtime.Status().Checkpoint!.Id);
        Assert.Equal("no room in 'checkpoint'", runtime.Status().Checkpoint!.Problem);
        Assert.Equal(1, sink.Commits);
        Assert.Empty(source.Committed);
    }

    [Fact]
    public async Task A_run_does_not_begin_anew_where_no_checkpoint_can_be_used()
    {
        var store = new MemoryCheckpoints();
        store.Problems.Add("'checkpoint-1.state' is cut off");
        await using var sink = new RewindingSink();
        await using var runtime = new FakePipeline { Checkpoints = store }
            .AddSource("a", () => new ReplayableSource(10, 10))
            .AddLines("lines", "a")
            .AddSink("sink", sink, "lines")
            .Build();

        var fault = Assert.Single(await runtime.RunAsync(Cancel));

        Assert.Contains("'checkpoint-1.state' is cut off", fault, StringComparison.Ordinal);
        Assert.Empty(sink.Records);
        Assert.Empty(store.Saved);
    }

    [Fact]
    public async Task A_run_from_the_one_before_counts_on_from_the_damaged_one()
    {
        using var folder = new TempFolder();
        async Task<Pipeline.Runtime.PipelineRuntime> RunAsync(RewindingSink sink)
        {
            var runtime = new FakePipeline { Checkpoints = Saved.In(folder.FullName), Every = TimeSpan.FromDays(40) }
                .AddSource("a", () => new ReplayableSource(100, 10))
                .AddLines("lines", "a")
                .AddSink("sink", sink, "lines")
                .Build();
            Assert.Empty(await runtime.RunAsync(Cancel));
            return runtime;
        }

        await using var whole = new RewindingSink();
        await using var first = await RunAsync(whole);
        Assert.Equal(2, first.Status().Checkpoint!.Id);
        File.WriteAllBytes(Saved.PathOf(folder, 2), []);

        await using var sink = new RewindingSink([.. whole.Records]);
        await using var second = await RunAsync(sink);

        Assert.Equal((1, 3), (second.Status().Checkpoint!.RestoredFrom, second.Status().Checkpoint!.Id));
        Assert.Contains("was cut off", second.Status().Checkpoint!.Unfit[0], StringComparison.Ordinal);
        Assert.Equal(whole.Records, sink.Records);
    }

    [Fact]
    public async Task What_does_not_fit_is_reported()
    {
        var store = new MemoryCheckpoints();
        await using (var sink = new RewindingSink())
        await using (var runtime = Diamond(store, 2, 13, sink, new RewindingSink()))
        {
            await runtime.RunAsync(Cancel);
        }

        await using var after = new RewindingSink([.. Enumerable.Repeat(((short)0, 0L), 4 * Documents)]);
        await using var changed = new FakePipeline { Checkpoints = store.Until(store.Saved[^1]), Parallelism = 1 }
            .AddSource("a", () => new ReplayableSource(Documents, 13))
            .AddLines("lines", "a")
            .AddKeyed("left", () => new CountingStep(), "lines")
            .AddSink("sink", after, "left")
            .Build();
        Assert.Empty(await changed.RunAsync(Cancel));

        Assert.Contains(changed.Status().Checkpoint!.Unfit, p => p.Contains("'source0' of block 'left'", StringComparison.Ordinal) && p.Contains("2 workers", StringComparison.Ordinal));
        Assert.Contains(changed.Status().Checkpoint!.Unfit, p => p.Contains("block 'both'", StringComparison.Ordinal));
        Assert.Contains(changed.Status().Checkpoint!.Unfit, p => p.Contains("block 'b'", StringComparison.Ordinal));
    }

    /// <summary>Two sources, each read by two chains that meet again; one of them is also read by a sink of its own.</summary>
    private static Pipeline.Runtime.PipelineRuntime Diamond(MemoryCheckpoints store, int workers, int perBatch, RewindingSink sink, RewindingSink other) =>
        new FakePipeline { Checkpoints = store, Parallelism = workers }
            .AddSource("a", () => new ReplayableSource(Documents, perBatch))
            .AddSource("b", () => new ReplayableSource(Documents / 2, perBatch))
            .AddLines("leftLines", "a", "b")
            .AddKeyed("left", () => new CountingStep(spin: 2000), "leftLines")
            .AddLines("rightLines", "a", "b")
            .AddKeyed("right", () => new CountingStep(spin: 500), "rightLines")
            .AddKeyed("both", () => new CountingStep(spin: 1000), "left", "right")
            .AddSink("sink", sink, "both")
            .AddSink("other", other, "left")
            .Build();
}
