using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Transforms.Merge;

/// <summary>Another source takes over when a provider's breaker opens, long before its values are old. Of the default schema's sources, alpha is believed first.</summary>
public sealed class MergeOutageTests : IDisposable
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(TestBatch.Start, TimeSpan.Zero));
    private readonly SourceHealth health;
    private readonly ProviderGate gate;
    private readonly MergeStep step;
    private long sequence;

    public MergeOutageTests()
    {
        health = new SourceHealth(time);
        gate = new ProviderGate("p", new ProviderOptions { BaseUrl = "http://p", Retry = new() { Attempts = 1 }, Breaker = new() { Failures = 1 } }, time, new Random(1), NullLogger.Instance, health: health);
        step = new MergeStep(TestBatch.DefaultSchema(), new MergeOptions { Prefer = ["priority"] }, 100, outages: [health.Outage("p"), health.Outage("q"), health.Outage("q")]);
    }

    public void Dispose() => gate.Dispose();

    [Fact]
    public async Task The_next_word_of_another_source_wins_and_the_first_word_of_the_old_one_wins_back()
    {
        Assert.Equal(1, Say(0, 1));
        Later();
        Assert.Null(Say(1, 2));
        Later();
        await AskAsync(good: false);
        Assert.Equal("open", gate.Breaker.State);
        Later();
        Assert.Equal(3, Say(1, 3));
        Later();
        Assert.Equal(4, Say(1, 4));

        // Closed again, it has said nothing new yet.
        time.Advance(TimeSpan.FromSeconds(60));
        await AskAsync(good: true);
        Assert.Equal(5, Say(1, 5));
        Later();
        Assert.Equal(6, Say(0, 6));
        Later();
        Assert.Null(Say(1, 7));
    }

    [Fact]
    public async Task What_it_confirms_afterwards_counts_with_the_next_update()
    {
        Say(0, 1);
        Later();
        await AskAsync(good: false);
        Later();
        Assert.Equal(2, Say(1, 2));
        Later();
        Say(0, null);
        Assert.Equal(1, Say(1, 3));
    }

    [Fact]
    public async Task Other_providers_and_keys_heard_since_are_not_touched()
    {
        Say(0, 1);
        Later();
        Say(1, 2);
        Later();
        await AskAsync(good: false);
        Later();

        // Its connection lives on.
        Assert.Equal(3, Say(0, 3));
        Later();
        Assert.Null(Say(1, 4));

        health.Outage("q").Open(time.GetUtcNow());
        Later();
        Assert.Equal(5, Say(0, 5));
    }

    [Fact]
    public async Task Tripped_by_hand_it_is_the_same()
    {
        Say(0, 1);
        Later();
        await gate.TripAsync(TestContext.Current.CancellationToken);
        Later();
        Assert.Equal(2, Say(1, 2));
    }

    [Fact]
    public async Task With_all_providers_down_whoever_is_heard_first_wins()
    {
        Say(0, 1);
        Later();
        Say(1, 2);
        Later();
        await AskAsync(good: false);
        health.Outage("q").Open(time.GetUtcNow());
        Later();
        // All are stale alike, so priority decides as ever, until one is heard.
        Assert.Equal(3, Say(2, 3));
        Later();
        Assert.Equal(4, Say(1, 4));
    }

    private void Later() => time.Advance(TimeSpan.FromSeconds(1));

    private Task<GateResult<int>> AskAsync(bool good) => gate.ExecuteAsync(_ => ValueTask.FromResult(good ? AttemptResult.Success(1) : AttemptResult.Retry<int>("500")), TestContext.Current.CancellationToken);

    /// <returns>The hits of the record when they have changed; null when the update was absorbed, or confirms.</returns>
    private int? Say(short source, int? hits)
    {
        var batch = new TestBatch(TestBatch.DefaultSchema());
        var now = time.GetUtcNow().UtcTicks;
        if (hits is { } said)
        {
            batch.Row("player", "k", source, sequence: ++sequence, received: now, eventTime: now, fields: [("hits", said)]);
        }
        else
        {
            batch.Row("player", "k", source, sequence: ++sequence, received: now, op: RowOp.Confirmed);
        }

        var left = step.Run(batch.Batch, now);
        batch.Batch.Seal();
        return hits is null || left.Length > 0 ? null : JsonDocument.Parse(batch.Batch.DataOf(0)).RootElement.GetProperty("fields").GetProperty("hits").GetInt32();
    }
}
