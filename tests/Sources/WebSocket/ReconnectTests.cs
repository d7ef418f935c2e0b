using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.WebSockets;

namespace StreamEngine.Sources.Tests.WebSockets;

/// <summary>Connections that are lost, refused, silent or broken.</summary>
public sealed class ReconnectTests
{
    private static readonly WebSocketSourceOptions Subscribing = new() { Subscribe = SocketBench.Messages("\"SUB\"") };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lost_connection_is_made_again_and_subscribes_anew(bool closes)
    {
        var (talks, received) = (0, 0);
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            var number = ++talks;
            await talk.HearAsync();
            await talk.SayAsync($"[{number}]");
            if (number > 3)
            {
                await talk.StayAsync();
            }
            else if (closes)
            {
                await talk.CloseAsync(WebSocketCloseStatus.EndpointUnavailable, "maintenance");
            }
            else
            {
                // What is in the network's buffers would be lost too.
                await Eventually.TrueAsync(() => received == number);
                talk.Cut();
            }
        });
        await using var bench = new SocketBench(provider.Address, Subscribing, beforeEmit: () =>
        {
            received++;
            return Task.CompletedTask;
        });

        Assert.Equal(["[1]", "[2]", "[3]", "[4]"], (await bench.Output.WaitForAsync(4)).Select(d => d.Text));
        Assert.All(provider.Talks, t => Assert.Equal("SUB", t.Heard.First()));
        Assert.Equal((3, 0), (bench.Health.Failures, bench.Health.FailuresInARow));
        var down = bench.Logged.Where(l => l.StartsWith("Source live: no connection to provider p: ", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, down.Count);
        Assert.All(down, l => Assert.Contains(closes ? "the provider closed the connection: 1001 maintenance; trying again in " : "; trying again in ", l, StringComparison.Ordinal));
        Assert.Equal(3, bench.Logged.Count(l => l.StartsWith("Source live: provider p is heard again after ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_provider_that_is_restarted_is_found_again_and_the_outage_is_told_once()
    {
        Func<SocketTalk, Task> talk = async t =>
        {
            await t.SayAsync("[1]");
            await t.StayAsync();
        };
        var provider = await SocketProvider.StartAsync(talk);
        await using var bench = new SocketBench(provider.Address);
        await bench.Output.WaitForAsync(1);
        await provider.DisposeAsync();
        await Eventually.TrueAsync(() => bench.Health.FailuresInARow >= 3);
        Assert.Equal("transport", bench.Fixture.Gate.Breaker.LastErrorClass);
        Assert.StartsWith("no connection: Connection refused", bench.Fixture.Gate.Breaker.LastError, StringComparison.Ordinal);
        await using var again = await SocketProvider.StartAsync(talk, provider.Address.Port);
        await bench.Output.WaitForAsync(2);

        await Eventually.TrueAsync(() => bench.Health.FailuresInARow == 0);
        Assert.Equal(2, bench.Logged.Count());
    }

    [Fact]
    public async Task After_silence_the_connection_is_made_again()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            await talk.SayAsync("[1]");
            await talk.StayAsync();
        });
        await using var bench = new SocketBench(provider.Address, new WebSocketSourceOptions { Silence = Duration.Seconds(60) }, time: time);
        await bench.Output.WaitForAsync(1);
        time.Advance(TimeSpan.FromSeconds(59));
        await provider.Last.SayAsync("[2]");
        await bench.Output.WaitForAsync(2);

        // Only what comes after the last message counts.
        time.Advance(TimeSpan.FromSeconds(59));
        await provider.Last.SayAsync("[3]");
        await bench.Output.WaitForAsync(3);
        Assert.Single(provider.Talks);
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return provider.Talks.Count == 2;
        });
        Assert.Contains("nothing was heard for 1m", bench.Health.LastError, StringComparison.Ordinal);
        Assert.Equal("timeout", bench.Fixture.Gate.Breaker.LastErrorClass);
    }

    [Fact]
    public async Task A_provider_that_accepts_and_says_nothing_at_all_fails()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var provider = await SocketProvider.StartAsync(talk => talk.StayAsync());
        await using var bench = new SocketBench(provider.Address, time: time);
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(20));
            return bench.Health.FailuresInARow >= 3;
        });

        Assert.True(provider.Talks.Count >= 3);
        Assert.Single(bench.Logged);
    }

    [Fact]
    public async Task Heartbeats_are_sent_on_time_and_end_with_their_connection()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            await talk.SayAsync("""{"s":41}""");
            await talk.HearAsync(3);
        });
        await using var bench = new SocketBench(
            provider.Address,
            new WebSocketSourceOptions
            {
                Silence = Duration.Seconds(86_400),
                Heartbeat = new HeartbeatOptions { Every = Duration.Seconds(30), Send = SocketBench.Json("""{"op":1,"d":"{sequence}"}""") },
                Sequence = new SequenceOptions { Path = "s" },
            },
            time: time);
        await bench.Output.WaitForAsync(1);
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(30));
            return provider.Talks.Count >= 2;
        });

        Assert.All(provider.Talks.First().Heard, h => Assert.Equal("""{"op":1,"d":41}""", h));
    }

    [Theory]
    [InlineData(new byte[] { 0x83, 0x01, 0x20 })] // an opcode that there isn't
    [InlineData(new byte[] { 0xF1, 0x01, 0x20 })] // reserved bits
    [InlineData(new byte[] { 0x81, 0x81, 1, 2, 3, 4, 0x20 })] // masked by a server
    [InlineData(new byte[] { 0x80, 0x01, 0x20 })] // goes on with nothing
    [InlineData(new byte[] { 0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })] // a length below zero
    [InlineData(new byte[] { 0x88, 0x01, 0x20 })] // half a close code
    [InlineData(new byte[] { 0x81, 0x01, 0xFF })] // text that is no UTF-8
    [InlineData(new byte[] { 0x81, 0x7E, 0x10 })] // cut off
    public async Task Malformed_frames_end_the_connection_and_nothing_else(byte[] frame)
    {
        await using var provider = await SocketProvider.StartAsync(
            async talk =>
            {
                await talk.SayAsync("[2]");
                await talk.StayAsync();
            },
            refuse: async (context, attempt) =>
            {
                if (attempt > 1)
                {
                    return false;
                }

                await using var raw = await SocketProvider.UpgradeAsync(context);
                await raw.WriteAsync((byte[])[0x81, 0x03, .. "[1]"u8, .. frame]);
                await raw.FlushAsync();
                return true;
            });
        await using var bench = new SocketBench(provider.Address);

        Assert.Equal(["[1]", "[2]"], (await bench.Output.WaitForAsync(2)).Select(d => d.Text));
        Assert.Equal(1, bench.Health.Failures);
    }

    [Theory]
    [InlineData(401, "401 Unauthorized instead of a WebSocket", 0)]
    [InlineData(503, "503 ServiceUnavailable instead of a WebSocket", 3)]
    [InlineData(200, "200 OK instead of a WebSocket", 0)]
    public async Task A_refusal_is_told_and_only_trouble_counts_for_the_breaker(int status, string reason, int failures)
    {
        await using var provider = await SocketProvider.StartAsync(
            async talk =>
            {
                await talk.SayAsync("[1]");
                await talk.StayAsync();
            },
            refuse: (context, attempt) =>
            {
                context.Response.StatusCode = attempt <= 3 ? status : 101;
                return Task.FromResult(attempt <= 3);
            });
        var counted = 0;
        await using var bench = new SocketBench(provider.Address);
        bench.Output.BeforeEmit = () =>
        {
            counted = (int)bench.Health.Failures;
            return Task.CompletedTask;
        };
        await Eventually.TrueAsync(() => bench.Health.Failures == 3 || bench.Output.Documents.Count > 0);
        Assert.Equal(reason, bench.Health.LastError);
        await bench.Output.WaitForAsync(1);
        Assert.Equal(3, counted);
        Assert.Equal((failures > 0 ? "server_error" : "refused", reason), (bench.Fixture.Gate.Breaker.LastErrorClass, bench.Fixture.Gate.Breaker.LastError));
    }

    [Fact]
    public async Task An_open_breaker_is_asked_first_and_costs_neither_permit_nor_failure()
    {
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            await talk.SayAsync("[1]");
            await talk.StayAsync();
        });
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var bench = new SocketBench(provider.Address, time: time);
        await bench.Output.WaitForAsync(1);
        await bench.Fixture.Gate.TripAsync(TestContext.Current.CancellationToken);
        provider.Last.Cut();
        await Eventually.TrueAsync(() => bench.Health.Failures == 1);
        for (var i = 0; i < 100; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal((1, 1L, 1L), (provider.Attempts, bench.Fixture.Gate.Throttle.Granted, bench.Health.Failures));
        await bench.Fixture.Gate.ResetAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return bench.Output.Documents.Count == 2;
        });
        Assert.Equal((2, 2L, 1L), (provider.Attempts, bench.Fixture.Gate.Throttle.Granted, bench.Health.Failures));
    }

    [Fact]
    public async Task A_provider_in_trouble_opens_the_breaker_and_is_left_alone()
    {
        await using var provider = await SocketProvider.StartAsync(talk => talk.StayAsync(), refuse: (context, _) =>
        {
            context.Response.StatusCode = 500;
            return Task.FromResult(true);
        });
        await using var bench = new SocketBench(provider.Address, settings: p => p with { Breaker = new BreakerOptions { Failures = 2, Recovery = Duration.Seconds(3600) } });
        await Eventually.TrueAsync(() => bench.Fixture.Gate.Breaker.State == "open");
        await bench.StopAsync();

        Assert.Equal((2, 2L), (provider.Attempts, bench.Fixture.Gate.Throttle.Granted));
        Assert.Equal((2, 2), (bench.Fixture.Gate.Breaker.Failures["server_error"], bench.Fixture.Gate.Breaker.Failures.Values.Sum()));
    }

    [Fact]
    public async Task A_provider_that_asks_for_patience_gets_it()
    {
        await using var provider = await SocketProvider.StartAsync(talk => talk.StayAsync(), refuse: (context, _) =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "600";
            return Task.FromResult(true);
        });
        await using var bench = new SocketBench(provider.Address);
        await Eventually.TrueAsync(() => bench.Health.Failures == 1);
        Assert.Equal(1, bench.Fixture.Gate.Throttle.TooManyRequests);
        await bench.StopAsync();

        Assert.Equal(1, provider.Attempts);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 4)]
    public async Task Messages_take_permits_where_the_provider_counts_them(bool counts, long permits)
    {
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            await talk.HearAsync(2);
            await talk.SayAsync("\"ping\"");
            await talk.HearAsync(3);
            await talk.SayAsync("[1]");
            await talk.StayAsync();
        });
        await using var bench = new SocketBench(provider.Address, new WebSocketSourceOptions
        {
            Subscribe = SocketBench.Messages("\"a\"", "\"b\""),
            Reply = [new ReplyOptions { When = "@ == 'ping'", Send = SocketBench.Json("\"pong\"") }],
            ThrottleMessages = counts,
        });
        await bench.Output.WaitForAsync(2);

        Assert.Equal(permits, bench.Fixture.Gate.Throttle.Granted);
        Assert.Equal(["a", "b", "pong"], provider.Last.Heard);
    }

    [Fact]
    public async Task Secrets_are_not_in_what_is_told()
    {
        const string Secret = "s3cr3t-0042";
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            await talk.CloseAsync(WebSocketCloseStatus.PolicyViolation, $"bad token {Secret}");
            await talk.StayAsync();
        });
        await using var bench = new SocketBench(provider.Address, new WebSocketSourceOptions { Headers = new Dictionary<string, string> { ["X-Key"] = Secret } });
        await Eventually.TrueAsync(() => bench.Health.Failures > 0);

        Assert.Equal("the provider closed the connection: 1008 bad token ***", bench.Health.LastError);
        Assert.DoesNotContain(bench.Logged, l => l.Contains(Secret, StringComparison.Ordinal));
    }
}
