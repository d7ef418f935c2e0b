using Microsoft.AspNetCore.Http;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

public class ChainedRequestTests
{
    private static readonly ForOptions Games = new()
    {
        From = "schedule",
        Each = ["$.dates[*].games[*]"],
        Names = new Dictionary<string, string> { ["game"] = "gamePk", ["state"] = "status.state" },
    };

    private static HttpSourceOptions Schedule(double every = 0.05) =>
        new() { Provider = "p", Request = ["/schedule?date={today}"], Every = new EveryOptions { Otherwise = Duration.Seconds(every) } };

    private static HttpSourceOptions Feeds(EveryOptions? every = null, int? max = null) =>
        new() { Provider = "p", Request = ["/game/{game}/feed"], For = Games, Every = every ?? new EveryOptions { Otherwise = Duration.Seconds(0.02) }, MaxRequests = max };

    private static string ScheduleOf(params (string Game, string State)[] games) =>
        "{\"dates\": [{\"games\": [" + string.Join(",", games.Select(g => $"{{\"gamePk\": {g.Game}, \"status\": {{\"state\": \"{g.State}\"}}}}")) + "]}]}";

    private static Task<TestProvider> ProviderAsync(Func<int, string> schedule) => TestProvider.StartAsync((context, call) =>
        context.Response.WriteAsync(context.Request.Path == "/schedule" ? schedule(call) : $"\"{context.Request.Path} {call}\""));

    [Fact]
    public async Task Each_listed_item_is_asked_for()
    {
        await using var provider = await ProviderAsync(_ => ScheduleOf(("1", "live"), ("\"a/b?c\"", "live")));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var outputs = fixture.Run(("feeds", Feeds()), ("schedule", Schedule()));
        var documents = await outputs[0].WaitForAsync(all => all.Select(d => d.Document.Origin).Distinct().Count() == 2);
        Assert.Equal([1, 2], documents.Select(d => d.Document.Request).Distinct().Order());
        Assert.Contains("/game/1/feed", provider.Requests.Select(r => r.Path));
        Assert.Contains(documents, d => d.Document.Origin.EndsWith("/game/a%2Fb%3Fc/feed", StringComparison.Ordinal));
        Assert.Contains(provider.Requests, r => r.Path == $"/schedule?date={DateTime.UtcNow:yyyy-MM-dd}");
    }

    [Fact]
    public async Task What_is_no_longer_listed_is_not_asked_any_more_and_its_number_is_used_again()
    {
        var listed = ScheduleOf(("1", "live"), ("2", "live"));
        await using var provider = await ProviderAsync(_ => Volatile.Read(ref listed));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("feeds", Feeds()), ("schedule", Schedule()))[0];
        await output.WaitForAsync(all => all.Any(d => d.Text.StartsWith("\"/game/1/", StringComparison.Ordinal)) && all.Any(d => d.Text.StartsWith("\"/game/2/", StringComparison.Ordinal)));
        Volatile.Write(ref listed, ScheduleOf(("2", "live"), ("3", "live")));
        var documents = await output.WaitForAsync(all => all.Any(d => d.Text.StartsWith("\"/game/3/", StringComparison.Ordinal)));
        int NumberOf(int game) => documents.First(d => d.Text.StartsWith($"\"/game/{game}/", StringComparison.Ordinal)).Document.Request;
        Assert.Equal([1, 2], new[] { 1, 2 }.Select(NumberOf).Order());

        var first = provider.Count("/game/1/feed");
        var third = provider.Count("/game/3/feed");
        await Eventually.TrueAsync(() => provider.Count("/game/3/feed") >= third + 5);
        Assert.InRange(provider.Count("/game/1/feed"), first, first + 1);
        Assert.InRange(NumberOf(3), 1, 3);
    }

    [Fact]
    public async Task Started_again_it_knows_its_items_though_their_list_does_not_change()
    {
        await using var provider = await ProviderAsync(_ => ScheduleOf(("1", "live")));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var options = Feeds();
        var outputs = fixture.Run(("feeds", options), ("schedule", Schedule()));
        await outputs[0].WaitForAsync(1);
        await outputs[1].WaitForAsync(all => all.Any(d => d.Document.Confirmed));
        await fixture.Run(("feeds", options))[0].WaitForAsync(1);
    }

    [Fact]
    public async Task The_value_of_a_name_decides_how_often()
    {
        var every = new EveryOptions
        {
            When = "state",
            Otherwise = Duration.Seconds(600),
            Values = new Dictionary<string, Duration> { ["live"] = Duration.Seconds(0.02) },
        };
        var listed = ScheduleOf(("1", "preview"), ("2", "live"));
        await using var provider = await ProviderAsync(_ => Volatile.Read(ref listed));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        fixture.Run(("feeds", Feeds(every)), ("schedule", Schedule()));
        await Eventually.TrueAsync(() => provider.Count("/game/2/feed") >= 5);
        Assert.Equal(1, provider.Count("/game/1/feed"));

        // It begins: no need to wait for the ten minutes to pass.
        Volatile.Write(ref listed, ScheduleOf(("1", "live"), ("2", "live")));
        await Eventually.TrueAsync(() => provider.Count("/game/1/feed") >= 5);
    }

    [Fact]
    public async Task No_more_requests_are_made_than_allowed()
    {
        await using var provider = await ProviderAsync(_ => ScheduleOf([.. Enumerable.Range(1, 20).Select(i => ($"{i}", "live"))]));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        fixture.Run(("feeds", Feeds(max: 3)), ("schedule", Schedule()));
        await Eventually.TrueAsync(() => provider.Count("/game/1/feed") >= 5);
        Assert.Equal(["/game/1/feed", "/game/2/feed", "/game/3/feed"], provider.Requests.Select(r => r.Path).Where(p => p.StartsWith("/game", StringComparison.Ordinal)).Distinct().Order());
    }
}
