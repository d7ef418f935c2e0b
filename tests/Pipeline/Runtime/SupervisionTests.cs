using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Runtime;
using StreamEngine.Pipeline.Tests.Checkpoints;

namespace StreamEngine.Pipeline.Tests.Runtime;

/// <summary>A block that throws loses one record to the dead letter, and nothing else; one that goes on throwing stops the pipeline.</summary>
public sealed class SupervisionTests
{
    private readonly FakeTimeProvider time = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_payload_that_can_not_be_mapped_takes_none_of_its_half_made_records_along(int workers)
    {
        using var folder = new TempFolder();
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline { Time = time, Parallelism = workers, DeadLetterPath = folder.File("dead.jsonl") }
            .AddSource("a", 40, perBatch: 10)
            .AddNormalize("fragile", () => new HalfwayStep(13), "a")
            .AddSink("sink", sink, "fragile")
            .Build();

        Assert.Empty(await RunAsync(runtime));

        Assert.Equal(Enumerable.Range(0, 40).Where(i => i != 13).SelectMany(i => new long[] { i, i }), sink.Ids);
        Assert.Equal("13", Assert.Single(Dead(folder)).GetProperty("payload").GetString());
        Books.Balance(runtime.Status());
        Assert.Equal(0, runtime.LeasedBatches);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task On_key_shards_too_only_the_record_itself_is_dead_and_each_other_is_seen_once(int workers)
    {
        using var folder = new TempFolder();
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline { Time = time, Parallelism = workers, DeadLetterPath = folder.File("dead.jsonl") }
            .AddSource("a", 300, perBatch: 30)
            .AddLines("lines", "a")
            .AddStateless("before", () => new ActionStep(r => r.Set(1, "seen"u8)), "lines")
            .AddKeyed("fragile", () => new ThrowingStep(r => r.Get(0).Bits is 7 or 8 or 29 or 200), "before")
            .AddSink("sink", sink, "fragile")
            .Build();

        Assert.Empty(await RunAsync(runtime));

        Assert.Equal(Enumerable.Range(0, 300).Select(i => (long)i).Except([7, 8, 29, 200]), sink.Ids);
        Assert.Equal(["200", "29", "7", "8"], Dead(folder).Select(d => d.GetProperty("payload").GetString()).Order(StringComparer.Ordinal));
        Assert.Equal(4, Block(runtime, "fragile").Restarts);
        Books.Balance(runtime.Status());
        Assert.Equal(0, runtime.LeasedBatches);
    }

    [Fact]
    public async Task Looking_ahead_blames_nobody()
    {
        using var folder = new TempFolder();
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline { Time = time, DeadLetterPath = folder.File("dead.jsonl") }
            .AddSource("a", 20, perBatch: 20)
            .AddLines("lines", "a")
            .AddStep("fragile", () => new AheadStep(5), "lines")
            .AddSink("sink", sink, "fragile")
            .Build();

        Assert.Empty(await RunAsync(runtime));

        Assert.Equal("5", Assert.Single(Dead(folder)).GetProperty("payload").GetString());
        Assert.Equal(19, sink.Ids.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_block_that_fails_again_and_again_stops_the_pipeline_with_a_report_and_loses_nothing(int workers)
    {
        using var folder = new TempFolder();
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline { Time = time, Parallelism = workers, DeadLetterPath = folder.File("dead.jsonl") }
            .AddSource("a", () => new CountingSource(int.MaxValue, 5, finite: false))
            .AddLines("lines", "a")
            .AddStep("fragile", () => new ThrowingStep(r => r.Get(0).Bits >= 100), "lines")
            .AddSink("sink", sink, "fragile")
            .Build();

        var fault = Assert.Single(await RunAsync(runtime));

        Assert.Contains("block 'fragile' failed on record 'thing:110' of source 'a' (sequence 110): made to fail. It has failed 10 times without a minute's rest", fault, StringComparison.Ordinal);
        Assert.Contains(folder.File("dead.jsonl"), fault, StringComparison.Ordinal);
        Assert.Equal("failed", runtime.State);
        var dead = Dead(folder).Select(d => long.Parse(d.GetProperty("payload").GetString()!, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.True(dead.Count(d => d >= 100) > Supervisor.MostInARow);
        Assert.Equal(Enumerable.Range(0, (int)Block(runtime, "a").Out).Select(i => (long)i), sink.Ids.Concat(dead).Order());
        Assert.Equal(0, runtime.LeasedBatches);
    }

    [Fact]
    public async Task Failures_with_a_minutes_rest_in_between_never_stop_it()
    {
        await using var sink = new CollectingSink();
        var source = new ChannelSource();
        await using var runtime = new FakePipeline { Time = time }
            .AddSource("a", () => source)
            .AddLines("lines", "a")
            .AddStep("fragile", () => new ThrowingStep(r => r.Get(0).Bits % 2 == 1), "lines")
            .AddSink("sink", sink, "fragile")
            .Build();
        var run = runtime.RunAsync(TestContext.Current.CancellationToken);

        for (var i = 0; i < 2 * (Supervisor.MostInARow + 5); i += 2)
        {
            source.Emit(i + 1, i);
            await UntilAsync(() => sink.Ids.Count == (i / 2) + 1);
            time.Advance(TimeSpan.FromMinutes(5));
        }

        source.End();
        Assert.Empty(await run);
        Assert.Equal(Supervisor.MostInARow + 5, Block(runtime, "fragile").Restarts);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task With_checkpoints_the_pipeline_goes_back_and_everything_but_the_poison_is_there_once(int workers)
    {
        const int Documents = 3000;
        long[] poison = [11, 12, 1500, 2999];
        var store = new MemoryCheckpoints();
        using var folder = new TempFolder();
        await using var sink = new RewindingSink();
        await using var runtime = new FakePipeline { Time = time, Parallelism = workers, Checkpoints = store, Every = TimeSpan.FromMilliseconds(100), DeadLetterPath = folder.File("dead.jsonl") }
            .AddSource("a", () => new ReplayableSource(Documents, 10))
            .AddLines("lines", "a")
            .AddKeyed("counted", () => new CountingStep(), "lines")
            .AddKeyed("fragile", () => new ThrowingStep(r => poison.Contains(r.Get(0).Bits)), "counted")
            .AddSink("sink", sink, "fragile")
            .Build();

        Assert.Empty(await RunAsync(runtime));

        Assert.Equal(Enumerable.Range(0, Documents).Select(i => (long)i).Except(poison), sink.Records.Select(r => r.Id));
        Assert.Equal(Documents, MemoryCheckpoints.Number(store.Saved[^1], "counted", "source0"));
        Assert.Equal(poison.Select(p => $"{p}"), Dead(folder).Select(d => d.GetProperty("payload").GetString()));
        Assert.All(Dead(folder), d => Assert.Equal(("step failed", "made to fail"), (d.GetProperty("reason").GetString(), d.GetProperty("detail").GetString())));
        Assert.Equal(poison.Length, Block(runtime, "fragile").Restarts);
        Assert.Equal("stopped", runtime.State);
        Books.Balance(runtime.Status());
        Assert.Equal(0, runtime.LeasedBatches);
    }

    [Fact]
    public async Task With_checkpoints_a_block_that_is_broken_stops_the_pipeline_and_a_mended_one_goes_on_where_it_was()
    {
        var store = new MemoryCheckpoints();
        var isBroken = true;
        await using var sink = new RewindingSink();
        FakePipeline Pipeline() => new FakePipeline { Time = time, Checkpoints = store, Every = TimeSpan.FromMilliseconds(100) }
            .AddSource("a", () => new ReplayableSource(100, 10))
            .AddLines("lines", "a")
            .AddStep("broken", () => new BrokenStep(() => isBroken), "lines")
            .AddSink("sink", sink, "broken");
        await using (var runtime = Pipeline().Build())
        {
            var run = runtime.RunAsync(TestContext.Current.CancellationToken);
            await UntilAsync(() => runtime.State == "restarting", advance: false);
            Assert.Equal("restarting", Block(runtime, "broken").State);
            Assert.Contains("block 'broken' failed: not today", Block(runtime, "broken").Problem, StringComparison.Ordinal);
            await UntilAsync(() => run.IsCompleted);
            var fault = Assert.Single(await run);

            Assert.Contains("block 'broken' failed: not today. It has failed 10 times without a minute's rest", fault, StringComparison.Ordinal);
            Assert.Contains("goes on from the last checkpoint", fault, StringComparison.Ordinal);
            Assert.Equal("failed", runtime.State);
            Assert.Empty(sink.Records);
        }

        isBroken = false;
        await using var mended = Pipeline().Build();
        Assert.Empty(await RunAsync(mended));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (long)i), sink.Records.Select(r => r.Id));
    }

    [Fact]
    public async Task A_stop_while_it_goes_back_ends_it_in_order()
    {
        var store = new MemoryCheckpoints();
        await using var sink = new RewindingSink();
        await using var runtime = new FakePipeline { Time = time, Checkpoints = store }
            .AddSource("a", () => new ReplayableSource(100, 10))
            .AddLines("lines", "a")
            .AddStep("broken", () => new BrokenStep(() => true), "lines")
            .AddSink("sink", sink, "broken")
            .Build();
        using var stop = new CancellationTokenSource();
        var run = runtime.RunAsync(stop.Token);
        await UntilAsync(() => runtime.State == "restarting", advance: false);

        await stop.CancelAsync();
        await run;

        Assert.Contains(runtime.State, (string[])["stopped", "failed"]);
        Assert.Equal(0, MemoryCheckpoints.Number(store.Saved[^1], "a", "next"));
    }

    [Fact]
    public async Task Behind_a_source_that_can_not_go_back_the_block_alone_takes_over_its_state_from_the_last_checkpoint()
    {
        var store = new MemoryCheckpoints();
        await using var sink = new RewindingSink();
        var source = new ChannelSource();
        await using var runtime = new FakePipeline { Time = time, Parallelism = 1, Checkpoints = store, Every = TimeSpan.FromSeconds(1) }
            .AddProvider("a", () => source)
            .AddLines("lines", "a")
            .AddKeyed("counted", () => new CountingStep(), "lines")
            .AddKeyed("fragile", () => new ThrowingStep(r => r.Get(0).Bits == 7), "counted")
            .AddSink("sink", sink, "fragile")
            .Build();
        var run = runtime.RunAsync(TestContext.Current.CancellationToken);
        source.Emit(0, 1, 2);
        await UntilAsync(() => sink.Records.Count == 3, advance: false);
        var checkpoints = store.Saved.Count;
        await UntilAsync(() => store.Saved.Count > checkpoints + 1);

        source.Emit(7);
        await UntilAsync(() => Block(runtime, "fragile").Restarts == 1 && Block(runtime, "fragile").State != "restarting");
        source.Emit(3);
        source.End();
        await run;

        Assert.Equal([0, 1, 2, 3], sink.Records.Select(r => r.Id));

        // Three of the checkpoint and the one after the failure; the fourth was in no checkpoint.
        Assert.Equal(4, MemoryCheckpoints.Number(store.Saved[^1], "counted", "source0"));
    }

    private static BlockStatus Block(PipelineRuntime runtime, string name) => runtime.Status().Blocks.Single(b => b.Name == name);

    private static List<JsonElement> Dead(TempFolder folder) => [.. File.ReadLines(folder.File("dead.jsonl")).Select(l => JsonDocument.Parse(l).RootElement)];

    private async Task<IReadOnlyList<string>> RunAsync(PipelineRuntime runtime)
    {
        var run = Task.Run(() => runtime.RunAsync(TestContext.Current.CancellationToken));
        await UntilAsync(() => run.IsCompleted);
        return await run;
    }

    private Task UntilAsync(Func<bool> holds, bool advance = true) => Eventually.HoldsAsync(() =>
    {
        if (advance)
        {
            time.Advance(TimeSpan.FromSeconds(1));
        }

        return holds();
    });

    /// <summary>Makes two rows of each document, and throws between the two of one.</summary>
    private sealed class HalfwayStep(int fails) : IStep
    {
        public void Process(Part part, StepTime now)
        {
            var batch = part.Batch;
            for (var i = 0; i < batch.DocumentCount; i++)
            {
                if (batch.Document(i).State != RowState.Live)
                {
                    continue;
                }

                Assert.True(Decimals.TryParse(batch.Payload(i), out var id, out _));
                for (var twice = 0; twice < 2; twice++)
                {
                    if (twice == 1 && id == fails)
                    {
                        throw new InvalidOperationException("halfway");
                    }

                    var row = batch.AddRow(FakePipeline.Thing, i);
                    row.SetKey(Encoding.UTF8.GetBytes($"thing:{id}"));
                    row.Set(0, id);
                }

                batch.LeaveDocument(i, RowState.Mapped, "");
            }
        }
    }

    /// <summary>Has looked at all rows before it fails on one.</summary>
    private sealed class AheadStep(long fails) : IStep
    {
        public void Process(Part part, StepTime now)
        {
            var ahead = part.Ahead();
            foreach (var row in part)
            {
                while (ahead.MoveNext())
                {
                }

                if (row.Get(0).Bits == fails)
                {
                    throw new InvalidOperationException("made to fail");
                }
            }
        }
    }

    /// <summary>Fails before it has looked at anything.</summary>
    private sealed class BrokenStep(Func<bool> isBroken) : IStep
    {
        public void Process(Part part, StepTime now)
        {
            if (isBroken())
            {
                throw new InvalidOperationException("not today");
            }
        }
    }

    /// <summary>Emits what it is told.</summary>
    private sealed class ChannelSource : ISource
    {
        private readonly System.Threading.Channels.Channel<int[]> told = System.Threading.Channels.Channel.CreateUnbounded<int[]>();

        public bool IsFinite => true;

        public void Emit(params int[] numbers) => told.Writer.TryWrite(numbers);

        public void End() => told.Writer.Complete();

        public async Task RunAsync(ISourceOutput output, CancellationToken stop)
        {
            await foreach (var numbers in told.Reader.ReadAllAsync(stop))
            {
                var batch = await output.RentAsync(stop);
                foreach (var number in numbers)
                {
                    var text = Encoding.UTF8.GetBytes($"{number}");
                    batch.AddDocument(new Document { Offset = batch.Append(text), Length = text.Length, Source = output.Source, Sequence = number, Origin = "test" });
                }

                await output.EmitAsync(batch, stop);
            }
        }
    }
}
