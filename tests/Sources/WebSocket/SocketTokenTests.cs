using Microsoft.AspNetCore.Http;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Tests.WebSockets;

/// <summary>Providers that want a token which is fetched.</summary>
public sealed class SocketTokenTests
{
    private int given;

    /// <summary>A provider that gives tokens, and lets in who brings one that is good.</summary>
    private Task<SocketProvider> StartAsync(Func<string, bool> isGood) => SocketProvider.StartAsync(
        async talk =>
        {
            await talk.SayAsync("[1]");
            await talk.StayAsync();
        },
        refuse: async (context, _) =>
        {
            if (context.Request.Path == "/token")
            {
                Assert.Equal("POST", context.Request.Method);
                await context.Response.WriteAsync($"{{\"access_token\":\"t0ken-{Interlocked.Increment(ref given)}\",\"expires_in\":3600}}");
                return true;
            }

            var refused = !isGood(context.Request.Headers.Authorization.ToString());
            context.Response.StatusCode = refused ? 401 : 101;
            return refused;
        });

    private static SocketBench Bench(SocketProvider provider, string scheme = "http") => new(provider.Address, settings: p => p with
    {
        BaseUrl = new UriBuilder(provider.Address) { Scheme = scheme }.Uri.ToString(),
        Auth = new AuthOptions { Token = new TokenOptions { Url = "/token" } },
        Retry = new RetryOptions { Attempts = 1, Backoff = new DurationRange(Duration.Seconds(0.01), Duration.Seconds(600)) },
    });

    [Theory]
    [InlineData("http")]
    [InlineData("ws")]
    public async Task A_token_is_fetched_through_the_gate_and_sent_with_the_connection(string scheme)
    {
        await using var provider = await StartAsync(brought => brought == "Bearer t0ken-1");
        await using var bench = Bench(provider, scheme);
        await bench.Output.WaitForAsync(1);

        Assert.Equal((1, 0L), (given, bench.Health.Failures));
        await Eventually.TrueAsync(() => bench.Fixture.Gate.Throttle.Granted == 2);
    }

    [Fact]
    public async Task A_refused_token_is_replaced_once_and_the_connection_made_at_once()
    {
        await using var provider = await StartAsync(brought => brought == "Bearer t0ken-2");
        await using var bench = Bench(provider);
        await bench.Output.WaitForAsync(1);

        Assert.Equal((2, 0L), (given, bench.Health.Failures));
        Assert.Equal(4, provider.Attempts);
    }

    [Fact]
    public async Task Refused_with_a_new_token_too_it_is_a_failure_and_no_more_tokens_are_fetched()
    {
        await using var provider = await StartAsync(_ => false);
        await using var bench = Bench(provider);
        await Eventually.TrueAsync(() => bench.Health.Failures >= 3);

        Assert.Equal("401 Unauthorized, also with a token that was just fetched", bench.Health.LastError);
        Assert.Equal(2, given);
        Assert.Equal("closed", bench.Fixture.Gate.Breaker.State);
        Assert.DoesNotContain(bench.Logged, l => l.Contains("t0ken", StringComparison.Ordinal));
    }
}
