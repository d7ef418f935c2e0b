using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Transforms.Filter;
using StreamEngine.Pipeline.Transforms.Merge;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

public class HttpSourceCheckTests
{
    /// <summary>A filter that JSONPath allows and that selects nothing.</summary>
    private const string Never = "$.a[?@.b < true]";

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
    public void Paths_that_never_find_anything_are_told_where_they_stand()
    {
        var check = Check(Plain with
        {
            For = new ForOptions { From = "schedule", Each = [Never], Names = new Dictionary<string, string> { ["game"] = Never } },
            FailsWhen = $"exists({Never})",
            Pages = new PagesOptions { By = PagesOptions.ByNext, Path = Never },
        });
        Assert.Empty(check.Errors);
        Assert.Equal(["failsWhen", "for.each", "for.game", "pages.path"], check.Warnings.Where(w => w.Contains("write == or !=", StringComparison.Ordinal)).Select(w => w[..w.IndexOf(": ", StringComparison.Ordinal)]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_source_that_is_only_pulled_needs_no_interval()
    {
        Assert.Empty(Check(Plain with { Request = ["/people/{id}"], Pull = "player:mlb:{id}", Every = new EveryOptions() }).Errors);
        Assert.Equal(["every: required, but missing; add \"every\": a duration such as \"1m\""], Check(Plain with { Pull = "player:mlb:{id}", Every = new EveryOptions() }).Errors);
        Assert.Equal(["every: required, but missing; add \"every\": a duration such as \"1m\""], Check(Plain with { Every = new EveryOptions() }).Errors);
    }

    [Theory]
    [InlineData("player:{id", "pull: 'player:{id' has a '{' without its '}'; write names like {id}")]
    [InlineData("player:{id}:{id}", "pull: '{id}' is there twice; name each part once")]
    [InlineData("player:{}", "pull: 'player:{}' has a name without letters; write names like {id}")]
    [InlineData("game:{pk}", "pull: no request can be made from its names alone; known: {pk}; add those that the requests have, or a request of its own")]
    public void What_can_not_be_pulled_is_told(string key, string error) => Assert.Equal([error], Check(Chained with { Pull = key }).Errors);

    [Fact]
    public void A_request_has_its_names_from_one_place() => Assert.Equal(
        ["request: has names of 'for' and of 'pull', so nothing ever binds all of them; known from 'pull': {id}, from 'for': {game}, {state}", "pull: no request can be made from its names alone; known: {id}; add those that the requests have, or a request of its own"],
        Check(Chained with { Request = ["/game/{game}/{id}"], Pull = "player:{id}" }).Errors);

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
    public void Items_are_not_found_in_answers_that_are_taken_apart() => Assert.Equal(
        ["for.from: source 'schedule' hands its answers on while they arrive, and the items are found in whole ones only; name one of 'games'"],
        Check(Chained, ("schedule", Plain with { Items = "$[*]" }), ("games", Plain)).Errors);

    [Fact]
    public void A_source_that_may_stand_still_is_compared_with_another()
    {
        var watched = Plain with { FrozenAfter = Duration.Seconds(300) };
        Assert.Empty(Errors("wall", ("merged", ["some"]), ("some", ["feeds", "schedule"])));
        Assert.Equal(
            ["frozenAfter: with \"clock\": \"event\" nobody can say how long something stands still; remove it, or set \"clock\": \"wall\""],
            Errors("event", ("merged", ["feeds", "schedule"])));
        string[] alone = ["frozenAfter: nothing moves beside it that it could be compared with; let a merge read it together with another source, or remove this"];
        Assert.Equal(alone, Errors("wall", ("merged", ["some"]), ("some", ["feeds"])));
        Assert.Equal(alone, Errors("wall", ("merged", ["schedule"]), ("some", ["feeds", "schedule"])));

        List<string> Errors(string clock, params (string Name, string[] From)[] transforms)
        {
            var check = new CheckList("feeds", new PipelineOptions
            {
                Clock = clock,
                Providers = new Dictionary<string, ProviderOptions> { ["mlb"] = new() },
                Sources = new Dictionary<string, SourceOptions> { ["feeds"] = watched, ["schedule"] = Plain },
                Transforms = transforms.ToDictionary(t => t.Name, t => t.Name == "merged" ? (TransformOptions)new MergeOptions { From = t.From } : new FilterOptions { From = t.From }),
            });
            Type.Check(watched, check);
            return check.Errors;
        }
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
            ["every: intervals by value (Live) need 'when': the name, bound by 'for', whose value decides, or a path into the answer, such as '$.state'"],
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

    public static TheoryData<string, HttpSourceOptions, string> Slips => new()
    {
        { "nothing", Plain with { Pages = new PagesOptions() }, "pages: says neither how the next page is asked for ('by') nor how many items there are ('total'); give one of them" },
        { "no items", Plain with { Pages = new PagesOptions { By = "page" } }, "pages: needs 'items', the path of the list whose items count, such as \"items\": \"$.data\", to know where the pages end" },
        { "total of nothing", Plain with { Pages = new PagesOptions { By = "link", Total = "$.n" } }, "pages: needs 'items', the path of the list whose items count, such as \"items\": \"$.data\", to compare with 'total'" },
        { "no path", Plain with { Pages = new PagesOptions { By = "next" } }, "pages: needs 'path', where a page has the URL of the next, such as \"path\": \"$.links.next\"" },
        { "path too many", Plain with { Pages = new PagesOptions { By = "link", Path = "$.x" } }, "pages.path: is for cursor and next; remove it, or set 'by' to that" },
        { "size too many", Plain with { Pages = new PagesOptions { By = "cursor", Path = "$.x", Size = 3 } }, "pages.size: is for page and offset; remove it, or set 'by' to that" },
        { "items in a header", Plain with { Pages = new PagesOptions { By = "page", Items = "@header('X')" } }, "pages.items: '@header('X')' looks beyond the answer; write a path into it" },
        { "get with a body", Plain with { Body = Json("{}") }, "body: a GET sends no body; set \"method\": \"POST\"" },
        { "text", Plain with { Method = "POST", Body = Json("\"x\"") }, "body: expected an object or a list; text is sent inside of one" },
        { "list as a form", Plain with { Method = "POST", Body = Json("[1]"), ContentType = "application/x-www-form-urlencoded" }, "body: a form is an object: names and their values" },
        { "unbound", Plain with { Method = "POST", Body = Json("[{\"a\":\"{ x } {game}\"}]") }, "body: '{game}' is not bound; known: {today}; bind others under 'for', such as \"game\": \"path.in.the.item\"" },
        { "zone", Plain with { Method = "POST", Body = Json("[\"{today:Mars}\"]") }, "body: 'Mars' in '{today:Mars}' is no time zone this machine knows; write one like America/New_York" },
        { "condition", Plain with { FailsWhen = "exist($.error)" }, "failsWhen: 'exist($.error)' is no condition: 'exist' is no function; did you mean 'exists'?" },
        { "condition beyond", Plain with { Expects = "exists(@url)" }, "expects: 'exists(@url)' is no condition: '@url' looks beyond the document; here paths start from it, such as $.error" },
        { "text of no error", Plain with { ErrorText = "$.error" }, "errorText: is read when 'failsWhen', 'expects' or 'throttledWhen' says that an answer is an error; give one of them" },
        { "throttled beyond", Plain with { ThrottledWhen = "exist($.error)" }, "throttledWhen: 'exist($.error)' is no condition: 'exist' is no function; did you mean 'exists'?" },
        { "wait of nothing", Plain with { RetryAfter = "$.wait" }, "retryAfter: is read when 'throttledWhen' says that an answer asks for fewer requests; give that, or remove this" },
        { "throttled in lines", Plain with { ThrottledWhen = "exists($.error)", Format = "lines" }, "throttledWhen: needs the whole answer, and with \"format\": \"lines\" it is handed on while it arrives; remove one of the two" },
        { "items of lines", Plain with { Items = "$[*]", Format = "lines" }, "items: only JSON has items, and the answers are read as lines; remove one of the two" },
        { "items of nothing", Plain with { Items = "$.items" }, "items: '$.items' can't be followed while a document arrives; write names and '*' from '$'" },
        { "delimiter of JSON", Plain with { Delimiter = ";" }, "delimiter: is for CSV; remove it, or write \"format\": \"csv\"" },
        { "delimiter of two", Plain with { Format = "csv", Delimiter = ";;" }, "delimiter: expected one ASCII character that is no quote, such as \";\" or \"\\t\", found ';;'" },
        { "patches of items", Plain with { Items = "$[*]", Patch = new PatchOptions { Request = "/{since}", Since = "$.a", Merge = "$" } }, "patch: needs the whole answer, and with 'items' it is handed on while it arrives; remove one of the two" },
        { "pages of items", Plain with { Items = "$[*]", Pages = new PagesOptions { By = "link" } }, "pages: needs the whole answer, and with 'items' it is handed on while it arrives; remove one of the two; each page by itself is bounded by the provider's maxBytes" },
        { "failure of items", Plain with { Items = "$[*]", FailsWhen = "exists($.error)" }, "failsWhen: needs the whole answer, and with 'items' it is handed on while it arrives; remove one of the two (an answer without the list is a failure anyway)" },
        { "expectation of rows", Plain with { Format = "csv", Expects = "exists($.error)" }, "expects: needs the whole answer, and with \"format\": \"csv\" it is handed on while it arrives; remove one of the two" },
        { "interval of rows", Plain with { Format = "csv", Every = new EveryOptions { When = "$.a", Otherwise = Duration.Seconds(60) } }, "every.when: needs the whole answer, and with \"format\": \"csv\" it is handed on while it arrives; give one interval, or a name that 'for' binds" },
        { "interval by a path", Plain with { Every = new EveryOptions { When = "$.a[", Otherwise = Duration.Seconds(60) } }, "every.when: '$.a[' is no path:" },
    };

    [Theory]
    [MemberData(nameof(Slips))]
    public void Each_slip_is_told_with_its_remedy(string slip, HttpSourceOptions options, string error)
    {
        Assert.NotEmpty(slip);
        Assert.StartsWith(error, Assert.Single(Check(options).Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_assumed_is_something_that_the_source_has()
    {
        var every = new EveryOptions { When = "state", Otherwise = Duration.Seconds(600), Values = new Dictionary<string, Duration> { ["Live"] = Duration.Seconds(5) } };
        var live = new Dictionary<string, int> { ["Live"] = 6 };
        Assert.Empty(Check(Chained with { Every = every, Assume = new AssumeOptions { Items = 15, Values = live } }).Errors);
        Assert.Equal(
            ["assume.items: there is no 'for' that finds items; remove it", "assume.pages: an answer has one page, because there is no 'pages'; remove it", "assume.Live: 'every' has no interval for 'Live'; remove it, or give it one", "assume: 6 have values, but there are 1; correct one of the numbers"],
            Check(Plain with { Assume = new AssumeOptions { Items = 2, Pages = 2, Values = live } }).Errors);
        Assert.Equal(
            ["assume.Lvie: 'every' has no interval for 'Lvie'; known: Live"],
            Check(Chained with { Every = every, Assume = new AssumeOptions { Items = 15, Values = new Dictionary<string, int> { ["Lvie"] = 6 } } }).Errors);
        Assert.Equal(
            ["every: source 'feeds' can ask 6 requests every 5s, 2 every 10m = 72.2/min; provider 'mlb' allows 60/min; they would be asked less often"],
            Check(Chained with { Every = every, Assume = new AssumeOptions { Items = 8, Values = live } }).Warnings);
    }

    [Fact]
    public void A_patch_says_what_it_needs()
    {
        var patch = new PatchOptions { Request = "/diff/{game}?since={since}", Since = "$.version", Operations = "$[*].diff" };
        Assert.Empty(Check(Chained with { Patch = patch }).Errors);
        Assert.Equal(
            [
                "patch: needs one request, a GET without pages, whose answer is the whole document; write other requests into a source of their own",
                "patch: needs one of 'operations', where the lists of a JSON Patch stand, and 'merge', where parts of the document stand",
                "for.since: in a patch's request {since} is what stands at its 'since'; give this one another name",
                "patch.request: says nowhere which document is known; put {since} into it, such as ?since={since}",
                "patch.request: '{gmae}' is not bound; known: {game}, {state}, {since}, {today}; bind others under 'for', such as \"gmae\": \"path.in.the.item\"",
                "patch.request: '{state}' does not stand in 'request', so two documents could share one request; put it there too",
                "patch.since: '@url' looks beyond the document; write a path into it",
            ],
            Check(Chained with
            {
                Request = ["/game/{game}", "/b"],
                Patch = patch with { Request = "/diff/{gmae}/{state}", Since = "@url", Merge = "$" },
                For = Chained.For! with { Names = new Dictionary<string, string>(Chained.For.Names) { ["since"] = "x" } },
            }).Errors);
        Assert.Equal(["patch.wholeWhen", "patch.operations"], Check(Chained with { Patch = patch with { WholeWhen = "exists(", Operations = "$[" } }).Errors.Select(e => e.Split(':')[0]));
        Assert.Equal(
            ["patch.operations", "patch.since", "patch.wholeWhen"],
            Check(Chained with { Patch = patch with { Since = Never, Operations = Never, WholeWhen = $"exists({Never})" } }).Warnings.Select(w => w[..w.IndexOf(": ", StringComparison.Ordinal)]).Order(StringComparer.Ordinal));
        Assert.StartsWith("patch.request: '/x{since' has a '{' without its '}'", Check(Chained with { Patch = patch with { Request = "/x{since" } }).Errors.Single(), StringComparison.Ordinal);
    }

    private static System.Text.Json.JsonElement Json(string text) => System.Text.Json.JsonDocument.Parse(text).RootElement;

    private sealed record OtherOptions : SourceOptions;
}
