using System.Globalization;
using Microsoft.AspNetCore.Http;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Sources.Http;
using StreamEngine.Sources.OnDemand;

namespace StreamEngine.Sources.Tests.Http;

public sealed class PullTests
{
    private static readonly EveryOptions Hourly = new() { Otherwise = Duration.Seconds(3600) };

    private static readonly HttpSourceOptions People = new() { Provider = "p", Request = ["/people/{id}"], Pull = "player:mlb:{id}" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_thousand_who_ask_for_a_hundred_keys_together_cost_a_hundred_requests()
    {
        await using var provider = await TestProvider.StartAsync("{}");
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("people", People))[0];
        var results = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => Task.Run(() => fixture.Pulls.AskAsync($"player:mlb:{i % 100}", Cancel))));
        Assert.All(results, r => Assert.Equal(new PullResult(PullOutcome.Answered), r));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"/people/{i}").Order(StringComparer.Ordinal), provider.Requests.Select(r => r.Path).Order(StringComparer.Ordinal));
        Assert.Equal(100, output.Documents.Count);
    }

    [Fact]
    public async Task They_go_before_polls_of_reference_data_which_go_on_all_the_same()
    {
        await using var provider = await TestProvider.StartAsync("{}");
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address) with { Throttle = new ThrottleOptions { PerSecond = 16, PerMinute = null, Queue = 100 } });
        var polls = new HttpSourceOptions { Provider = "p", Request = [.. Enumerable.Range(0, 20).Select(i => $"/reference/{i}")], Every = new EveryOptions { Otherwise = Duration.Seconds(0.01) }, Importance = HttpSourceOptions.ReferenceClass };
        fixture.Run(("people", People), ("reference", polls));
        await Eventually.TrueAsync(() => provider.Requests.Count >= 16 && fixture.Gate.Throttle.Queued >= 8);
        var before = provider.Requests.Count;
        var results = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => Task.Run(() => fixture.Pulls.AskAsync($"player:mlb:{i % 100}", Cancel))));
        Assert.All(results, r => Assert.Equal(PullOutcome.Answered, r.Outcome));
        var meanwhile = provider.Requests.Skip(before).ToList();
        Assert.Equal(100, meanwhile.Count(r => r.Path.StartsWith("/people/", StringComparison.Ordinal)));

        // One in thirteen is theirs, and what was granted before the first was asked for.
        Assert.InRange(meanwhile.Count(r => r.Path.StartsWith("/reference/", StringComparison.Ordinal)), 4, 20);
    }

    [Fact]
    public async Task The_answer_has_gone_down_the_pipeline_when_it_is_told()
    {
        await using var provider = await TestProvider.StartAsync("""{"name":"Ann"}""");
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("people", People))[0];
        var full = new TaskCompletionSource();
        output.BeforeEmit = () => full.Task;
        var asked = fixture.Pulls.AskAsync("player:mlb:7", Cancel);
        await Eventually.TrueAsync(() => provider.Count("/people/7") == 1);
        Assert.False(asked.IsCompleted);
        full.SetResult();
        Assert.Equal(PullOutcome.Answered, (await asked).Outcome);
        Assert.Equal(["""{"name":"Ann"}"""], output.Texts);
    }

    [Fact]
    public async Task It_is_asked_for_only_when_somebody_waits()
    {
        await using var provider = await TestProvider.StartAsync("{}");
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var outputs = fixture.Run(("people", People), ("other", new HttpSourceOptions { Provider = "p", Request = ["/other"], Every = new EveryOptions { Otherwise = Duration.Seconds(0.02) } }));
        await outputs[1].WaitForAsync(3);
        Assert.Empty(outputs[0].Documents);
        Assert.All(provider.Requests, r => Assert.Equal("/other", r.Path));
    }

    [Fact]
    public async Task What_is_polled_is_asked_for_at_once_and_keeps_its_number()
    {
        await using var provider = await TestProvider.StartAsync((context, call) => context.Response.WriteAsync(call.ToString(CultureInfo.InvariantCulture)));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("players", new HttpSourceOptions { Provider = "p", Request = ["/players"], Pull = "player:mlb:{id}", Every = Hourly }))[0];
        await output.WaitForAsync(1);
        await Eventually.TrueAsync(() => fixture.Pulls.AskAsync("player:mlb:1", Cancel) is not null && output.Documents.Count > 1);
        Assert.Equal(2, provider.Count("/players"));
        Assert.Equal([1, 1], output.Documents.Select(d => d.Document.Request));
    }

    [Fact]
    public async Task Whoever_comes_while_it_is_polled_waits_for_the_same_answer()
    {
        var answer = new TaskCompletionSource();
        await using var provider = await TestProvider.StartAsync(async (context, _) =>
        {
            await answer.Task;
            await context.Response.WriteAsync("{}");
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("players", new HttpSourceOptions { Provider = "p", Request = ["/players"], Pull = "player:mlb:{id}", Every = Hourly }))[0];
        await Eventually.TrueAsync(() => provider.Count("/players") == 1);
        var asked = Enumerable.Range(0, 5).Select(i => fixture.Pulls.AskAsync($"player:mlb:{i}", Cancel)).ToList();
        answer.SetResult();
        Assert.All(await Task.WhenAll(asked), r => Assert.Equal(PullOutcome.Answered, r.Outcome));
        Assert.Equal(1, provider.Count("/players"));
        Assert.Single(output.Documents);
    }

    [Fact]
    public async Task What_there_is_not_is_no_failure_of_the_source_and_is_asked_for_again()
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        fixture.Run(("people", People));
        for (var times = 1; times <= 4; times++)
        {
            Assert.Equal(new PullResult(PullOutcome.Failed, "404 Not Found"), await fixture.Pulls.AskAsync("player:mlb:9", Cancel));
            Assert.Equal(times, provider.Count("/people/9"));
        }

        Assert.Empty(fixture.Health.Sources);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(401)]
    public async Task Other_failures_are_those_of_the_source(int status)
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        fixture.Run(("people", People));
        Assert.Equal(PullOutcome.Failed, (await fixture.Pulls.AskAsync("player:mlb:9", Cancel)).Outcome);
        Assert.Equal(1, fixture.Health.Sources["people"].FailuresInARow);
    }

    [Fact]
    public async Task All_pages_come_and_what_is_cut_off_is_told()
    {
        await using var provider = await TestProvider.StartAsync((context, _) => context.Response.WriteAsync(
            context.Request.Query["page"] == "2" ? """{"games":[3],"total":5}""" : context.Request.Query["page"] == "3" ? """{"games":[],"total":5}""" : """{"games":[1,2],"total":5}"""));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("people", People with { Request = ["/people/{id}/games"], Pages = new PagesOptions { By = PagesOptions.ByPage, Items = "$.games", Total = "$.total", Parameter = "page" } }))[0];
        var result = await fixture.Pulls.AskAsync("player:mlb:9", Cancel);
        Assert.Equal(PullOutcome.Failed, result.Outcome);
        Assert.Contains("3 of 5", result.Error, StringComparison.Ordinal);
        Assert.True(output.Documents.Count >= 2, $"{output.Documents.Count} pages");
    }

    [Fact]
    public void What_a_poll_has_answered_meanwhile_is_not_asked_again()
    {
        var queue = new PullQueue(new PullKey("k:{id}"), [new RequestTemplate("/{id}")], 0, TimeProvider.System, () => { });
        queue.Ask("k:1");
        queue.Ask("k:2");
        queue.End(new RequestTemplate("/1"), new PullResult(PullOutcome.Answered));
        Assert.Equal("/2", queue.Next()!.Request.ToString());
        Assert.Null(queue.Next());
    }

    [Fact]
    public async Task An_open_breaker_refuses_and_says_until_when()
    {
        await using var provider = await TestProvider.StartAsync("{}");
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address) with { Breaker = new BreakerOptions { Failures = 1, Recovery = Duration.Seconds(3600) } });
        await fixture.Gate.ExecuteAsync(_ => ValueTask.FromResult(AttemptResult.Retry<int>("500")), Cancel);
        fixture.Run(("people", People));
        var result = await fixture.Pulls.AskAsync("player:mlb:9", Cancel);
        Assert.Equal(PullOutcome.Refused, result.Outcome);
        Assert.InRange(result.RetryAt!.Value, DateTimeOffset.UtcNow, fixture.Gate.Breaker.RetryAt!.Value);
        Assert.Empty(provider.Requests);
    }

    [Fact]
    public async Task When_one_source_has_no_answer_the_next_is_asked()
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.StatusCode = context.Request.Path.StartsWithSegments("/a") ? 404 : 200;
            return context.Response.WriteAsync("{}");
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var outputs = fixture.Run(("a", People with { Request = ["/a/{id}"] }), ("b", People with { Request = ["/b/{id}"] }));
        Assert.Equal(PullOutcome.Answered, (await fixture.Pulls.AskAsync("player:mlb:1", Cancel)).Outcome);
        Assert.Equal(["/a/1", "/b/1"], provider.Requests.Select(r => r.Path));
        Assert.Single(outputs[1].Documents);
    }

    [Fact]
    public async Task The_preferred_provider_is_asked_first()
    {
        var pulls = new PullRequests();
        PullQueue Queue(int priority) => new(new PullKey("k"), [new RequestTemplate("/")], priority, TimeProvider.System, () => { });
        var (late, first, second) = (Queue(20), Queue(10), Queue(10));
        pulls.Add(late);
        pulls.Add(first);
        pulls.Add(second);
        var asked = pulls.AskAsync("k", Cancel);
        foreach (var queue in (PullQueue[])[first, second, late])
        {
            Pull? next = null;
            await Eventually.TrueAsync(() => (next = queue.Next()) is not null);
            Assert.False(asked.IsCompleted);
            queue.End(next!.Request, new PullResult(PullOutcome.Failed, "no"));
        }

        Assert.Equal(PullOutcome.Failed, (await asked).Outcome);
    }

    [Fact]
    public async Task Nobody_waits_for_a_source_that_has_ended()
    {
        await using var provider = await TestProvider.StartAsync((context, _) => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        fixture.Run(("people", People));
        var asked = Enumerable.Range(0, 20).Select(i => fixture.Pulls.AskAsync($"player:mlb:{i}", Cancel)).ToList();
        await Eventually.TrueAsync(() => provider.Requests.Count == HttpSource.MaxPullsInFlight);
        await fixture.StopAsync();
        Assert.All(await Task.WhenAll(asked), r => Assert.Equal(new PullResult(PullOutcome.Failed, "the source was stopped"), r));
        Assert.Equal(new PullResult(PullOutcome.NoSource, "no source is asked for 'player:mlb:1'"), await fixture.Pulls.AskAsync("player:mlb:1", Cancel));
    }

    [Fact]
    public async Task No_more_than_a_thousand_wait()
    {
        var queue = new PullQueue(new PullKey("k:{id}"), [new RequestTemplate("/{id}")], 0, TimeProvider.System, () => { });
        var asked = Enumerable.Range(0, PullQueue.Most + 1).Select(i => queue.Ask($"k:{i}")!).ToList();
        Assert.Equal(new PullResult(PullOutcome.Refused, "too many are asked for already"), await asked[^1]);
        Assert.All(asked[..^1], a => Assert.False(a.IsCompleted));
    }

    [Theory]
    [InlineData("player:mlb:{id}", "player:mlb:660271", "id=660271")]
    [InlineData("player:mlb:{id}", "PLAYER:MLB:Aa", "id=Aa")]
    [InlineData("player:{sport}:{id}", "player:mlb:1", "sport=mlb,id=1")]
    [InlineData("odds:all", "odds:all", "")]
    [InlineData("player:mlb:{id}", "player:mlb:", null)]
    [InlineData("player:mlb:{id}", "player:mlb:1:2", null)]
    [InlineData("player.mlb:{id}", "playerxmlb:1", null)]
    [InlineData("player:mlb:{id}", "player:mlb:..", null)]
    [InlineData("player:mlb:{id}", "player:mlb:...", "id=...")]
    public void A_key_is_taken_apart_by_its_names(string pattern, string key, string? expected) =>
        Assert.Equal(expected, new PullKey(pattern).Match(key) is { } values ? string.Join(",", values.Select(v => $"{v.Key}={v.Value}")) : null);

    [Fact]
    public async Task A_key_changes_nothing_of_a_request_but_its_place()
    {
        await using var provider = await TestProvider.StartAsync("{}");
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("people", People))[0];
        await fixture.Pulls.AskAsync("player:mlb:../admin?x=1", Cancel);
        Assert.EndsWith("/people/..%2Fadmin%3Fx%3D1", output.Documents.Single().Document.Origin, StringComparison.Ordinal);
    }
}
