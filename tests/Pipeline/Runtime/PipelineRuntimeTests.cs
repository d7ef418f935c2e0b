using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Pipeline.Tests.Runtime;

public sealed class PipelineRuntimeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_record_reaches_every_sink_through_fan_out_and_fan_in()
    {
        await using CollectingSink all = new(), even = new(), both = new();
        await using var runtime = new FakePipeline()
            .AddSource("a", 500, perBatch: 7)
            .AddSource("b", 300, perBatch: 3)
            .AddLines("lines", "a", "b")
            .AddStep("even", () => new ActionStep(row =>
            {
                if (row.Get(0).Bits % 2 != 0)
                {
                    row.Filter("odd");
                }
            }), "lines")
            .AddStep("doubled", () => new ActionStep(row => row.Set(0, row.Get(0).Bits * 1000)), "lines")
            .AddSink("all", all, "lines")
            .AddSink("even-only", even, "even")
            .AddSink("both", both, "even", "doubled")
            .Build();

        Assert.Empty(await runtime.RunAsync(Cancel));

        var expected = Enumerable.Range(0, 500).Concat(Enumerable.Range(0, 300)).Select(i => (long)i).Order().ToList();
        Assert.Equal(expected, all.Ids.Order());
        Assert.Equal(expected.Where(i => i % 2 == 0), even.Ids.Order());
        Assert.Equal(expected.Where(i => i % 2 == 0).Concat(expected.Select(i => i * 1000)).Order(), both.Ids.Order());
        Assert.True(all.Completed && even.Completed && both.Completed);
        Books.Balance(runtime.Status());
        Assert.Equal(0, runtime.LeasedBatches);
        var filter = runtime.Status().Blocks.Single(b => b.Name == "even");
        Assert.Equal(expected.Count(i => i % 2 != 0), filter.Filtered["odd"]);
    }

    [Theory]
    [InlineData("wall", 630822816000000000)]
    [InlineData("event", 0)]
    public async Task Transforms_go_by_the_clock_of_the_config(string clock, long expected)
    {
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline { Clock = clock, Time = new FakeTimeProvider() }
            .AddSource("a", 3)
            .AddLines("lines", "a")
            .AddStep("stamped", () => new StampStep(), "lines")
            .AddSink("sink", sink, "stamped")
            .Build();

        Assert.Empty(await runtime.RunAsync(Cancel));

        Assert.Equal([expected, expected, expected], sink.Ids);
    }

    [Fact]
    public async Task A_stage_ends_only_after_all_its_inputs()
    {
        await using var sink = new CollectingSink();
        var late = new TaskCompletionSource();
        await using var runtime = new FakePipeline()
            .AddSource("quick", 5)
            .AddSource("late", () => new LateSource(late.Task))
            .AddLines("lines", "quick", "late")
            .AddSink("sink", sink, "lines")
            .Build();

        var run = runtime.RunAsync(Cancel);
        await Eventually.HoldsAsync(() => sink.Ids.Count == 5);
        Assert.False(run.IsCompleted || sink.Completed);
        late.SetResult();
        await run;

        Assert.Equal(6, sink.Ids.Count);
    }

    [Fact]
    public async Task A_failing_chain_is_restarted_with_fresh_state_and_only_the_record_it_failed_on_is_in_the_dead_letter()
    {
        var time = new FakeTimeProvider();
        using var folder = new TempFolder();
        await using var sink = new CollectingSink();
        var built = 0;
        var pipeline = new FakePipeline { Time = time, DeadLetterPath = folder.File("dead.jsonl") }
            .AddSource("a", 20, perBatch: 5)
            .AddLines("lines", "a")
            .AddStep("fragile", () =>
            {
                built++;
                return new ThrowingStep(row => row.Get(0).Bits == 7);
            }, "lines")
            .AddSink("sink", sink, "fragile");
        await using var runtime = pipeline.Build();

        var run = runtime.RunAsync(Cancel);
        await Eventually.HoldsAsync(() => runtime.Status().Blocks.Single(b => b.Name == "fragile").State == "restarting");
        Assert.Contains("made to fail", runtime.Status().Blocks.Single(b => b.Name == "fragile").Problem, StringComparison.Ordinal);
        Assert.Equal(1, built);
        await Eventually.EndsAsync(time, run);

        Assert.Equal(2, built);
        Assert.Equal(1, pipeline.Health!.Generation);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19], sink.Ids);
        Books.Balance(runtime.Status());
        Assert.Equal(0, runtime.LeasedBatches);
        Assert.Equal(1, runtime.Status().Blocks.Single(b => b.Name == "fragile").DeadLettered["step failed"]);
        var dead = JsonDocument.Parse(Assert.Single(File.ReadLines(folder.File("dead.jsonl")))).RootElement;
        Assert.Equal("7", dead.GetProperty("payload").GetString());
        Assert.Equal("made to fail", dead.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_sink_that_fails_gets_the_same_batch_again_and_nothing_is_lost_or_written_twice()
    {
        var time = new FakeTimeProvider();
        await using var sink = new CollectingSink { Fail = attempt => attempt is 2 or 3 ? new IOException("no space left") : null };
        await using var runtime = new FakePipeline { Time = time }.AddSource("a", 10).AddLines("lines", "a").AddSink("sink", sink, "lines").Build();

        var run = runtime.RunAsync(Cancel);
        await Eventually.HoldsAsync(() => runtime.Status().Blocks.Single(b => b.Name == "sink").Problem == "no space left");
        Assert.Equal("waiting", runtime.Status().Blocks.Single(b => b.Name == "sink").State);
        await Eventually.EndsAsync(time, run);

        Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), sink.Ids);
        Assert.Null(runtime.Status().Blocks.Single(b => b.Name == "sink").Problem);
        Books.Balance(runtime.Status());
        Assert.Equal(0, runtime.LeasedBatches);
    }

    [Fact]
    public async Task A_sink_that_waits_holds_up_the_source_within_the_bounds_of_the_links()
    {
        await using var sink = new CollectingSink { WaitForGate = true };
        var source = new CountingSource(10_000, 1);
        await using var runtime = new FakePipeline { Parallelism = 2 }.AddSource("a", () => source).AddLines("lines", "a").AddSink("sink", sink, "lines").Build();

        var run = runtime.RunAsync(Cancel);
        // Besides what the links hold: the batch that waits to get in, and the one that is put together behind it.
        var capacity = runtime.Status().Blocks.Sum(b => b.Capacity);
        await Eventually.HoldsAsync(() => runtime.Status().Blocks.Single(b => b.Name == "lines").Queued > 0);
        await Eventually.HoldsAsync(() => source.Emitted >= runtime.Status().Blocks.Single(b => b.Name == "sink").Capacity);
        Assert.InRange(source.Emitted, 1, capacity + (2 * Batch.FullDocuments));
        sink.OpenGate();
        await run;

        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => (long)i), sink.Ids);
    }

    [Fact]
    public async Task Stop_drains_what_was_taken_in()
    {
        await using var sink = new CollectingSink();
        var source = new CountingSource(int.MaxValue, 3, finite: false);
        await using var runtime = new FakePipeline().AddSource("a", () => source).AddLines("lines", "a").AddSink("sink", sink, "lines").Build();
        using var stop = new CancellationTokenSource();

        var run = runtime.RunAsync(stop.Token);
        await Eventually.HoldsAsync(() => sink.Ids.Count > 100);
        await stop.CancelAsync();
        await run;

        Books.Balance(runtime.Status());
        Assert.Equal(0, runtime.LeasedBatches);
        Assert.Equal("stopped", runtime.Status().State);
        Assert.True(sink.Completed);
        Assert.Equal(Enumerable.Range(0, source.Emitted).Select(i => (long)i), sink.Ids);
    }

    [Fact]
    public async Task A_finite_source_that_fails_ends_the_run_with_its_reason_and_what_it_gave_before_is_kept()
    {
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline()
            .AddSource("good", 5)
            .AddSource("bad", () => new LateSource(Task.FromException(new IOException("the file is gone"))))
            .AddLines("lines", "good", "bad")
            .AddSink("sink", sink, "lines")
            .Build();

        var faults = await runtime.RunAsync(Cancel);

        Assert.Equal(["source 'bad': the file is gone"], faults);
        Assert.Equal("failed", runtime.Status().State);
        Assert.Equal(5, sink.Ids.Count);
    }

    [Fact]
    public async Task A_source_that_can_not_be_made_anew_at_once_is_tried_again()
    {
        var time = new FakeTimeProvider();
        await using var sink = new CollectingSink();
        var made = 0;
        await using var runtime = new FakePipeline { Time = time }
            .AddSource("a", () => ++made switch
            {
                1 => new LateSource(Task.FromException(new IOException("cut off")), finite: false),
                2 => throw new IOException("not yet"),
                _ => new CountingSource(5, 1, finite: false),
            })
            .AddLines("lines", "a")
            .AddSink("sink", sink, "lines")
            .Build();

        var run = runtime.RunAsync(Cancel);
        await Eventually.EndsAsync(time, run);

        Assert.Equal(3, made);
        Assert.Equal(5, sink.Ids.Count);
        var source = runtime.Status().Blocks.Single(b => b.Name == "a");
        Assert.Equal(("completed", 2, null), (source.State, source.Restarts, source.Problem));
    }

    [Fact]
    public async Task A_record_that_a_failing_step_left_half_made_is_in_the_dead_letter_too()
    {
        var time = new FakeTimeProvider();
        using var folder = new TempFolder();
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline { Time = time, DeadLetterPath = folder.File("dead.jsonl") }
            .AddSource("a", 3)
            .AddLines("lines", "a")
            .AddStep("fragile", () => new ThrowingStep(row =>
            {
                row.Head.KeyOffset = row.Get(0).Bits == 1 ? -5 : row.Head.KeyOffset;
                return row.Get(0).Bits == 1;
            }), "lines")
            .AddSink("sink", sink, "fragile")
            .Build();

        await Eventually.EndsAsync(time, runtime.RunAsync(Cancel));

        Assert.Equal([0, 2], sink.Ids);
        Books.Balance(runtime.Status());
        Assert.Equal(0, runtime.LeasedBatches);
        var dead = JsonDocument.Parse(File.ReadLines(folder.File("dead.jsonl")).Single()).RootElement;
        Assert.Equal("1", dead.GetProperty("payload").GetString());
    }

    [Fact]
    public async Task A_record_that_can_not_be_written_as_json_ends_the_run_with_its_reason_instead_of_hanging_it()
    {
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline()
            .AddSource("a", () => new CountingSource(int.MaxValue, 1, finite: false))
            .AddLines("lines", "a")
            .AddStep("bad", () => new ActionStep(row => row.Set(1, new Cell { Kind = CellKind.Text, Offset = int.MaxValue, Bits = 5 })), "lines")
            .AddSink("sink", sink, "bad")
            .Build();

        var faults = await runtime.RunAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        Assert.Contains(faults, f => f.StartsWith("stage 'lines+bad': ", StringComparison.Ordinal));
        Assert.Equal("failed", runtime.State);
    }

    [Fact]
    public async Task A_tap_shows_copies_that_outlive_the_batch()
    {
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline().AddSource("a", 50, perBatch: 10).AddLines("lines", "a").AddSink("sink", sink, "lines").Build();
        var seen = new List<Update>();
        using var blind = runtime.Tap("sink").Subscribe(_ => throw new InvalidOperationException("an onlooker's mistake"));
        using var tap = runtime.Tap("lines").Subscribe(seen.Add);

        await runtime.RunAsync(Cancel);

        Assert.Equal(50, sink.Ids.Count);
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"thing:{i}"), seen.Select(u => u.Key));
        Assert.All(seen, (u, i) => Assert.Equal(i, JsonDocument.Parse(u.Data).RootElement.GetProperty("fields").GetProperty("id").GetInt64()));
    }

    [Fact]
    public void Only_a_lone_reader_of_a_lone_transform_shares_its_stage()
    {
        var plan = GraphPlan.From(new FakePipeline()
            .AddSource("a", 1)
            .AddLines("lines", "a")
            .AddStep("one", () => new ActionStep(_ => { }), "lines")
            .AddStep("two", () => new ActionStep(_ => { }), "one")
            .AddStep("left", () => new ActionStep(_ => { }), "two")
            .AddStep("right", () => new ActionStep(_ => { }), "two")
            .AddStep("joined", () => new ActionStep(_ => { }), "left", "right")
            .AddSink("sink", new CollectingSink(), "joined")
            .Definition());

        Assert.Equal(
            ["a", "lines+one+two", "left", "right", "joined", "sink"],
            plan.Stages.Select(s => string.Join('+', s.Blocks.Select(b => b.Name))));
    }

    [Fact]
    public async Task What_a_source_said_is_remembered_where_no_sink_behind_it_begins_empty()
    {
        await using var sink = new CollectingSink();
        var plan = GraphPlan.From(new FakePipeline()
            .AddSource("kept", 1)
            .AddSource("shown", 1)
            .AddLines("lines", "kept", "shown")
            .AddStep("some", () => new ActionStep(_ => { }), "shown")
            .AddSink("file", sink, "lines")
            .AddForgetfulSink("cache", sink, "some")
            .AddSource("told", 1)
            .AddTelling("merged", () => new ActionStep(_ => { }), "told")
            .AddForgetfulSink("other", sink, "merged")
            .Definition());

        Assert.True(plan.IsRemembered("kept"));
        Assert.True(plan.IsRemembered("told"));
        Assert.False(plan.IsRemembered("shown"));
    }

    private sealed class StampStep : IStep
    {
        public void Process(Part part, StepTime now)
        {
            foreach (var row in part)
            {
                row.Set(0, now.Of(row.Head));
            }
        }
    }
}
