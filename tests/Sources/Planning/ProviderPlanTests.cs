using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;
using StreamEngine.Sources.Planning;

namespace StreamEngine.Sources.Tests.Planning;

/// <summary>What a plan says of ten configs, and what their schedules then ask.</summary>
public class ProviderPlanTests
{
    private static readonly string[] States = ["Live", "Preview", "Final"];

    private static readonly ThrottleOptions Windows = new() { PerSecond = 1000, PerMinute = 60_000, PerHour = 1_000_000, PerDay = 10_000_000 };

    private static EveryOptions Every(double seconds) => new() { Otherwise = Duration.Seconds(seconds) };

    private static readonly EveryOptions ByState = new()
    {
        When = "state",
        Otherwise = Duration.Seconds(600),
        Values = new Dictionary<string, Duration> { ["Live"] = Duration.Seconds(5), ["Preview"] = Duration.Seconds(60) },
    };

    private static HttpSourceOptions Ask(double seconds, params string[] requests) => new() { Provider = "p", Request = requests, Every = Every(seconds) };

    private static HttpSourceOptions Games(AssumeOptions? assume, EveryOptions every, params string[] requests) => new()
    {
        Provider = "p",
        Request = requests,
        Every = every,
        Assume = assume,
        For = new ForOptions { From = "schedule", Each = ["$[*]"], Names = new Dictionary<string, string> { ["id"] = "id", ["state"] = "state" } },
    };

    private static AssumeOptions Assume(int items, params (string State, int Count)[] states) => new() { Items = items, Values = states.ToDictionary(s => s.State, s => s.Count) };

    /// <summary>Configs, and the items that each of their chained sources then finds: so many of each state.</summary>
    private static readonly (Dictionary<string, HttpSourceOptions> Sources, int[] Items)[] Configs =
    [
        (new() { ["a"] = Ask(1, "/a") }, []),
        (new() { ["a"] = Ask(7, "/a", "/b", "/c") }, []),
        (new() { ["a"] = Ask(0.5, "/a"), ["b"] = Ask(13, "/b"), ["c"] = Ask(3600, "/c") }, []),
        (new() { ["a"] = Ask(10, "/odds?markets=h2h,spreads&regions=us,eu,uk") with { Cost = new CostOptions { Times = ["markets", "regions"] } } }, []),
        (new() { ["a"] = Ask(30, "/x?m=1", "/x?m=1,2") with { Cost = new CostOptions { Credits = 2, Times = ["m"] } }, ["b"] = Ask(5, "/y") }, []),
        (new() { ["a"] = Ask(20, "/a") with { Pages = new PagesOptions { By = PagesOptions.ByPage, Items = "$", Size = 2 }, Assume = new AssumeOptions { Pages = 4 } } }, []),
        (new() { ["a"] = Ask(2, "/a") with { Jitter = 1 } }, []),
        (new() { ["schedule"] = Ask(60, "/s"), ["a"] = Games(Assume(15), Every(30), "/game/{id}") }, [15, 0, 0]),
        (new() { ["schedule"] = Ask(60, "/s"), ["a"] = Games(Assume(15, ("Live", 6), ("Preview", 5)), ByState, "/game/{id}") }, [6, 5, 4]),
        (new() { ["schedule"] = Ask(60, "/s"), ["a"] = Games(Assume(4, ("Live", 3)), ByState, "/game/{id}/feed", "/game/{id}/box?e=1,2") with { Cost = new CostOptions { Times = ["e"] } } }, [3, 0, 1]),
    ];

    public static TheoryData<int> Numbers => [.. Enumerable.Range(0, Configs.Length)];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_plan_says_what_is_then_asked(int config)
    {
        var (sources, items) = Configs[config];
        var pipeline = new PipelineOptions { Sources = sources.ToDictionary(s => s.Key, s => (SourceOptions)s.Value) };
        var plan = ProviderPlan.Of("p", Windows, pipeline);
        Assert.All(plan.Sources, s => Assert.Empty(s.Guesses));
        var window = plan.Windows.Single(w => w.Window.Name == "day");
        var asked = sources.Values.Sum(s => Asked(s, items, window.Window.Length));

        // A day long: within one percent, or two requests of the dearest kind.
        var slack = Math.Max(asked / 100.0, 2 * plan.Sources.SelectMany(s => s.Demands).Max(d => d.Credits));
        Assert.InRange(window.Needs, asked - slack, asked + slack);
    }

    /// <summary>Credits that a source's schedule asks for, in so much time after its first requests.</summary>
    private static long Asked(HttpSourceOptions source, int[] states, TimeSpan time)
    {
        var clock = new FakeTimeProvider();
        var schedule = new RequestSchedule(source.Every, source.Jitter, clock, new Random(5));
        var items = source.For is null ? null : states.SelectMany((count, state) => Enumerable.Repeat(States[state], count))
            .Select((state, id) => (IReadOnlyDictionary<string, string>)new Dictionary<string, string> { ["id"] = $"{id}", ["state"] = state }).ToList();
        schedule.Set(Wanted.Of(source, items, out var left));
        Assert.Equal(0, left);
        long asked = 0;
        var first = schedule.Count;
        for (var end = clock.GetUtcNow() + time; clock.GetUtcNow() < end;)
        {
            while (schedule.TakeDue() is { } request)
            {
                var cost = source.Cost.Of(ProviderUrl.QueryOf(request.Template.At(clock.GetUtcNow()))) * (source.Assume?.Pages ?? 1);
                asked += first-- > 0 ? 0 : cost;
                schedule.Done(request);
            }

            clock.Advance(TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(schedule.UntilDue!.Value.TotalMilliseconds))));
        }

        return asked;
    }

    private static ProviderPlan Plan(ThrottleOptions throttle, params (string Name, HttpSourceOptions Options)[] sources) =>
        ProviderPlan.Of("p", throttle, new PipelineOptions { Sources = sources.ToDictionary(s => s.Name, s => (SourceOptions)s.Options) });

    [Fact]
    public void A_month_that_does_not_suffice_says_when_it_ends_and_what_helps()
    {
        // 31 days of an odds provider that is asked every minute and a half, for 20,000 credits.
        var plan = Plan(new ThrottleOptions { PerMonth = 20_000 }, ("odds", Ask(90, "/odds?markets=h2h") with { Cost = new CostOptions { Times = ["markets"] } }));
        var month = Assert.Single(plan.Windows, w => !w.Fits);
        Assert.Equal((29_760, 20.8), (month.Needs, Math.Round(month.LastsFor!.Value.TotalDays, 1)));
        Assert.Equal("raise 'every' of 'odds' to 134s", plan.Remedy);
        Assert.True(Plan(new ThrottleOptions { PerMonth = 20_000 }, ("odds", Ask(134, "/odds"))).Fits);
        Assert.False(Plan(new ThrottleOptions { PerMonth = 20_000 }, ("odds", Ask(133, "/odds"))).Fits);
    }

    [Fact]
    public void The_remedy_slows_down_the_one_that_takes_most_or_all_when_that_is_not_enough()
    {
        var throttle = new ThrottleOptions { PerSecond = null, PerMinute = 60 };
        Assert.Equal("raise 'every' of 'b' to 2s", Plan(throttle, ("a", Ask(2, "/a")), ("b", Ask(1, "/b"))).Remedy);
        Assert.Equal("make the intervals of 'b' 1.82 times as long", Plan(throttle, ("a", Ask(2, "/a")), ("b", Games(Assume(15, ("Live", 4)), ByState with { Values = new Dictionary<string, Duration> { ["Live"] = Duration.Seconds(4.5) } }, "/{id}"))).Remedy);
        Assert.Equal("make the intervals of all its sources 3 times as long", Plan(throttle, ("a", Ask(1, "/a")), ("b", Ask(1, "/b")), ("c", Ask(1, "/c"))).Remedy);
        Assert.Null(Plan(throttle, ("a", Ask(1, "/a"))).Remedy);
    }

    [Fact]
    public void Where_the_config_does_not_say_it_a_guess_is_named()
    {
        var source = Games(null, ByState, "/game/{id}") with { Pages = new PagesOptions { By = PagesOptions.ByNext, Path = "$.next" } };
        var plan = SourcePlan.Of("a", source with { MaxRequests = 40 });
        Assert.Equal("40 requests every 5s", plan.ToString());
        Assert.Equal(
            [
                "how many items 'for' finds is known when it runs; 40 taken, say it with \"assume\": { \"items\": N }",
                "how many pages an answer has is known when it runs; 1 taken, say it with \"assume\": { \"pages\": N }",
                "how many are asked at which interval is known when it runs; the shortest taken for all, say it with \"assume\": { \"Live\": N }",
            ],
            plan.Guesses);
        Assert.Equal("1 request every 5s", SourcePlan.Of("a", source).ToString());
    }

    [Fact]
    public void A_source_is_told_in_one_line()
    {
        Assert.Equal("6 requests every 5s, 9 every 10m", SourcePlan.Of("a", Games(Assume(15, ("Live", 6)), ByState, "/{id}")).ToString());
        Assert.Equal("1 request of 6 credits every 1m", SourcePlan.Of("a", Ask(60, "/x?m=1,2,3") with { Cost = new CostOptions { Credits = 2, Times = ["m"] } }).ToString());
        Assert.Equal("1 request of 2 credits every 1m, 1 of 1 credit every 1m", SourcePlan.Of("a", Ask(60, "/x", "/x?m=1,2") with { Cost = new CostOptions { Times = ["m"] } }).ToString());
    }
}
