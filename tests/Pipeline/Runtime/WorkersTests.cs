using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Pipeline.Tests.Runtime;

/// <summary>Stages whose work is shared: on batches and on keys.</summary>
public sealed class WorkersTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task Records_leave_in_the_order_they_came_whoever_worked_on_them(int workers)
    {
        await using var sink = new CollectingSink();
        var chance = 0;
        await using var runtime = new FakePipeline { Parallelism = workers }
            .AddSource("a", 4000, perBatch: 7)
            .AddLines("lines", "a")
            .AddStateless("uneven", () => new ActionStep(row => Thread.SpinWait(Interlocked.Increment(ref chance) % 61 == 0 ? 20_000 : 1)), "lines")
            .AddKeyed("keyed", () => new ActionStep(row => Thread.SpinWait(row.Get(0).Bits % 53 == 0 ? 20_000 : 1)), "uneven")
            .AddSink("sink", sink, "keyed")
            .Build();
        var seen = new List<string>();
        using var tap = runtime.Tap("keyed").Subscribe(u => seen.Add(u.Key));

        Assert.Empty(await runtime.RunAsync(Cancel));

        Assert.Equal(Enumerable.Range(0, 4000).Select(i => (long)i), sink.Ids);
        Assert.Equal(Enumerable.Range(0, 4000).Select(i => $"thing:{i}"), seen);
        Books.Balance(runtime.Status());
        Assert.Equal(0, runtime.LeasedBatches);
        Assert.All(runtime.Status().Blocks.Where(b => b.Kind == "transform"), b => Assert.Equal(workers, b.Workers));
        Assert.All(runtime.Status().Blocks.Where(b => b.Kind == "transform"), b => Assert.Equal((4000, 4000), (b.In, b.Out)));
    }

    [Fact]
    public async Task All_records_of_a_key_are_seen_by_one_worker_in_order()
    {
        var steps = new ConcurrentBag<KeyLog>();
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline { Parallelism = 4 }
            .AddSource("a", 6000, perBatch: 50)
            .AddSource("b", 6000, perBatch: 30)
            .AddLines("lines", "a", "b")
            .AddStateless("fewKeys", () => new ActionStep(row => row.SetKey(System.Text.Encoding.UTF8.GetBytes($"k{row.Get(0).Bits % 100}"))), "lines")
            .AddKeyed("keyed", () => New(steps), "fewKeys")
            .AddSink("sink", sink, "keyed")
            .Build();

        await runtime.RunAsync(Cancel);

        Assert.Equal(4, steps.Count);
        Assert.All(steps, s => Assert.NotEmpty(s.Seen));
        Assert.Equal(100, steps.Sum(s => s.Seen.Count));
        Assert.Equal(100, steps.SelectMany(s => s.Seen.Keys).Distinct().Count());
        Assert.All(steps.SelectMany(s => s.Seen), k => Assert.Equal(2 * 60, k.Value.Count));
        Assert.All(
            steps.SelectMany(s => s.Seen.Values),
            ids => Assert.All(ids.GroupBy(i => i.Source), g => Assert.Equal(g.Select(i => i.Id).Order(), g.Select(i => i.Id))));
        Assert.Equal(12_000, sink.Ids.Count);
    }

    [Fact]
    public async Task Steps_may_append_text_and_change_records_of_their_share()
    {
        await using var sink = new TextSink();
        await using var runtime = new FakePipeline { Parallelism = 4 }
            .AddSource("a", 20_000, perBatch: 400)
            .AddLines("lines", "a")
            .AddKeyed("keyed", () => new ActionStep(row =>
            {
                var id = row.Get(0).Bits;
                row.Set(1, System.Text.Encoding.UTF8.GetBytes(new string((char)('a' + (id % 26)), (int)(id % 300)) + id).AsSpan());
                if (id % 11 == 0)
                {
                    row.Filter("eleven");
                }
            }), "lines")
            .AddSink("sink", sink, "keyed")
            .Build();

        await runtime.RunAsync(Cancel);

        var expected = Enumerable.Range(0, 20_000).Where(i => i % 11 != 0).Select(i => new string((char)('a' + (i % 26)), i % 300) + i);
        Assert.Equal(expected, sink.Texts);
        var keyed = runtime.Status().Blocks.Single(b => b.Name == "keyed");
        Assert.Equal(1819, keyed.Filtered["eleven"]);
        Books.Balance(runtime.Status());
    }

    [Fact]
    public async Task A_failing_worker_gives_up_one_record_and_starts_anew()
    {
        var time = new FakeTimeProvider();
        var built = 0;
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline { Time = time, Parallelism = 2 }
            .AddSource("a", 1000, perBatch: 100)
            .AddLines("lines", "a")
            .AddKeyed("fragile", () =>
            {
                Interlocked.Increment(ref built);
                return new ThrowingStep(row => row.Get(0).Bits == 250);
            }, "lines")
            .AddSink("sink", sink, "fragile")
            .Build();

        var run = runtime.RunAsync(Cancel);
        await Eventually.HoldsAsync(() => runtime.Status().Blocks.Single(b => b.Name == "fragile").State == "restarting");
        await Eventually.HoldsAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return run.IsCompleted;
        });

        Assert.Empty(await run);
        Assert.Equal(3, built);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (long)i).Except([250]), sink.Ids);
        Books.Balance(runtime.Status());
        Assert.Equal(0, runtime.LeasedBatches);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_record_that_can_not_be_written_ends_the_run_with_its_reason(bool keyed)
    {
        static ActionStep Bad() => new(row => row.Set(1, new Cell { Kind = CellKind.Text, Offset = int.MaxValue, Bits = row.Get(0).Bits == 5000 ? 5 : 0 }));
        await using var sink = new CollectingSink();
        var pipeline = new FakePipeline { Parallelism = 3 }.AddSource("a", () => new CountingSource(int.MaxValue, 1, finite: false)).AddLines("lines", "a");
        await using var runtime = (keyed ? pipeline.AddKeyed("bad", Bad, "lines") : pipeline.AddStateless("bad", Bad, "lines")).AddSink("sink", sink, "bad").Build();

        var faults = await runtime.RunAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        Assert.Contains(faults, f => f.StartsWith("stage 'lines+bad': ", StringComparison.Ordinal));
        Assert.Equal("failed", runtime.State);
    }

    [Fact]
    public async Task Lanes_that_wait_for_one_that_failed_are_let_go()
    {
        using var later = new ManualResetEventSlim();
        ActionStep Bad() => new(row =>
        {
            var id = row.Get(0).Bits;
            if (id == 100)
            {
                // From now on another lane has a batch that has to wait for this one at the exit.
                Assert.True(later.Wait(TimeSpan.FromSeconds(10)));
                row.Set(1, new Cell { Kind = CellKind.Text, Offset = int.MaxValue, Bits = 5 });
            }
            else if (id > 100)
            {
                later.Set();
            }
        });
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline { Parallelism = 2 }
            .AddSource("a", () => new CountingSource(int.MaxValue, 1, finite: false))
            .AddLines("lines", "a")
            .AddStateless("bad", Bad, "lines")
            .AddSink("sink", sink, "bad")
            .Build();

        var faults = await runtime.RunAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        // The records before it that shared its batch are lost with it.
        Assert.NotEmpty(faults);
        Assert.InRange(sink.Ids.Count, 0, 100);
        Assert.Equal(Enumerable.Range(0, sink.Ids.Count).Select(i => (long)i), sink.Ids);
    }

    [Fact]
    public async Task Payloads_that_answer_requests_of_one_source_stay_with_one_worker()
    {
        var seen = new ConcurrentBag<SourceLog>();
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline { Parallelism = 3 }
            .AddSource("a", () => new CountingSource(300, 1, request: 1))
            .AddSource("b", () => new CountingSource(300, 1, request: 1))
            .AddNormalize("lines", () => New(seen), "a", "b")
            .AddSink("sink", sink, "lines")
            .Build();

        await runtime.RunAsync(Cancel);

        Assert.Equal(600, sink.Ids.Count);
        Assert.Equal([0, 1], seen.SelectMany(s => s.Sources.Distinct()).Order());
    }

    [Fact]
    public async Task A_step_on_key_shards_can_not_add_rows()
    {
        var time = new FakeTimeProvider();
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline { Time = time, Parallelism = 2 }
            .AddSource("a", 1)
            .AddLines("lines", "a")
            .AddKeyed("adding", () => new ActionStep(row => row.Batch.AddRow(FakePipeline.Thing, 0)), "lines")
            .AddSink("sink", sink, "adding")
            .Build();

        var run = runtime.RunAsync(Cancel);
        await Eventually.HoldsAsync(() => runtime.Status().Blocks.Single(b => b.Name == "adding").Problem?.Contains("key shards can't add rows", StringComparison.Ordinal) == true);
        await Eventually.HoldsAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return run.IsCompleted;
        });
    }

    [Fact]
    public async Task Small_payloads_of_a_source_that_has_to_wait_are_put_together()
    {
        await using var sink = new BatchCounter();
        await using var runtime = new FakePipeline { Parallelism = 1 }.AddSource("a", 20_000, perBatch: 1).AddLines("lines", "a").AddSink("sink", sink, "lines").Build();

        var run = runtime.RunAsync(Cancel);
        await Eventually.HoldsAsync(() => runtime.Status().Blocks.Single(b => b.Name == "sink").Queued >= 4000);
        sink.Open();
        await run;

        Assert.Equal(20_000, sink.Records);
        Assert.InRange(sink.Batches, 1, 12_000);
        Assert.InRange(sink.Largest, 2, Batch.FullDocuments);
    }

    [Fact]
    public void The_plan_says_what_is_shared_and_by_how_many()
    {
        var plan = GraphPlan.From(new FakePipeline { Parallelism = 3 }
            .AddSource("a", 1)
            .AddLines("lines", "a")
            .AddStateless("filter", () => new ActionStep(_ => { }), "lines")
            .AddKeyed("unique", () => new ActionStep(_ => { }), "filter")
            .AddStateless("score", () => new ActionStep(_ => { }), "unique")
            .AddKeyed("merged", () => new ActionStep(_ => { }), "score")
            .AddStep("single", () => new ActionStep(_ => { }), "merged")
            .AddSink("sink", new CollectingSink(), "single")
            .Definition());

        Assert.Equal(
            ["1: a Single 1", "3: lines+filter Batches 3, unique+score+merged Keys 3, single Single 1", "1: sink Single 1"],
            plan.Stages.Select(s => $"{s.Lanes}: {string.Join(", ", s.Segments.Select(g => $"{string.Join('+', g.Blocks.Select(b => b.Name))} {g.Distribution} {g.Workers}"))}"));
    }

    private static T New<T>(ConcurrentBag<T> steps)
        where T : new()
    {
        var step = new T();
        steps.Add(step);
        return step;
    }

    private sealed class SourceLog : IStep
    {
        private readonly LinesStep lines = new();

        public List<int> Sources { get; } = [];

        public void Process(Part part, StepTime now)
        {
            Sources.Add(part.Batch.Document(0).Source);
            Thread.SpinWait(1000);
            lines.Process(part, now);
        }
    }

    private sealed class KeyLog : IStep
    {
        public Dictionary<string, List<(int Source, long Id)>> Seen { get; } = [];

        public void Process(Part part, StepTime now)
        {
            foreach (var row in part)
            {
                var key = System.Text.Encoding.UTF8.GetString(row.Key);
                if (!Seen.TryGetValue(key, out var ids))
                {
                    Seen.Add(key, ids = []);
                }

                ids.Add((row.Head.Source, row.Get(0).Bits));
            }
        }
    }

    private sealed class TextSink : ISink
    {
        public List<string> Texts { get; } = [];

        public ValueTask WriteAsync(Batch batch, CancellationToken cancellationToken)
        {
            foreach (var row in batch)
            {
                using var json = System.Text.Json.JsonDocument.Parse(batch.DataOf(row.Index));
                Texts.Add(json.RootElement.GetProperty("fields").GetProperty("text").GetString()!);
            }

            return default;
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => default;

        public ValueTask DisposeAsync() => default;
    }

    private sealed class BatchCounter : ISink
    {
        private readonly TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Records { get; private set; }

        public int Batches { get; private set; }

        public int Largest { get; private set; }

        public void Open() => open.SetResult();

        public async ValueTask WriteAsync(Batch batch, CancellationToken cancellationToken)
        {
            await open.Task.WaitAsync(cancellationToken);
            Records += batch.Live;
            Batches++;
            Largest = Math.Max(Largest, batch.Live);
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => default;

        public ValueTask DisposeAsync() => default;
    }
}
