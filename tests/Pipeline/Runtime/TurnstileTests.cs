using CsCheck;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Pipeline.Tests.Runtime;

public sealed class TurnstileTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_comes_when_it_is_his_turn_does_not_wait()
    {
        var turnstile = new Turnstile(1);
        for (var ticket = 0; ticket < 3; ticket++)
        {
            var turn = turnstile.EnterAsync(0, ticket);
            Assert.True(turn.IsCompletedSuccessfully);
            Assert.True(await turn);
            turnstile.Leave();
        }
    }

    [Fact]
    public async Task Whoever_comes_early_waits_for_all_before_him()
    {
        var turnstile = new Turnstile(3);
        var third = turnstile.EnterAsync(2, 2).AsTask();
        var second = turnstile.EnterAsync(1, 1).AsTask();
        Assert.True(await turnstile.EnterAsync(0, 0));
        Assert.False(second.IsCompleted);

        turnstile.Leave();
        Assert.True(await second.WaitAsync(Cancel));
        Assert.False(third.IsCompleted);

        turnstile.Leave();
        Assert.True(await third.WaitAsync(Cancel));
    }

    [Fact]
    public async Task An_opened_turnstile_sends_everybody_away()
    {
        var turnstile = new Turnstile(2);
        var waiting = turnstile.EnterAsync(1, 1).AsTask();

        turnstile.Open();

        Assert.False(await waiting.WaitAsync(Cancel));
        Assert.False(await turnstile.EnterAsync(0, 0));
    }

    [Fact]
    public async Task Lanes_pass_one_at_a_time_and_in_order()
    {
        await Gen.Select(Gen.Int[1, 6], Gen.Int[1, 200], Gen.Int[0, 1 << 20]).SampleAsync(
            async (lanes, tickets, seed) =>
            {
                // Any lane may have any ticket, as long as each lane's tickets grow.
                var random = new Random(seed);
                var byLane = Enumerable.Range(0, tickets).ToLookup(_ => random.Next(lanes));
                var turnstile = new Turnstile(lanes);
                var passed = new List<int>();
                var inside = 0;
                await Task.WhenAll(Enumerable.Range(0, lanes).Select(lane => Task.Run(
                    async () =>
                    {
                        foreach (var ticket in byLane[lane])
                        {
                            Assert.True(await turnstile.EnterAsync(lane, ticket));
                            Assert.Equal(1, Interlocked.Increment(ref inside));
                            passed.Add(ticket);
                            Interlocked.Decrement(ref inside);
                            turnstile.Leave();
                        }
                    },
                    Cancel)));
                Assert.Equal(Enumerable.Range(0, tickets), passed);
            },
            iter: 200,
            threads: 1);
    }
}
