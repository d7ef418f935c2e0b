using Microsoft.AspNetCore.Http;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

/// <summary>Answers that come when the provider's breaker has opened meanwhile.</summary>
public class LateAnswerTests
{
    [Theory]
    [InlineData("json")]
    [InlineData("lines")]
    public async Task What_was_asked_before_the_breaker_opened_counts_as_received_before(string format)
    {
        var (asked, answer) = (new SemaphoreSlim(0), new SemaphoreSlim(0));
        await using var provider = await TestProvider.StartAsync(async (context, count) =>
        {
            asked.Release();
            await answer.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync($"{{\"n\":{count}}}\n");
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var outage = fixture.Health.Outage("p");
        var output = fixture.Run(("s", new HttpSourceOptions { Provider = "p", Request = ["/"], Every = new EveryOptions { Otherwise = Duration.Seconds(0.02) }, Format = format }))[0];
        answer.Release();
        var before = (await output.WaitForAsync(1))[0].Document.ReceivedTime;
        Assert.True(await asked.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.True(await asked.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        await fixture.Gate.TripAsync(TestContext.Current.CancellationToken);
        answer.Release();
        Assert.InRange((await output.WaitForAsync(2))[1].Document.ReceivedTime, before, outage.OpenedAt - 1);

        await fixture.Gate.ResetAsync(TestContext.Current.CancellationToken);
        answer.Release();
        Assert.InRange((await output.WaitForAsync(3))[2].Document.ReceivedTime, outage.OpenedAt, DateTime.UtcNow.Ticks);
    }
}
