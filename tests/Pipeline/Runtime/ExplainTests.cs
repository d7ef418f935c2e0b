using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Runtime;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Runtime;

/// <summary>Questions to steps that hold state, while records flow and while nothing moves.</summary>
public class ExplainTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task The_worker_that_holds_a_key_explains_it(int parallelism)
    {
        var end = new TaskCompletionSource();
        var sink = new CollectingSink();
        await using var runtime = Pipeline(parallelism, 2000, end.Task, sink).Build();
        var running = runtime.RunAsync(Cancel);

        // Records flow meanwhile: each question is answered, known or not.
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 50).Select(i => runtime.ExplainAsync($"thing:{i}", Cancel))), Assert.NotNull);
        await Eventually.HoldsAsync(() => sink.Ids.Count == 2000);
        foreach (var id in new[] { 0, 7, 1999 })
        {
            var explanation = (await runtime.ExplainAsync($"thing:{id}", Cancel))!.Explanation!;
            Assert.Equal(($"thing:{id}", "thing", "trusted", 1L), (explanation.Key, explanation.Record, explanation.Block, explanation.Revision));
            Assert.Equal((id, "numbers"), (explanation.Fields["id"].Value.GetInt32(), explanation.Fields["id"].Source));
        }

        var unknown = (await runtime.ExplainAsync("Thing:1999", Cancel))!;
        Assert.Null(unknown.Explanation);
        Assert.Equal("thing:1999", unknown.Near[0]);
        Assert.StartsWith("thing:", Assert.Single((await runtime.ExplainAsync("thing:199x", Cancel))!.Near), StringComparison.Ordinal);
        Assert.Empty((await runtime.ExplainAsync("something else entirely", Cancel))!.Near);

        end.SetResult();
        Assert.Empty(await running);
        Assert.Null(await runtime.ExplainAsync("thing:7", Cancel));
    }

    [Fact]
    public async Task A_question_to_a_pipeline_that_stands_still_ends_with_its_token_and_the_next_one_is_answered()
    {
        var end = new TaskCompletionSource();
        var sink = new CollectingSink { WaitForGate = true };
        await using var runtime = Pipeline(2, 20_000, end.Task, sink).Build();
        var running = runtime.RunAsync(Cancel);
        await Eventually.HoldsAsync(() => runtime.Status().Blocks.Any(b => b.Name == "out" && b.Queued >= PipelineGraph.SinkRecords - 100));

        using var patience = new CancellationTokenSource();
        var first = runtime.ExplainAsync("thing:1", patience.Token);
        var second = runtime.ExplainAsync("thing:2", patience.Token);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);

        var third = runtime.ExplainAsync("thing:1", Cancel);
        sink.OpenGate();
        Assert.NotNull((await third)!.Explanation);
        end.SetResult();
        Assert.Empty(await running);
        Assert.Equal(20_000, sink.Ids.Count);
    }

    [Fact]
    public async Task Without_a_merge_there_is_nothing_to_ask()
    {
        var end = new TaskCompletionSource();
        await using var runtime = new FakePipeline().AddSource("late", () => new LateSource(end.Task)).AddLines("lines", "late").AddSink("out", new CollectingSink(), "lines").Build();
        var running = runtime.RunAsync(Cancel);
        Assert.Null(await runtime.ExplainAsync("thing:1", Cancel));
        end.SetResult();
        await running;
    }

    private static FakePipeline Pipeline(int parallelism, int documents, Task end, CollectingSink sink)
    {
        var schema = new RecordSchema([FakePipeline.Thing], [new SourceInfo("numbers", 0, 1, 1), new SourceInfo("late", 1, 1, 1)]);
        return new FakePipeline { Parallelism = parallelism }
            .AddSource("numbers", documents, 10)
            .AddSource("late", () => new LateSource(end))
            .AddLines("lines", "numbers", "late")
            .AddKeyed("trusted", () => new MergeStep(schema, new MergeOptions(), 100_000), "lines")
            .AddSink("out", sink, "trusted");
    }
}
