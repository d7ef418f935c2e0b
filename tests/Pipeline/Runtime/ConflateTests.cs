using System.Text;
using System.Text.Json;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Runtime;
using StreamEngine.Pipeline.Tests.Checkpoints;

namespace StreamEngine.Pipeline.Tests.Runtime;

/// <summary>A sink that can't keep up and, once its link is full, gets only the latest record of each key.</summary>
public sealed class ConflateTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_others_go_on_the_latest_of_each_key_arrives_and_the_rest_is_counted()
    {
        const int Documents = 200_000;
        const int Keys = 10;
        await using var stuck = new KeySink { WaitForGate = true };
        await using var other = new CollectingSink();
        await using var runtime = Pipeline(Documents, Keys).AddConflatingSink("stuck", stuck, "keyed").AddSink("other", other, "keyed").Build();
        var run = runtime.RunAsync(Cancel);

        await Eventually.HoldsAsync(() => other.Ids.Count == Documents);
        Assert.Empty(stuck.Records);
        Assert.InRange(Block(runtime).Queued, Keys, 4096 + Keys);
        stuck.OpenGate();
        Assert.Empty(await run);

        var books = Block(runtime);
        Assert.Equal((Documents, 0), (books.In, books.Held));
        Assert.Equal(books.Out, stuck.Records.Count);
        Assert.Equal(Documents - books.Out, books.Dropped["conflated"]);
        Assert.InRange(books.Out, Keys, 4096 + Keys + 512);
        Assert.Equal(Enumerable.Range(Documents - Keys, Keys).Select(i => ($"thing:{i % Keys}", (long)i)).Order(), stuck.Records.TakeLast(Keys).Order());
        foreach (var key in stuck.Records.GroupBy(r => r.Key))
        {
            Assert.Equal(key.Order(), key);
        }

        Books.Balance(runtime.Status());
        Assert.Equal(0, runtime.LeasedBatches);
    }

    [Fact]
    public async Task A_burst_of_more_keys_than_fit_waits_and_loses_nothing()
    {
        const int Documents = LatestRecords.MostRecords + 20_000;
        await using var stuck = new KeySink { WaitForGate = true };
        var source = new CountingSource(Documents, 100);
        await using var runtime = new FakePipeline()
            .AddSource("a", () => source)
            .AddLines("keyed", "a")
            .AddConflatingSink("stuck", stuck, "keyed")
            .Build();
        var run = runtime.RunAsync(Cancel);

        await Eventually.HoldsAsync(() => Block(runtime).Queued >= LatestRecords.MostRecords);
        Assert.InRange(Block(runtime).Queued, LatestRecords.MostRecords, LatestRecords.MostRecords + 4096 + 2048);
        Assert.True(source.Emitted < Documents);
        stuck.OpenGate();
        Assert.Empty(await run);

        Assert.Equal(Enumerable.Range(0, Documents).Select(i => ($"thing:{i}", (long)i)), stuck.Records);
        Assert.Empty(Block(runtime).Dropped);
        Books.Balance(runtime.Status());
        Assert.Equal(0, runtime.LeasedBatches);
    }

    [Fact]
    public async Task What_comes_after_a_barrier_does_not_take_the_place_of_what_came_before()
    {
        const int Documents = 60_000;
        const int Keys = 50;
        var store = new MemoryCheckpoints();
        await using var slow = new KeySink { Pause = TimeSpan.FromMilliseconds(1) };
        await using var runtime = new FakePipeline { Checkpoints = store, Every = TimeSpan.FromMilliseconds(20) }
            .AddSource("a", () => new ReplayableSource(Documents, 50))
            .AddLines("lines", "a")
            .AddStateless("keyed", () => Rekey(Keys), "lines")
            .AddConflatingSink("stuck", slow, "keyed")
            .Build();

        Assert.Empty(await runtime.RunAsync(Cancel));

        Assert.True(store.Saved.Count > 2, $"only {store.Saved.Count} checkpoints");
        Assert.NotEmpty(Block(runtime).Dropped);
        foreach (var checkpoint in store.Saved)
        {
            // The latest of each key before the barrier is there, and nothing that came after it.
            var next = MemoryCheckpoints.Number(checkpoint, "a", "next");
            var before = slow.Records.Take((int)MemoryCheckpoints.Number(checkpoint, "stuck", "length")).ToList();
            Assert.All(before, r => Assert.True(r.Id < next));
            Assert.Equal(Math.Min(next, Keys), before.Count(r => r.Id >= next - Keys && r.Id < next));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void It_holds_what_a_plain_dictionary_holds(int seed)
    {
        var random = new Random(seed);
        var schema = new RecordSchema([FakePipeline.Thing], [new SourceInfo("a", 0, 1, 1)]);
        using var pool = new BatchPool(schema, 1000);
        var records = new LatestRecords();
        var model = new List<(string Key, RowOp Op, string Text)>();
        var conflated = 0;
        var expected = 0;
        for (var turn = 0; turn < 400; turn++)
        {
            using var one = TestBatch.Rent(pool);
            for (var i = random.Next(40); i >= 0; i--)
            {
                var key = $"thing:{random.Next(30)}";
                var op = random.Next(10) switch { 0 => RowOp.Removed, 1 => RowOp.Confirmed, _ => RowOp.Update };
                var text = $"{turn}.{i}{new string('t', random.Next(3000))}";
                one.Add(key, op, text);
                expected += Apply(model, key, op, text);
            }

            one.Batch.Seal();
            Assert.True(records.TryMerge(one.Batch, int.MaxValue, int.MaxValue, out var now));
            conflated += now;
            Assert.Equal(expected, conflated);
            Assert.Equal(model.Count, records.Count);
            if (random.Next(4) == 0 && records.Take(pool) is { } taken)
            {
                Assert.Equal(model.Take(taken.RowCount), Read(taken));
                model.RemoveRange(0, taken.RowCount);
                taken.Release();
            }
        }

        Assert.True(conflated > 1000);
    }

    [Fact]
    public void What_does_not_fit_is_not_taken_in_but_what_only_replaces_is()
    {
        var schema = new RecordSchema([FakePipeline.Thing], [new SourceInfo("a", 0, 1, 1)]);
        using var pool = new BatchPool(schema, 10);
        var records = new LatestRecords();
        bool Merge(params string[] keys)
        {
            using var one = TestBatch.Rent(pool);
            foreach (var key in keys)
            {
                one.Add(key, RowOp.Update, "text");
            }

            one.Batch.Seal();
            return records.TryMerge(one.Batch, 3, 4096, out _);
        }

        Assert.True(Merge("thing:1", "thing:2", "thing:3"));
        Assert.False(Merge("thing:4"));
        Assert.True(Merge("thing:1", "thing:2", "thing:3", "thing:1"));
        Assert.Equal(3, records.Count);
    }

    private static int Apply(List<(string Key, RowOp Op, string Text)> model, string key, RowOp op, string text)
    {
        var entry = (key, op, op == RowOp.Confirmed ? "" : text);
        var place = model.FindIndex(m => m.Key == key);
        if (place < 0)
        {
            model.Add(entry);
            return 0;
        }

        if (op == RowOp.Confirmed)
        {
            return 0;
        }

        var replaced = model[place].Op == RowOp.Confirmed ? 0 : 1;
        model[place] = entry;
        return replaced;
    }

    private static List<(string Key, RowOp Op, string Text)> Read(Batch batch)
    {
        var read = new List<(string, RowOp, string)>();
        foreach (var row in batch)
        {
            var text = row.Head.Op == RowOp.Update
                ? JsonDocument.Parse(batch.DataOf(row.Index)).RootElement.GetProperty("fields").GetProperty("text").GetString()!
                : Encoding.UTF8.GetString(batch.DataOf(row.Index).Span);
            read.Add((Encoding.UTF8.GetString(row.Key), row.Head.Op, text));
        }

        return read;
    }

    private static BlockStatus Block(PipelineRuntime runtime) => runtime.Status().Blocks.Single(b => b.Name == "stuck");

    private static FakePipeline Pipeline(int documents, int keys) => new FakePipeline()
        .AddSource("a", documents, perBatch: 20)
        .AddLines("lines", "a")
        .AddStateless("keyed", () => Rekey(keys), "lines");

    private static ActionStep Rekey(int keys) => new(r => r.SetKey(Encoding.UTF8.GetBytes($"thing:{r.Get(0).Bits % keys}")));

    /// <summary>A sealed batch in the making.</summary>
    private sealed class TestBatch : IDisposable
    {
        public required Batch Batch { get; init; }

        public static TestBatch Rent(BatchPool pool)
        {
            var batch = pool.RentAsync(Cancel).AsTask().GetAwaiter().GetResult();
            batch.AddDocument(new Document { Origin = "" });
            return new TestBatch { Batch = batch };
        }

        public void Add(string key, RowOp op, string text)
        {
            var row = Batch.AddRow(FakePipeline.Thing, 0);
            row.SetKey(Encoding.UTF8.GetBytes(key));
            row.Set(1, Encoding.UTF8.GetBytes(text));
            row.Head.Op = op;
            if (op == RowOp.Removed)
            {
                row.SetAlias(Encoding.UTF8.GetBytes(text));
            }
        }

        public void Dispose() => Batch.Release();
    }

    /// <summary>Keeps the key and the id of each encoded record; its checkpoints say how many there are.</summary>
    private sealed class KeySink : ICheckpointedSink
    {
        private readonly SemaphoreSlim gate = new(0);

        public bool WaitForGate { get; init; }

        public TimeSpan Pause { get; init; }

        public List<(string Key, long Id)> Records { get; } = [];

        public void OpenGate() => gate.Release(1_000_000);

        public async ValueTask WriteAsync(Batch batch, CancellationToken cancellationToken)
        {
            if (WaitForGate)
            {
                await gate.WaitAsync(cancellationToken);
            }

            if (Pause > TimeSpan.Zero)
            {
                await Task.Delay(Pause, cancellationToken);
            }

            foreach (var row in batch)
            {
                var id = JsonDocument.Parse(batch.DataOf(row.Index)).RootElement.GetProperty("fields").GetProperty("id").GetInt64();
                Records.Add((Encoding.UTF8.GetString(row.Key), id));
            }

            Assert.Equal(batch.Live, Encoding.UTF8.GetString(batch.Lines.Span).Split('\n').Length - 1);
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask CheckpointAsync(StateWriter state, CancellationToken cancellationToken)
        {
            Numbers.Write(state, "length", Records.Count);
            return ValueTask.CompletedTask;
        }

        public ValueTask CommitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask RestoreAsync(StateReader state, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync()
        {
            gate.Dispose();
            return default;
        }
    }
}
