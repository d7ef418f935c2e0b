using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Tests.Runtime;

/// <summary>What becomes of a run that does not end within its drain timeout.</summary>
public sealed class DrainTests
{
    [Fact]
    public async Task What_is_left_after_the_drain_timeout_is_given_up_and_counted()
    {
        var time = new FakeTimeProvider();
        await using var sink = new CollectingSink { WaitForGate = true };
        var source = new CountingSource(8, 1);
        await using var runtime = new FakePipeline { Time = time, DrainTimeout = TimeSpan.FromSeconds(5) }
            .AddSource("a", () => source).AddLines("lines", "a").AddSink("sink", sink, "lines").Build();
        using var stop = new CancellationTokenSource();

        var run = runtime.RunAsync(stop.Token);
        await Eventually.HoldsAsync(() => source.Emitted == 8 && runtime.Status().Blocks.Single(b => b.Name == "sink").In == 1);
        await stop.CancelAsync();
        await Eventually.EndsAsync(time, run);

        Assert.StartsWith("the drain timeout of 5s passed before 8 records were written", (await run).Single(), StringComparison.Ordinal);
        Assert.Equal(8, runtime.Status().Blocks.Single(b => b.Name == "sink").Dropped["drain timeout"]);
        Books.Balance(runtime.Status());
        Assert.Equal(0, runtime.LeasedBatches);
    }

    [Fact]
    public async Task What_a_sink_has_taken_in_and_not_written_when_the_drain_timeout_passes_counts_as_dropped()
    {
        var time = new FakeTimeProvider();
        await using var sink = new HoldingSink();
        await using var runtime = new FakePipeline { Time = time, DrainTimeout = TimeSpan.FromSeconds(5) }
            .AddSource("source", () => new CountingSource(8, 1))
            .AddLines("lines", "source")
            .AddSink("sink", sink, "lines")
            .Build();
        using var stop = new CancellationTokenSource();
        var run = runtime.RunAsync(stop.Token);
        await Eventually.HoldsAsync(() => sink.Held == 8);
        await stop.CancelAsync();
        await Eventually.EndsAsync(time, run);
        Assert.StartsWith("the drain timeout of 5s passed before 8 records were written", (await run).Single(), StringComparison.Ordinal);
        var books = runtime.Status().Blocks.Single(b => b.Name == "sink");
        Assert.Equal((8, 0, 8), (books.In, books.Out, books.Dropped["drain timeout"]));
    }

    [Fact]
    public async Task A_source_that_ignores_the_stop_is_left_behind_after_the_drain_timeout()
    {
        var time = new FakeTimeProvider();
        var never = new TaskCompletionSource();
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline { Time = time, DrainTimeout = TimeSpan.FromSeconds(5) }
            .AddSource("deaf", () => new LateSource(never.Task)).AddLines("lines", "deaf").AddSink("sink", sink, "lines").Build();
        using var stop = new CancellationTokenSource();

        var run = runtime.RunAsync(stop.Token);
        await stop.CancelAsync();
        await Eventually.EndsAsync(time, run);

        Assert.Equal(["source 'deaf': it did not stop within the drain timeout and was left behind"], await run);
        Assert.True(sink.Completed);
        never.SetResult();
    }

    /// <summary>Takes in what it never writes.</summary>
    private sealed class HoldingSink : ISink
    {
        private long held;

        public long Held => Volatile.Read(ref held);

        public ValueTask WriteAsync(Batch batch, CancellationToken cancellationToken)
        {
            Interlocked.Add(ref held, batch.Live);
            return default;
        }

        public long GiveUp() => Held;

        public async ValueTask CompleteAsync(CancellationToken cancellationToken) => await Task.Delay(Timeout.Infinite, cancellationToken);

        public ValueTask DisposeAsync() => default;
    }
}
