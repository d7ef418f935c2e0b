using Microsoft.AspNetCore.Http;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;
using StreamEngine.Sources.WebSockets;

namespace StreamEngine.Sources.Tests.WebSockets;

/// <summary>What a websocket source may have missed is asked for over HTTP.</summary>
public sealed class ResyncTests
{
    private static readonly HttpSourceOptions Games = new() { Provider = "p", Request = ["/games"], Every = new EveryOptions { Otherwise = Duration.Seconds(600) } };

    private static readonly WebSocketSourceOptions Live = new()
    {
        Subscribe = SocketBench.Messages("\"SUB\""),
        Sequence = new SequenceOptions { Path = "n" },
        Resync = ["games"],
    };

    private int asked;

    private static string Message(long number) => $$"""{"n":{{number}}}""";

    /// <summary>A provider that says what is told on its sockets, and answers <c>/games</c> with how often it was asked.</summary>
    private Task<SocketProvider> StartAsync(Func<SocketTalk, Task> talk, Func<HttpContext, Task>? before = null) => SocketProvider.StartAsync(talk, refuse: async (context, _) =>
    {
        await (before?.Invoke(context) ?? Task.CompletedTask);
        if (context.WebSockets.IsWebSocketRequest)
        {
            return false;
        }

        await context.Response.WriteAsync(context.Request.Path == "/games" ? $"[{Interlocked.Increment(ref asked)}]" : "[]");
        return true;
    });

    /// <summary>What another source asks now comes behind what was asked before.</summary>
    private static async Task AfterwardsAsync(SocketBench bench) => await bench.Fixture.Run(("other", Games with { Request = ["/other"] }))[0].WaitForAsync(1);

    [Fact]
    public async Task After_a_lost_connection_the_sources_are_asked_at_once_through_the_gate()
    {
        var (cut, next) = (new TaskCompletionSource(), 0);
        await using var provider = await StartAsync(async talk =>
        {
            var mine = ++next;
            await talk.HearAsync();
            await talk.SayAsync(Message(mine));
            await (mine == 1 ? cut.Task : talk.StayAsync());
        });
        await using var bench = new SocketBench(provider.Address, Live);
        await bench.Output.WaitForAsync(1);
        var games = bench.Fixture.Run(("games", Games))[0];
        await games.WaitForAsync(1);
        cut.SetResult();
        await games.WaitForAsync(2);

        await bench.Output.WaitForAsync(2);
        Assert.Equal(["[1]", "[2]"], games.Texts);
        await Eventually.TrueAsync(() => bench.Fixture.Gate.Throttle.Granted == 4);
    }

    [Fact]
    public async Task After_a_gap_the_sources_are_asked_at_once_and_the_connection_stays()
    {
        var (jump, next) = (new TaskCompletionSource(), 0);
        await using var provider = await StartAsync(async talk =>
        {
            next++;
            await talk.SayAsync(Message(1), Message(2));
            await jump.Task;
            await talk.SayAsync(Message(5));
            await talk.StayAsync();
        });
        await using var bench = new SocketBench(provider.Address, Live);
        var games = bench.Fixture.Run(("games", Games))[0];
        await games.WaitForAsync(1);
        await bench.Output.WaitForAsync(2);
        await AfterwardsAsync(bench);
        Assert.Equal(1, asked);
        jump.SetResult();
        await games.WaitForAsync(2);

        Assert.Equal(1, next);
        Assert.Equal(2, bench.Health.Missed);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public async Task Where_the_provider_goes_on_nothing_is_asked_unless_it_refuses(bool refuses, int times)
    {
        var next = 0;
        await using var provider = await StartAsync(async talk =>
        {
            var mine = ++next;
            await talk.HearAsync();
            if (mine == 1)
            {
                await talk.SayAsync(Message(1));
                await Eventually.TrueAsync(() => Volatile.Read(ref asked) > 0);
                return;
            }

            await talk.SayAsync(refuses ? """{"error":"too old"}""" : Message(2), Message(3));
            await talk.StayAsync();
        });
        var resume = new ResumeOptions { Send = SocketBench.Messages("""{"from":"{sequence}"}"""), Refused = "error == 'too old'" };
        await using var bench = new SocketBench(provider.Address, Live with { Resume = resume });
        var games = bench.Fixture.Run(("games", Games))[0];
        await games.WaitForAsync(1);
        await bench.Output.WaitForAsync(3);
        await games.WaitForAsync(times);

        await AfterwardsAsync(bench);
        Assert.Equal(times, asked);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public async Task Behind_a_checkpoint_the_first_connection_is_one_made_again(bool isRestored, int times)
    {
        var (inFlight, subscribed) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var provider = await StartAsync(
            async talk =>
            {
                await talk.HearAsync();
                await talk.SayAsync(Message(1));
                await talk.StayAsync();
            },
            async context =>
            {
                if (context.Request.Path == "/games")
                {
                    inFlight.TrySetResult();
                }

                await (context.WebSockets.IsWebSocketRequest ? inFlight : subscribed).Task;
            });
        await using var bench = new SocketBench(provider.Address, Live, from: isRestored ? new WebSocketPosition(1, "") : null);
        var games = bench.Fixture.Run(("games", Games))[0];
        await bench.Output.WaitForAsync(1);
        subscribed.SetResult();
        await games.WaitForAsync(times);

        await AfterwardsAsync(bench);
        Assert.Equal(times, asked);
    }
}
