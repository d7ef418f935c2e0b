using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

public class HttpSourceCheckTests
{
    private static readonly BlockType Type = SourceTypes.All.Single(t => t.Name == "http");

    private static readonly HttpSourceOptions Plain = new() { Provider = "mlb", Request = ["/a"], Every = new EveryOptions { Otherwise = Duration.Seconds(60) } };

    private static readonly HttpSourceOptions Chained = Plain with
    {
        Request = ["/game/{game}"],
        For = new ForOptions { From = "schedule", Each = ["$.games[*]"], Names = new Dictionary<string, string> { ["game"] = "id", ["state"] = "status.state" } },
    };

    private static CheckList Check(HttpSourceOptions options, params (string Name, SourceOptions Options)[] others)
    {
        var sources = new Dictionary<string, SourceOptions> { ["feeds"] = options };
        foreach (var (name, other) in others.Length > 0 ? others : [("schedule", Plain)])
        {
            sources[name] = other;
        }

        var check = new CheckList("feeds", new PipelineOptions { Providers = new Dictionary<string, ProviderOptions> { ["mlb"] = new() }, Sources = sources });
        Type.Check(options, check);
        return check;
    }

    [Fact]
    public void A_sane_source_has_no_faults()
    {
        var every = new EveryOptions { When = "state", Otherwise = Duration.Seconds(600), Values = new Dictionary<string, Duration> { ["Live"] = Duration.Seconds(5) } };
        var check = Check(Chained with { Every = every });
        Assert.Empty(check.Errors);
        Assert.Empty(check.Warnings);
    }

    [Fact]
    public void Names_must_be_bound() =>
        Assert.Equal(
            ["request: '{gmae}' is not bound; known: {game}, {state}, {today}; bind others under 'for', such as \"gmae\": \"path.in.the.item\""],
            Check(Chained with { Request = ["/game/{gmae}"] }).Errors);

    [Theory]
    [InlineData("/a/{today", "request: '/a/{today' has a '{' without its '}'; write names like {today}")]
    [InlineData("/a/{today:Mars}", "request: 'Mars' in '{today:Mars}' is no time zone this machine knows; write one like America/New_York")]
    [InlineData("https://x.test/a", "request: expected a path that is put after the provider's baseUrl, such as '/v1/games', found a whole URL; put its first part into the provider")]
    public void Requests_must_be_paths(string request, string error) => Assert.Equal([error], Check(Plain with { Request = [request] }).Errors);

    [Fact]
    public void Items_come_from_another_http_source()
    {
        Assert.Equal(["for.from: there is no source 'schedule'; name one of 'games'"], Check(Chained, ("games", Plain)).Errors);
        Assert.Equal(["for.from: source 'schedule' is not of type http, and only http sources list requests; add one that lists the items"], Check(Chained, ("schedule", new OtherOptions())).Errors);
        Assert.Equal(
            ["for.from: 'feeds' waits for itself: its requests come, in the end, from its own payloads; name one of 'schedule'"],
            Check(Chained, ("schedule", Chained with { For = Chained.For! with { From = "feeds" } })).Errors);
    }

    [Fact]
    public void Paths_must_parse_and_stay_in_the_item()
    {
        var names = new Dictionary<string, string> { ["game"] = "id[", ["up"] = "^.id" };
        var errors = Check(Chained with { For = Chained.For! with { Each = ["$.games[*]", "x...y"], Names = names } }).Errors;
        Assert.Equal(["for.each[1]", "for.game", "for.up"], errors.Select(e => e.Split(':')[0]));
    }

    [Fact]
    public void Intervals_by_value_need_a_bound_name()
    {
        var values = new Dictionary<string, Duration> { ["Live"] = Duration.Seconds(5) };
        Assert.Equal(
            ["every: intervals by value (Live) need 'when': the name, bound by 'for', whose value decides"],
            Check(Chained with { Every = new EveryOptions { Otherwise = Duration.Seconds(60), Values = values } }).Errors);
        Assert.Equal(
            ["every.when: 'status' is not bound; known: game, state"],
            Check(Chained with { Every = new EveryOptions { When = "status", Otherwise = Duration.Seconds(60), Values = values } }).Errors);
    }

    [Fact]
    public void A_schedule_past_the_budget_is_pointed_out_with_the_arithmetic()
    {
        var fast = Plain with { Request = ["/a", "/b", "/c"], Every = new EveryOptions { Otherwise = Duration.Seconds(1) } };
        Assert.Equal(
            ["every: source 'feeds' can ask 3 requests every 1s = 180/min; provider 'mlb' allows 60/min; each would be asked every 3s"],
            Check(fast).Warnings);

        var busy = Plain with { Every = new EveryOptions { Otherwise = Duration.Seconds(1.5) } };
        Assert.Equal(
            ["every: sources 'feeds', 'schedule' can ask 80/min together; provider 'mlb' allows 60/min; they would be asked less often"],
            Check(busy, ("schedule", busy)).Warnings);
    }

    private sealed record OtherOptions : SourceOptions;
}
