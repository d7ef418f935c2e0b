using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Pipeline.Tests.Providers;

/// <summary>A source whose content stands still is left alone by its provider's gate.</summary>
public sealed class ContentHoldTests : IDisposable
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly ProviderGate gate;
    private readonly Standstill content;

    public ContentHoldTests()
    {
        var health = new SourceHealth(time);
        gate = new ProviderGate("p", new ProviderOptions { BaseUrl = "http://p", Breaker = new BreakerOptions { Recovery = Duration.Seconds(60) } }, time, new Random(1), NullLogger.Instance, health: health);
        content = health.Watch("feeds", TimeSpan.FromSeconds(30));
    }

    public void Dispose() => gate.Dispose();

    [Fact]
    public void While_it_moves_nothing_is_refused()
    {
        Assert.Null(gate.Refuse("feeds"));
        Assert.Empty(gate.Breaker.Held);
        Assert.Null(gate.Refuse("other"));
    }

    [Fact]
    public void It_is_left_alone_for_the_recovery_and_other_sources_go_on()
    {
        Freeze();
        var held = gate.Refuse("feeds")!;
        Assert.Equal(("feeds", "open", time.GetUtcNow(), time.GetUtcNow().AddSeconds(60)), (held.Source, held.State, held.OpenedAt, held.RetryAt));
        Assert.StartsWith("stale content: ", held.LastError, StringComparison.Ordinal);
        Assert.Equal((1, "stale_content"), (gate.Breaker.Failures["stale_content"], gate.Breaker.LastErrorClass));
        Assert.StartsWith("source 'feeds': stale content: ", gate.Breaker.LastError, StringComparison.Ordinal);
        Assert.Null(gate.Refuse("other"));
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.NotNull(gate.Refuse("feeds"));
        Assert.Equal(("closed", held), (gate.Breaker.State, Assert.Single(gate.Breaker.Held)));
    }

    [Fact]
    public void What_somebody_asks_for_meanwhile_is_not_made_up_for()
    {
        Freeze();
        gate.Refuse("feeds");
        for (var asked = 0; asked < 100; asked++)
        {
            Assert.NotNull(gate.Refuse("feeds", isDue: false));
        }

        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Null(gate.Refuse("feeds"));
        Assert.NotNull(gate.Refuse("feeds"));
    }

    [Fact]
    public void Then_one_tries_and_when_nothing_moved_it_opens_again()
    {
        Freeze();
        gate.Refuse("feeds");
        for (var again = 0; again < 3; again++)
        {
            time.Advance(TimeSpan.FromSeconds(60));
            Assert.Null(gate.Refuse("feeds"));
            Answer(moved: false);
            Assert.Equal(time.GetUtcNow().AddSeconds(60), gate.Refuse("feeds")!.RetryAt);
        }
    }

    [Fact]
    public void Then_one_tries_and_when_it_moved_it_closes()
    {
        Freeze();
        gate.Refuse("feeds");
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Null(gate.Refuse("feeds"));
        Answer(moved: true);
        Assert.Empty(gate.Breaker.Held);
        Assert.Null(gate.Refuse("feeds"));

        // What has been refused before is not counted the next time.
        Freeze();
        Assert.Equal(time.GetUtcNow(), gate.Refuse("feeds")!.OpenedAt);
    }

    [Fact]
    public void Every_request_that_was_refused_may_try_so_that_the_one_that_moves_is_among_them()
    {
        Freeze();
        for (var request = 0; request < 4; request++)
        {
            Assert.NotNull(gate.Refuse("feeds"));
        }

        time.Advance(TimeSpan.FromSeconds(61));
        for (var request = 0; request < 4; request++)
        {
            Assert.Null(gate.Refuse("feeds"));
            Assert.Equal(request < 3 ? "half_open" : "open", gate.Breaker.Held[0].State);
        }

        Assert.NotNull(gate.Refuse("feeds"));
    }

    [Fact]
    public async Task A_reset_closes_it_until_a_standstill_is_seen_anew()
    {
        Freeze();
        Assert.NotNull(gate.Refuse("feeds"));
        await gate.ResetAsync(TestContext.Current.CancellationToken);
        Assert.Empty(gate.Breaker.Held);
        Assert.Null(gate.Refuse("feeds"));
        Freeze();
        Assert.NotNull(gate.Refuse("feeds"));
    }

    private void Freeze()
    {
        var moves = default(SourceMoves);
        for (var change = 0; change < Standstill.Changes; change++)
        {
            moves.Overtake(time.GetUtcNow().UtcTicks);
        }

        moves.Overtake(time.GetUtcNow().AddSeconds(20).UtcTicks);
        content.Tell(moves);
        for (var answer = 0; answer < 2; answer++)
        {
            time.Advance(TimeSpan.FromSeconds(30));
            Answer(moved: false);
        }
    }

    private void Answer(bool moved) => content.Tell(new SourceMoves { Heard = time.GetUtcNow().UtcTicks, HasMoved = moved });
}
