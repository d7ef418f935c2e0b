using System.Globalization;
using System.Text.Json;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;
using StreamEngine.Sources.Planning;
using StreamEngine.Sources.Simulator;

namespace StreamEngine.Sources.Tests.Planning;

/// <summary>Nothing else may keep the machine from asking in time.</summary>
[CollectionDefinition(nameof(PlannedCountsTests), DisableParallelization = true)]
public sealed class PlannedCountsCollection;

/// <summary>
/// What <c>plan</c> says of ten configs, and what strict providers then count over real sockets, all ten at once. STREAMENGINE_PLAN_SECONDS is how long,
/// 10 unless stated; a multiple of ten.
/// </summary>
[Collection(nameof(PlannedCountsTests))]
public class PlannedCountsTests
{
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(
        int.Parse(Environment.GetEnvironmentVariable("STREAMENGINE_PLAN_SECONDS") is { Length: > 0 } text ? text : "10", CultureInfo.InvariantCulture));

    private static readonly ThrottleOptions Generous = new() { PerSecond = 1000, PerMinute = null };

    private static readonly EveryOptions ByState = new()
    {
        When = "state",
        Otherwise = Duration.Seconds(5),
        Values = new Dictionary<string, Duration> { ["Live"] = Duration.Seconds(1), ["Preview"] = Duration.Seconds(2) },
    };

    private static readonly (Dictionary<string, HttpSourceOptions> Sources, SimOptions Provider)[] Configs =
    [
        (new() { ["a"] = Ask(0.25, "/a") }, Provider()),
        (new() { ["a"] = Ask(1, "/a", "/b", "/c") with { Jitter = new HttpSourceOptions().Jitter } }, Provider()),
        (new() { ["a"] = Ask(0.5, "/a"), ["b"] = Ask(1, "/b"), ["c"] = Ask(2.5, "/c") }, Provider()),
        (new() { ["a"] = Ask(1, "/odds?markets=h2h,spreads&regions=us,eu,uk") with { Cost = Times("markets", "regions") } }, Provider() with { Cost = Times("markets", "regions") }),
        (new() { ["a"] = Ask(2, "/x?m=1", "/x?m=1,2") with { Cost = Times("m") }, ["b"] = Ask(0.5, "/y") }, Provider() with { Cost = Times("m") }),
        (new() { ["a"] = Ask(2, "/page/1") with { Pages = new PagesOptions { By = PagesOptions.ByNext, Path = "$.next" }, Assume = new AssumeOptions { Pages = 3 } } },
            Provider(("/page/1", """{"next":"/page/2"}"""), ("/page/2", """{"next":"/page/3"}"""), ("/page/3", "{}"))),
        (new() { ["a"] = Ask(0.5, "/a") }, Provider() with { Latency = new DurationRange(Duration.Seconds(0.2), Duration.Seconds(0.4)) }),
        (new() { ["schedule"] = Ask(5, "/schedule"), ["a"] = ForGames(new EveryOptions { Otherwise = Duration.Seconds(2) }, Assume(15), "/game/{id}") }, Provider(Games(15, 0, 0))),
        (new() { ["schedule"] = Ask(5, "/schedule"), ["a"] = ForGames(ByState, Assume(15, ("Live", 6), ("Preview", 5)), "/game/{id}") }, Provider(Games(6, 5, 4))),
        (new() { ["schedule"] = Ask(5, "/schedule"), ["a"] = ForGames(ByState, Assume(4, ("Live", 3)), "/game/{id}/feed", "/game/{id}/box?e=1,2") with { Cost = Times("e") } },
            Provider(Games(3, 0, 1)) with { Cost = Times("e") }),
    ];

    [Fact]
    public async Task A_strict_provider_counts_what_was_planned() =>
        await Task.WhenAll(Configs.Select((c, i) => CountAsync(i + 1, c.Sources, c.Provider)));

    private static async Task CountAsync(int number, Dictionary<string, HttpSourceOptions> sources, SimOptions provider)
    {
        await using var sim = await ProviderSim.StartAsync(provider, cancellationToken: TestContext.Current.CancellationToken);
        await using var fixture = new SourceFixture(SourceFixture.Fast(sim.Address) with { Throttle = Generous });
        fixture.Run([.. sources.Select(s => (s.Key, s.Value))]);

        await Eventually.TrueAsync(() => sim.Report().Requests > 0);

        // Every interval divides the time, so each request is made once for each interval that begins in it: the last ones are in, and the next are not due.
        var shortest = sources.Values.Min(s => s.Every.Values.Values.Append(s.Every.Otherwise!.Value).Min().Value);
        await Task.Delay(Span - (shortest / 2), TestContext.Current.CancellationToken);
        var report = sim.Report();

        var pipeline = new PipelineOptions { Sources = sources.ToDictionary(s => s.Key, s => (SourceOptions)s.Value) };
        var plan = ProviderPlan.Of("p", Generous, pipeline);
        Assert.All(plan.Sources, s => Assert.Empty(s.Guesses));
        Compare("requests", plan.Sources.Sum(s => s.Needs(new RateLimit("span", 1, Span) { CountsRequests = true })), report.Requests, 1);
        Compare("credits", plan.Sources.Sum(s => s.Needs(new RateLimit("span", 1, Span))), report.Credits, plan.Sources.SelectMany(s => s.Demands).Max(d => d.Credits));
        Assert.Equal((0, 0), (report.Violations, report.NotFound));

        // Within one percent, or two requests of the dearest kind.
        void Compare(string what, double planned, long counted, int dearest)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"config {number}: {planned:0.#} {what} planned, {counted} counted");
            Assert.True(Math.Abs(counted - planned) <= Math.Max(planned / 100, 2 * dearest), $"config {number}: {planned} {what} planned, {counted} counted");
        }
    }

    private static HttpSourceOptions Ask(double seconds, params string[] requests) =>
        new() { Provider = "p", Request = requests, Every = new EveryOptions { Otherwise = Duration.Seconds(seconds) }, Jitter = 0 };

    private static HttpSourceOptions ForGames(EveryOptions every, AssumeOptions assume, params string[] requests) => Ask(1, requests) with
    {
        Every = every,
        Assume = assume,
        For = new ForOptions { From = "schedule", Each = ["$[*]"], Names = new Dictionary<string, string> { ["id"] = "id", ["state"] = "state" } },
    };

    private static AssumeOptions Assume(int items, params (string State, int Count)[] states) => new() { Items = items, Values = states.ToDictionary(s => s.State, s => s.Count) };

    private static CostOptions Times(params string[] parameters) => new() { Times = parameters };

    private static (string, string) Games(int live, int preview, int final)
    {
        var states = Enumerable.Repeat("Live", live).Concat(Enumerable.Repeat("Preview", preview)).Concat(Enumerable.Repeat("Final", final));
        return ("/schedule", JsonSerializer.Serialize(states.Select((state, id) => new { id, state })));
    }

    private static SimOptions Provider(params (string Path, string Json)[] answers) => new()
    {
        Throttle = Generous,
        Latency = new DurationRange(Duration.Seconds(0.02), Duration.Seconds(0.08)),
        Paths = [.. answers.Append(("/*", "{}")).Select(a => new SimPathOptions { Path = a.Item1, Json = JsonSerializer.Deserialize<JsonElement>(a.Item2) })],
    };
}
