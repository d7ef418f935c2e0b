using System.Globalization;
using System.Text;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Runtime;
using StreamEngine.Pipeline.Tests.Runtime;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Checkpoints;

/// <summary>After a restart sinks that keep nothing get what merge knows, once; sinks that go back get nothing.</summary>
public sealed class ToldRecordsTests
{
    private const int Documents = 3000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Sinks_that_begin_empty_are_told_what_was_known_and_others_nothing(int workers)
    {
        var store = new MemoryCheckpoints();
        await using var keeps = new RewindingSink();
        await using var first = new EmptySink();
        await using (var runtime = Graph(store, workers, keeps, first, new EmptySink()))
        {
            Assert.Empty(await runtime.RunAsync(Cancel));
        }

        await using var again = new RewindingSink([.. keeps.Records]);
        await using var second = new EmptySink();
        await using var odd = new EmptySink();
        await using var restarted = Graph(store, workers, again, second, odd);
        var shown = 0;
        using var tap = restarted.Tap("trusted").Subscribe(new Counter(() => shown++));

        Assert.Empty(await restarted.RunAsync(Cancel));

        Assert.Equal(keeps.Records, again.Records);
        Assert.Equal(Documents, first.Records.Count);
        Assert.DoesNotContain(first.Records, r => r.IsRestored);
        Assert.All(second.Records, r => Assert.True(r.IsRestored));
        Assert.Equal(first.Records.Select(r => r.Known).Order(StringComparer.Ordinal), second.Records.Select(r => r.Known).Order(StringComparer.Ordinal));
        Assert.Equal(Documents / 2, odd.Records.Count);
        Assert.Equal(0, shown);

        var books = restarted.Status().Blocks.ToDictionary(b => b.Name);
        Assert.All(books.Values, b => Assert.Equal(0, b.Held));
        Assert.Equal((0, Documents, Documents), (books["trusted"].In, books["trusted"].Expanded, books["trusted"].Out));
        Assert.Equal((Documents, Documents / 2, Documents / 2), (books["odd"].In, books["odd"].Out, books["odd"].Filtered.Values.Sum()));
        Assert.Equal((0, Documents, Documents / 2), (books["keeps"].In, books["live"].In, books["oddLive"].In));
        Assert.Equal(0, restarted.LeasedBatches);
        Assert.Equal(Documents / 2, MemoryCheckpoints.Number(store.Saved[^1], "counted", "source0"));
    }

    [Fact]
    public async Task What_is_new_comes_after_what_was_known()
    {
        var store = new MemoryCheckpoints();
        await using var sink = new EmptySink();
        List<(short Source, long Id)> written = [];
        await using (var runtime = Graph(store, 2, new RewindingSink(written), sink, new EmptySink(), 100))
        {
            Assert.Empty(await runtime.RunAsync(Cancel));
        }

        await using var second = new EmptySink();
        await using var restarted = Graph(store, 2, new RewindingSink(written), second, new EmptySink(), 250);
        Assert.Empty(await restarted.RunAsync(Cancel));

        Assert.Equal(250, second.Records.Count);
        Assert.All(second.Records.Take(100), r => Assert.True(r.IsRestored));
        Assert.DoesNotContain(second.Records.Skip(100), r => r.IsRestored);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_line_that_gives_records_up_gives_up_none_of_it_and_does_not_mix_it_with_news(bool conflates)
    {
        var store = new MemoryCheckpoints();
        const int Many = 20_000;
        for (var run = 0; run < 2; run++)
        {
            // Slower than the records are told, so that the link is full.
            await using var sink = new EmptySink { Pause = TimeSpan.FromMilliseconds(run * 5) };
            var graph = new FakePipeline { Checkpoints = store, Every = TimeSpan.FromDays(1) }
                .AddSource("a", () => new ReplayableSource(Many, 100))
                .AddLines("lines", "a")
                .AddKeyed("trusted", Merge, "lines");
            await using var runtime = (conflates ? graph.AddConflatingSink("live", sink, "trusted") : graph.AddDroppingSink("live", sink, "trusted")).Build();
            Assert.Empty(await runtime.RunAsync(Cancel));
            Assert.All(sink.Records, r => Assert.Equal(run > 0, r.IsRestored));
            Assert.True(run == 0 || sink.Records.Count == Many, $"{sink.Records.Count} records");
        }
    }

    private static MergeStep Merge() => new(new RecordSchema([FakePipeline.Thing], [new SourceInfo("a", 0, 1, 1)]), new MergeOptions { Prefer = ["priority"] }, 100_000);

    /// <summary>Behind merge stand two sinks, and a step that filters and is told of nothing twice.</summary>
    private static PipelineRuntime Graph(MemoryCheckpoints store, int workers, RewindingSink keeps, EmptySink live, EmptySink odd, int documents = Documents) =>
        new FakePipeline { Checkpoints = store, Parallelism = workers, Every = TimeSpan.FromMilliseconds(5) }
            .AddSource("a", () => new ReplayableSource(documents, 10))
            .AddLines("lines", "a")
            .AddKeyed("trusted", Merge, "lines")
            .AddStateless("odd", () => new ActionStep(OnlyOdd), "trusted")
            .AddKeyed("counted", () => new CountingStep(), "odd")
            .AddSink("keeps", keeps, "trusted")
            .AddSink("live", live, "trusted")
            .AddSink("oddLive", odd, "counted")
            .Build();

    private static void OnlyOdd(Row row)
    {
        if (row.Get(0).Bits % 2 == 0)
        {
            row.Filter("even");
        }
    }

    private sealed class EmptySink : ISink
    {
        public bool BeginsEmpty => true;

        /// <summary>How long each batch takes.</summary>
        public TimeSpan Pause { get; init; }

        public List<(bool IsRestored, string Known)> Records { get; } = [];

        public async ValueTask WriteAsync(Batch batch, CancellationToken cancellationToken)
        {
            if (Pause > TimeSpan.Zero)
            {
                await Task.Delay(Pause, cancellationToken);
            }

            foreach (var row in batch)
            {
                Assert.Contains("\"text\":\"text\"", Encoding.UTF8.GetString(batch.DataOf(row.Index).Span), StringComparison.Ordinal);
                Records.Add((batch.IsRestored, string.Create(CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetString(row.Key)} {row.Head.Revision} {row.Head.Sequence} {row.Get(0).Bits} {row.Head.SoleOrigin}")));
            }
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Counter(Action count) : IObserver<Update>
    {
        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }

        public void OnNext(Update value) => count();
    }
}
