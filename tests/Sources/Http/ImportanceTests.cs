using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

public sealed class ImportanceTests
{
    [Fact]
    public async Task Requests_wait_in_the_class_that_their_source_states_and_live_otherwise()
    {
        await using var provider = await TestProvider.StartAsync("[1]");
        await using var fixture = new SourceFixture(Spent(provider));
        await SpendAsync(fixture);
        fixture.Run(("games", Ask), ("rosters", Ask with { Importance = "reference" }));
        await Eventually.TrueAsync(() => fixture.Gate.Throttle.QueuedByClass == new QueuedRequests(0, 1, 1));
    }

    [Fact]
    public async Task A_token_is_wanted_at_once_for_all_wait_for_it()
    {
        await using var provider = await TestProvider.StartAsync("{}");
        await using var fixture = new SourceFixture(Spent(provider) with { Auth = new AuthOptions { Token = new TokenOptions { Url = "/token", Form = new Dictionary<string, string> { ["a"] = "b" } } } });
        await SpendAsync(fixture);
        fixture.Run(("games", Ask), ("rosters", Ask with { Importance = "reference" }));
        await Eventually.TrueAsync(() => fixture.Gate.Throttle.QueuedByClass == new QueuedRequests(1, 0, 0));
    }

    private static HttpSourceOptions Ask => new() { Provider = "p", Request = ["/x"], Every = new EveryOptions { Otherwise = Duration.Seconds(3600) } };

    private static ProviderOptions Spent(TestProvider provider) =>
        SourceFixture.Fast(provider.Address) with { Throttle = new ThrottleOptions { PerSecond = null, PerMinute = null, PerHour = 1 } };

    private static Task<GateResult<int>> SpendAsync(SourceFixture fixture) => fixture.Gate.ExecuteAsync(_ => ValueTask.FromResult(AttemptResult.Success(1)), TestContext.Current.CancellationToken);
}
