using StreamEngine.Pipeline.Tests.Checkpoints;

namespace StreamEngine.Pipeline.Tests.Runtime;

/// <summary>A sink that can't keep up and gives up what has waited longest.</summary>
public sealed class OnFullTests
{
    private const int Documents = 30_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_others_go_on_and_what_was_given_up_is_counted()
    {
        await using var stuck = new CollectingSink { WaitForGate = true };
        await using var other = new CollectingSink();
        await using var runtime = new FakePipeline()
            .AddSource("a", Documents, perBatch: 20)
            .AddLines("lines", "a")
            .AddDroppingSink("stuck", stuck, "lines")
            .AddSink("other", other, "lines")
            .Build();
        var run = runtime.RunAsync(Cancel);

        await Eventually.HoldsAsync(() => other.Ids.Count == Documents);
        Assert.Empty(stuck.Ids);
        Assert.InRange(runtime.Status().Blocks.Single(b => b.Name == "stuck").Queued, 1, 4096);
        stuck.OpenGate();
        Assert.Empty(await run);

        var books = runtime.Status().Blocks.Single(b => b.Name == "stuck");
        Assert.Equal((Documents, 0), (books.In, books.Held));
        Assert.Equal(books.Out, stuck.Ids.Count);
        Assert.Equal(Documents - books.Out, books.Dropped["sink full"]);
        Assert.InRange(books.Out, 2000, 4096 + 20);

        // What it was working on, then the latest without a gap.
        Assert.Equal(0, stuck.Ids.First());
        Assert.Equal(Enumerable.Range(Documents - (int)books.Out + 20, (int)books.Out - 20).Select(i => (long)i), stuck.Ids.Skip(20));
        Books.Balance(runtime.Status());
        Assert.Equal(0, runtime.LeasedBatches);
    }

    [Fact]
    public async Task A_barrier_keeps_its_place_among_what_waits()
    {
        var store = new MemoryCheckpoints();
        await using var slow = new RewindingSink { Pause = TimeSpan.FromMilliseconds(1) };
        await using var runtime = new FakePipeline { Checkpoints = store }
            .AddSource("a", () => new ReplayableSource(Documents, 50))
            .AddLines("lines", "a")
            .AddDroppingSink("sink", slow, "lines")
            .Build();

        Assert.Empty(await runtime.RunAsync(Cancel));

        Assert.True(store.Saved.Count > 2, $"only {store.Saved.Count} checkpoints");
        Assert.NotEmpty(runtime.Status().Blocks.Single(b => b.Name == "sink").Dropped);
        foreach (var checkpoint in store.Saved)
        {
            // Records may be missing, but none that came after the barrier is there.
            var length = (int)MemoryCheckpoints.Number(checkpoint, "sink", "length");
            Assert.InRange(slow.Records.Take(length).Select(r => r.Id).DefaultIfEmpty(-1).Max(), -1, MemoryCheckpoints.Number(checkpoint, "a", "next") - 1);
            Assert.All(slow.Records.Skip(length), r => Assert.InRange(r.Id, MemoryCheckpoints.Number(checkpoint, "a", "next"), Documents));
        }
    }
}
