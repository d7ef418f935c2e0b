using Microsoft.AspNetCore.Http;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

/// <summary>What an answer tells the source itself.</summary>
public class AnswerTests
{
    private static HttpSourceOptions Ask(double every = 600) =>
        new() { Provider = "p", Request = ["/"], Every = new EveryOptions { Otherwise = Duration.Seconds(every) } };

    [Fact]
    public async Task An_error_with_status_200_is_a_failure_of_the_attempt()
    {
        await using var provider = await TestProvider.StartAsync((context, call) => context.Response.WriteAsync(call <= 2 ? """{"error":{"code":"quota","message":"Too   many\nplayers"}}""" : "{}"));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask() with { FailsWhen = "exists($.error)", ErrorText = "$.error.message" }))[0];
        Assert.Equal("{}", (await output.WaitForAsync(1))[0].Text);
        Assert.Equal(3, provider.Requests.Count);
        Assert.Equal("the answer is an error: Too many players", fixture.Gate.Breaker.LastError);
        Assert.Single(output.Documents);
    }

    [Theory]
    [InlineData("exists($.error)", null, """{"error":"no key k3y-of-mine"}""", "the answer is an error: {\"error\":\"no key ***\"}")]
    [InlineData("exists($.error)", null, """{"error":"k3y\u002dof\u002dmine"}""", "the answer is an error: {\"error\":\"***\"}")]
    [InlineData("$.status == 'failed'", null, """{"status":"failed"}""", "the answer is an error: {\"status\":\"failed\"}")]
    [InlineData(null, "exists($.dates[0])", """{"dates":[]}""", "the answer lacks what is expected, exists($.dates[0]): {\"dates\":[]}")]
    [InlineData(null, "$.count > 0", "{}", "the answer lacks what is expected, $.count > 0: {}")]
    public async Task Errors_open_the_breaker_and_say_why_without_secrets(string? failsWhen, string? expects, string json, string error)
    {
        await using var provider = await TestProvider.StartAsync(json);
        var options = SourceFixture.Fast(provider.Address) with
        {
            Breaker = new BreakerOptions { Failures = 3, Recovery = Duration.Seconds(600) },
            Headers = new Dictionary<string, string> { ["X-Key"] = "k3y-of-mine" },
        };
        await using var fixture = new SourceFixture(options);
        var output = fixture.Run(("s", Ask() with { FailsWhen = failsWhen, Expects = expects }))[0];
        await Eventually.TrueAsync(() => fixture.Health.Sources.TryGetValue("s", out var s) && s.Failures > 0);
        Assert.Equal(error, fixture.Health.Sources["s"].LastError);
        Assert.Equal("open", fixture.Gate.Breaker.State);
        Assert.Equal(3, provider.Requests.Count);
        Assert.Empty(output.Documents);
    }

    [Fact]
    public async Task Long_errors_are_cut_and_no_secret_with_them()
    {
        var text = new string('x', 180) + "s3cr3t-that-is-long-enough-to-be-cut " + new string('y', 5000);
        await using var provider = await TestProvider.StartAsync($"{{\"error\":\"{text}\"}}");
        var options = SourceFixture.Fast(provider.Address) with { Headers = new Dictionary<string, string> { ["X-Key"] = "s3cr3t-that-is-long-enough-to-be-cut" } };
        await using var fixture = new SourceFixture(options);
        fixture.Run(("s", Ask() with { FailsWhen = "exists($.error)", ErrorText = "$.error" }));
        await Eventually.TrueAsync(() => fixture.Health.Sources.ContainsKey("s"));
        var error = fixture.Health.Sources["s"].LastError!;
        Assert.EndsWith("y...", error, StringComparison.Ordinal);
        Assert.InRange(error.Length, 200, 240);
        Assert.Contains("***", error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/html; charset=utf-8", "<html>Sign in</html>", "the body is a web page or XML, not JSON, sent as text/html (line 1, byte 1)")]
    [InlineData("text/plain", "Service busy", "the body is no complete JSON, sent as text/plain (line 1, byte 1)")]
    [InlineData("application/json", "{\"a\":", "the body is no complete JSON (line 1, byte 6)")]
    public async Task What_is_no_json_says_what_it_was_sent_as(string type, string body, string error)
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.ContentType = type;
            return context.Response.WriteAsync(body);
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        fixture.Run(("s", Ask()));
        await Eventually.TrueAsync(() => fixture.Health.Sources.ContainsKey("s"));
        Assert.Equal(error, fixture.Health.Sources["s"].LastError);
    }

    [Fact]
    public async Task The_answer_itself_may_say_how_soon_to_ask_again()
    {
        var every = new EveryOptions
        {
            When = "$.games[*].state",
            Otherwise = Duration.Seconds(600),
            Values = new Dictionary<string, Duration> { ["live"] = Duration.Seconds(0.02), ["pre"] = Duration.Seconds(0.05) },
        };
        var states = "\"pre\"";
        await using var provider = await TestProvider.StartAsync((context, _) =>
            context.Response.WriteAsync($"{{\"games\":[{string.Join(',', Volatile.Read(ref states).Split(' ').Select(s => $"{{\"state\":{s}}}"))}]}}"));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask() with { Every = every }))[0];
        await output.WaitForAsync(3);
        Volatile.Write(ref states, "\"final\" \"live\" \"pre\"");
        var before = provider.Requests.Count;
        await Eventually.TrueAsync(() => provider.Requests.Count > before + 5);

        // Over: the next one is in ten minutes.
        Volatile.Write(ref states, "\"final\" null");
        await output.WaitForAsync(all => all.Any(d => d.Text.Contains("null", StringComparison.Ordinal)));
        Assert.Single(output.Documents, d => d.Text.Contains("null", StringComparison.Ordinal));
        Assert.DoesNotContain(output.Documents.SkipWhile(d => !d.Text.Contains("null", StringComparison.Ordinal)).Skip(1), _ => true);
    }

    [Theory]
    [InlineData("max-age=300", "100", 200)]
    [InlineData("public, max-age=9000", null, 600)]
    [InlineData("max-age=9000, no-cache", null, null)]
    [InlineData("max-age=9000, no-store", null, null)]
    [InlineData("max-age=100", "300", null)]
    [InlineData("no-transform", null, null)]
    [InlineData("", null, null)]
    public async Task An_answer_is_fresh_for_what_its_age_leaves_up_to_the_bound(string cacheControl, string? age, int? seconds)
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.Headers.CacheControl = cacheControl;
            context.Response.Headers.Age = age;
            return context.Response.WriteAsync("[1]");
        });
        var options = Ask() with { MaxAge = Duration.Seconds(600) };
        using var client = new HttpClient();
        var result = await new Fetch(options, SourceFixture.Fast(provider.Address), new AnswerReader(options, new BudgetReader(new ThrottleOptions(), TimeProvider.System), TimeProvider.System, t => t), null, [], TimeProvider.System)
            .SendAsync(client, provider.Address, new TrackedPage(1), null, null, null, TestContext.Current.CancellationToken);
        using var body = result.Value!.Body;
        Assert.Equal(seconds, result.Value.FreshFor?.TotalSeconds);
    }

    [Fact]
    public async Task A_provider_may_put_off_the_next_request()
    {
        await using var provider = await TestProvider.StartAsync((context, call) =>
        {
            context.Response.Headers.CacheControl = "max-age=9000";
            return context.Response.WriteAsync($"[{call}]");
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        fixture.Run(("s", Ask(every: 0.02) with { MaxAge = Duration.Seconds(600) }), ("other", Ask(every: 0.02) with { Request = ["/other"] }));
        await Eventually.TrueAsync(() => provider.Count("/other") > 20 && provider.Count("/") > 0);
        var others = provider.Count("/other");
        await Eventually.TrueAsync(() => provider.Count("/other") > others + 20);
        Assert.Equal(1, provider.Count("/"));
    }

    [Fact]
    public async Task A_post_sends_its_body_as_json_with_its_names_put_in()
    {
        await using var provider = await TestProvider.StartAsync(async (context, _) =>
        {
            if (context.Request.Path == "/list")
            {
                await context.Response.WriteAsync("""{"items":[{"id":"a\"b"}]}""");
                return;
            }

            Assert.Equal(("POST", "application/json"), (context.Request.Method, context.Request.ContentType));
            await context.Response.WriteAsync(await new StreamReader(context.Request.Body).ReadToEndAsync());
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var list = Ask() with { Request = ["/list"] };
        var post = Ask() with
        {
            Method = "POST",
            Body = System.Text.Json.JsonDocument.Parse("""{"query":"{ games { id } } ","id":"{id}","on":["{today}",1,true,null]}""").RootElement,
            For = new ForOptions { From = "list", Each = ["$.items[*]"], Names = new Dictionary<string, string> { ["id"] = "id" } },
        };
        var text = (await fixture.Run(("post", post), ("list", list))[0].WaitForAsync(1))[0].Text;
        Assert.Equal($$"""{"query":"{ games { id } } ","id":"a\u0022b","on":["{{DateTime.UtcNow:yyyy-MM-dd}}",1,true,null]}""", text);
    }

    [Fact]
    public async Task A_form_is_sent_as_one_and_requests_differ_by_what_they_send()
    {
        await using var provider = await TestProvider.StartAsync(async (context, _) =>
        {
            if (context.Request.Path == "/list")
            {
                await context.Response.WriteAsync("""{"items":[{"id":"1&x=2"},{"id":"3"}]}""");
                return;
            }

            var form = await context.Request.ReadFormAsync();
            await context.Response.WriteAsync($"\"{form["id"]} {form["n"]} {form["x"]}\"");
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var post = Ask() with
        {
            Method = "POST",
            Body = System.Text.Json.JsonDocument.Parse("""{"id":"{id}","n":[5,6]}""").RootElement,
            ContentType = "application/x-www-form-urlencoded",
            For = new ForOptions { From = "list", Each = ["$.items[*]"], Names = new Dictionary<string, string> { ["id"] = "id" } },
        };
        var documents = await fixture.Run(("post", post), ("list", Ask() with { Request = ["/list"] }))[0].WaitForAsync(2);
        Assert.Equal(["\"1&x=2 5,6 \"", "\"3 5,6 \""], documents.Select(d => d.Text).Order());
    }
}
