using System.Globalization;
using Microsoft.AspNetCore.Http;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

public class PagesTests
{
    private static HttpSourceOptions Ask(string request, PagesOptions pages, double every = 600) =>
        new() { Provider = "p", Request = [request], Pages = pages, Every = new EveryOptions { Otherwise = Duration.Seconds(every) } };

    private static string Items(int first, int count, string more = "") =>
        $"{{\"items\":[{string.Join(',', Enumerable.Range(first, Math.Max(0, count)).Select(i => $"{{\"id\":{i}}}"))}]{more}}}";

    private static int Number(HttpContext context, string parameter, int otherwise) =>
        context.Request.Query.TryGetValue(parameter, out var value) ? int.Parse(value.ToString(), CultureInfo.InvariantCulture) : otherwise;

    /// <summary>Whether a checkpoint would say that all was answered.</summary>
    private static bool IsWhole(TestOutput output) => output.Positions is [.., HttpPosition { Answered.Count: 1 }];

    /// <summary>Seven items, three on a page.</summary>
    private static Task<TestProvider> ByPageAsync(string more = "") => TestProvider.StartAsync((context, _) =>
    {
        var page = Number(context, "p", 1);
        return context.Response.WriteAsync(Items((page * 3) - 2, Math.Min(3, 10 - (page * 3)), more));
    });

    [Fact]
    public async Task Pages_by_number_come_in_order_each_as_a_payload_of_its_own()
    {
        await using var provider = await ByPageAsync();
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask("/a?x=1", new PagesOptions { By = "page", Parameter = "p", Items = "$.items" })))[0];
        var documents = await output.WaitForAsync(4);

        Assert.Equal([Items(1, 3), Items(4, 3), Items(7, 1), Items(10, 0)], documents.Select(d => d.Text));
        Assert.Equal(["/a?x=1", "/a?x=1&p=2", "/a?x=1&p=3", "/a?x=1&p=4"], provider.Requests.Select(r => r.Path));
        Assert.Equal([1, 2, 3, 4], documents.Select(d => d.Document.Request));
        Assert.Equal(4, documents.Select(d => d.Document.Origin).Distinct().Count());
        Assert.True(documents.Zip(documents.Skip(1)).All(d => d.First.Document.Sequence < d.Second.Document.Sequence));
        await Eventually.TrueAsync(() => fixture.Gate.Throttle.Granted == 4 && fixture.Health.Sources["s"] is { Payloads: 4, Failures: 0 });
    }

    [Theory]
    [InlineData(3, null, 3)]
    [InlineData(null, "$.total", 3)]
    [InlineData(null, null, 4)]
    public async Task The_last_page_is_known_by_its_size_or_by_the_total_or_by_an_empty_one(int? size, string? total, int asked)
    {
        await using var provider = await ByPageAsync(",\"total\":7");
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask("/", new PagesOptions { By = "page", Parameter = "p", Items = "$.items", Size = size, Total = total })))[0];
        await Eventually.TrueAsync(() => IsWhole(output));
        Assert.Equal(asked, provider.Requests.Count);
    }

    [Fact]
    public async Task Offsets_count_what_came_though_the_provider_gives_less_than_was_asked_for()
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            var offset = Number(context, "offset", 0);
            context.Response.Headers["X-Total-Count"] = "5";
            return context.Response.WriteAsync(Items(offset + 1, Math.Min(2, 5 - offset)));
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask("/?limit=100", new PagesOptions { By = "offset", Items = "$.items", Total = "@header('x-total-count')" })))[0];
        await Eventually.TrueAsync(() => IsWhole(output));
        Assert.Equal([Items(1, 2), Items(3, 2), Items(5, 1)], output.Texts);
        Assert.Equal(["/?limit=100", "/?limit=100&offset=2", "/?limit=100&offset=4"], provider.Requests.Select(r => r.Path));
    }

    [Theory]
    [InlineData("$.meta.next", "")]
    [InlineData("@header('X-Next')", "X-Next")]
    public async Task A_cursor_is_taken_from_the_page_before(string path, string header)
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            var next = context.Request.Query["cursor"].ToString() switch { "" => "a/b=", "a/b=" => "c", _ => "" };
            context.Response.Headers[header.Length > 0 ? header : "X-Other"] = next;
            return context.Response.WriteAsync($"{{\"at\":\"{context.Request.Query["cursor"]}\",\"meta\":{{\"next\":{(next.Length > 0 ? $"\"{next}\"" : "null")}}}}}");
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask("/", new PagesOptions { By = "cursor", Path = path })))[0];
        await Eventually.TrueAsync(() => IsWhole(output));
        Assert.Equal(["/", "/?cursor=a%2Fb%3D", "/?cursor=c"], provider.Requests.Select(r => r.Path));
        Assert.Equal(3, output.Documents.Count);
    }

    [Fact]
    public async Task The_url_of_the_next_page_stands_in_the_page_before()
    {
        await using var provider = await TestProvider.StartAsync((context, _) => context.Response.WriteAsync(context.Request.Path.Value switch
        {
            "/v1/a" => $"{{\"next\":\"http://{context.Request.Host}/v1/b?x=1\"}}",
            "/v1/b" => "{\"next\":\"c\"}",
            _ => "{}",
        }));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask("/v1/a", new PagesOptions { By = "next", Path = "$.next" })))[0];
        await output.WaitForAsync(3);
        Assert.Equal(["/v1/a", "/v1/b?x=1", "/v1/c"], provider.Requests.Select(r => r.Path));
    }

    [Fact]
    public async Task The_url_of_the_next_page_stands_in_the_header_link()
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            var page = Number(context, "page", 1);
            context.Response.Headers.Link = page < 3
                ? $"</a?page=1>; rel=\"first\"; title=\"a, b; rel=next\", <http://{context.Request.Host}/a?page={page + 1}>; rel=\"last next\""
                : "</a?page=1>; rel=first";
            return context.Response.WriteAsync($"[{page}]");
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask("/a", new PagesOptions { By = "link" })))[0];
        await Eventually.TrueAsync(() => IsWhole(output));
        Assert.Equal(["[1]", "[2]", "[3]"], output.Texts);
    }

    [Theory]
    [InlineData("page", "page 3: 6 of 9 items came: the provider cut the rest off, or '$.items' is another list than '$.total' counts", 3)]
    [InlineData(null, "3 of 9 items came: the provider cut the rest off, or '$.items' is another list than '$.total' counts", 1)]
    public async Task What_the_provider_cuts_off_is_told_and_the_rest_is_not_taken_for_whole(string? by, string error, int pages)
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            var page = Number(context, "p", 1);
            return context.Response.WriteAsync(Items((page * 3) - 2, page < 3 ? 3 : 0, ",\"total\":9"));
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask("/", new PagesOptions { By = by, Parameter = by is null ? null : "p", Items = "$.items", Total = "$.total" }, every: 0.02)))[0];
        await Eventually.TrueAsync(() => fixture.Health.Sources.TryGetValue("s", out var s) && s.FailuresInARow >= 3);

        var health = fixture.Health.Sources["s"];
        Assert.Equal(error, health.LastError);
        Assert.Equal(health.Failures, health.Incomplete);
        Assert.Equal(pages, output.Documents.Select(d => d.Document.Request).Distinct().Count());

        // A restart would ask at once.
        Assert.All(output.Positions, p => Assert.Empty(((HttpPosition)p!).Answered));
    }

    [Fact]
    public async Task A_page_that_fails_is_tried_again_and_the_others_are_not()
    {
        await using var provider = await TestProvider.StartAsync(async (context, call) =>
        {
            var page = Number(context, "page", 1);
            if (page == 2 && call == 1)
            {
                context.Response.StatusCode = 503;
                return;
            }

            if (page == 2 && call == 2)
            {
                // Cut off in the middle.
                await context.Response.WriteAsync("{\"items\":[{");
                await context.Response.Body.FlushAsync();
                context.Abort();
                return;
            }

            await context.Response.WriteAsync(Items(page, page < 3 ? 1 : 0));
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask("/", new PagesOptions { By = "page", Items = "$.items" })))[0];
        await output.WaitForAsync(3);
        Assert.Equal(["/", "/?page=2", "/?page=2", "/?page=2", "/?page=3"], provider.Requests.Select(r => r.Path));
        Assert.Equal([Items(1, 1), Items(2, 1), Items(3, 0)], output.Texts);
        await Eventually.TrueAsync(() => fixture.Health.Sources["s"] is { Payloads: 3, Failures: 0 });
    }

    [Fact]
    public async Task A_page_that_fails_for_good_fails_the_whole_and_the_next_time_begins_anew()
    {
        var broken = true;
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            var page = Number(context, "page", 1);
            context.Response.StatusCode = page == 2 && Volatile.Read(ref broken) ? 500 : 200;
            return context.Response.WriteAsync(Items(page, page < 4 ? 1 : 0));
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address) with { Retry = new RetryOptions { Attempts = 1 } });
        var output = fixture.Run(("s", Ask("/", new PagesOptions { By = "page", Items = "$.items" }, every: 0.02)))[0];
        await Eventually.TrueAsync(() => fixture.Health.Sources.TryGetValue("s", out var s) && s.FailuresInARow >= 3);
        var health = fixture.Health.Sources["s"];
        Assert.Equal("page 2: 500 Internal Server Error", health.LastError);
        Assert.Equal(health.Failures, health.Incomplete);
        Assert.Equal(0, provider.Count("/?page=3"));
        Assert.InRange(provider.Count("/"), 3, int.MaxValue);
        Assert.All(output.Positions, p => Assert.Empty(((HttpPosition)p!).Answered));

        Volatile.Write(ref broken, false);
        await Eventually.TrueAsync(() => fixture.Health.Sources["s"].FailuresInARow == 0);
        Assert.Equal(1, output.Texts.Count(t => t == Items(3, 1)));
    }

    [Fact]
    public async Task There_are_no_more_pages_than_the_bound_and_that_is_told()
    {
        await using var provider = await TestProvider.StartAsync((context, _) => context.Response.WriteAsync(Items(Number(context, "page", 1), 1)));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        fixture.Run(("s", Ask("/", new PagesOptions { By = "page", Items = "$.items", Max = 3 })));
        await Eventually.TrueAsync(() => fixture.Health.Sources.TryGetValue("s", out var s) && s.Failures > 0);
        Assert.Equal("page 3: there are more than 3 pages; raise pages.max if that is right", fixture.Health.Sources["s"].LastError);
        Assert.Equal(3, provider.Requests.Count);
    }

    [Theory]
    [InlineData("next", "/a", "{\"next\":\"http://127.0.0.2/b\"}", "the next page is at another host, 127.0.0.2, which gets none of the provider's keys")]
    [InlineData("next", "/a", "{\"next\":\"http://[x\"}", "what should be the next page is no URL: http://[x")]
    [InlineData("next", "/a", "{\"next\":\"/a\"}", "the next page is one that was read already")]
    [InlineData("next", "/a", "{\"next\":\"file:///etc/passwd\"}", "the next page is at another host, , which gets none of the provider's keys")]
    [InlineData("cursor", "/a", "{\"next\":\"x\",\"items\":[1]}", "page 2: it is the same as the page before; perhaps the provider does not know the parameter 'cursor'")]
    [InlineData("page", "/a", "{\"items\":[1,2],\"total\":1}", "2 items came at once, but '$.total' says 1: it counts something else")]
    [InlineData("page", "/a", "{\"items\":[],\"totl\":1}", "there is no number at '$.total', so it is not known whether all items came")]
    [InlineData("page", "/a", "{\"itmes\":[]}", "there is no list at '$.items', so it is not known how many items came")]
    public async Task A_way_that_leads_nowhere_is_left(string by, string request, string json, string error)
    {
        await using var provider = await TestProvider.StartAsync(json);
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        fixture.Run(("s", Ask(request, new PagesOptions { By = by, Path = by == "page" ? null : "$.next", Items = by == "next" ? null : "$.items", Total = by == "page" ? "$.total" : null })));
        await Eventually.TrueAsync(() => fixture.Health.Sources.TryGetValue("s", out var s) && s.Failures > 0);
        Assert.Equal(error, fixture.Health.Sources["s"].LastError);
        Assert.InRange(provider.Requests.Count, 1, 2);
    }

    [Fact]
    public async Task Each_page_is_confirmed_by_itself_and_an_unchanged_one_still_says_how_it_goes_on()
    {
        var second = "old";
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            var cursor = context.Request.Query["cursor"].ToString();
            var tag = $"\"{(cursor == "2" ? Volatile.Read(ref second) : cursor)}\"";
            context.Response.Headers.ETag = tag;
            if (context.Request.Headers.IfNoneMatch == tag)
            {
                context.Response.StatusCode = 304;
                return Task.CompletedTask;
            }

            return context.Response.WriteAsync(cursor switch { "" => "{\"next\":\"2\"}", "2" => $"{{\"is\":{tag},\"next\":\"3\"}}", _ => "{\"next\":null}" });
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask("/", new PagesOptions { By = "cursor", Path = "$.next" }, every: 0.02)))[0];
        await Eventually.TrueAsync(() => output.Documents.Count(d => d.Document is { Confirmed: true, Request: 3 }) > 1);
        Assert.Equal([1, 2, 3], output.Documents.Where(d => !d.Document.Confirmed).Select(d => d.Document.Request));

        Volatile.Write(ref second, "new");
        await output.WaitForAsync(all => all.Count(d => !d.Document.Confirmed) > 3);
        var changed = output.Documents.Last(d => !d.Document.Confirmed);
        Assert.Equal((2, "{\"is\":\"new\",\"next\":\"3\"}"), (changed.Document.Request, changed.Text));
    }

    [Fact]
    public async Task Items_are_learned_from_all_pages_and_forgotten_with_a_page_that_is_gone()
    {
        var pages = 3;
        await using var provider = await TestProvider.StartAsync((context, call) =>
        {
            var page = Number(context, "page", 1);
            return context.Response.WriteAsync(context.Request.Path == "/list" ? Items(page, page <= Volatile.Read(ref pages) ? 1 : 0) : $"[{call}]");
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var feeds = new HttpSourceOptions
        {
            Provider = "p",
            Request = ["/item/{id}"],
            For = new ForOptions { From = "list", Each = ["$.items[*]"], Names = new Dictionary<string, string> { ["id"] = "id" } },
            Every = new EveryOptions { Otherwise = Duration.Seconds(0.02) },
        };
        fixture.Run(("feeds", feeds), ("list", Ask("/list", new PagesOptions { By = "page", Items = "$.items" }, every: 0.02)));
        await Eventually.TrueAsync(() => provider.Count("/item/1") > 1 && provider.Count("/item/2") > 1 && provider.Count("/item/3") > 1);

        Volatile.Write(ref pages, 1);
        var one = provider.Count("/list?page=4");
        await Eventually.TrueAsync(() => provider.Count("/list?page=2") > 0 && provider.Requests.TakeLast(40).All(r => r.Path is not ("/item/2" or "/item/3")));
        Assert.InRange(provider.Count("/list?page=4") - one, 0, 1);
    }

    [Fact]
    public async Task The_next_page_is_not_asked_for_before_the_pipeline_has_taken_the_one_before()
    {
        var (ready, full, room) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        await using var provider = await TestProvider.StartAsync(async (context, _) =>
        {
            await ready.Task;
            await context.Response.WriteAsync(Items(Number(context, "page", 1), 1));
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        PagesOptions Pages(int max) => new() { By = "page", Items = "$.items", Max = max };
        var output = fixture.Run(("s", Ask("/", Pages(3))), ("other", Ask("/other", Pages(2), every: 0.01)))[0];
        output.BeforeEmit = () =>
        {
            full.TrySetResult();
            return room.Task;
        };
        ready.SetResult();
        await full.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => provider.Count("/other") > 5);
        Assert.Equal(["/"], provider.Requests.Select(r => r.Path).Where(p => !p.StartsWith("/other", StringComparison.Ordinal)));
        room.SetResult();
        await output.WaitForAsync(3);
    }

    [Fact]
    public async Task A_key_that_the_provider_repeats_in_its_links_is_not_shown()
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            Assert.Equal("k3y-in-query", context.Request.Query["appid"].Single());
            return context.Response.WriteAsync(context.Request.Path == "/a" ? $"{{\"next\":\"http://{context.Request.Host}/b?appid=k3y-in-query\"}}" : "{}");
        });
        var options = SourceFixture.Fast(provider.Address) with { Auth = new AuthOptions { Query = new NamedSecretOptions { Name = "appid", Value = "k3y-in-query" } } };
        await using var fixture = new SourceFixture(options);
        var documents = await fixture.Run(("s", Ask("/a", new PagesOptions { By = "next", Path = "$.next" })))[0].WaitForAsync(2);
        Assert.Equal([new Uri(provider.Address, "/a").ToString(), new Uri(provider.Address, "/b").ToString()], documents.Select(d => d.Document.Origin));
    }
}
