using System.Text;
using Microsoft.AspNetCore.Http;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

public class AuthTests
{
    private const string Secret = "s3cr3t/öf+us";

    private static HttpSourceOptions Ask(string request, double every = 600) =>
        new() { Provider = "p", Request = [request], Every = new EveryOptions { Otherwise = Duration.Seconds(every) } };

    private static ProviderOptions With(TestProvider provider, AuthOptions auth) => SourceFixture.Fast(provider.Address) with
    {
        Auth = auth,
        Retry = new RetryOptions { Attempts = 1, Backoff = new DurationRange(Duration.Seconds(0.01), Duration.Seconds(600)) },
    };

    public static TheoryData<string> Kinds => ["header", "query", "bearer", "basic"];

    private static AuthOptions Auth(string kind) => kind switch
    {
        "header" => new() { Header = new() { Name = "X-Key", Value = "s3cr3t-header" } },
        "query" => new() { Query = new() { Name = "appid", Value = Secret } },
        "bearer" => new() { Bearer = "s3cr3t-bearer" },
        _ => new() { Basic = new() { User = "me", Password = Secret } },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task The_provider_knows_us_and_nobody_else_sees_how(string kind)
    {
        await using var provider = await TestProvider.StartAsync(async (context, call) =>
        {
            var known = kind switch
            {
                "header" => context.Request.Headers["X-Key"] == "s3cr3t-header",
                "query" => context.Request.QueryString.Value!.StartsWith("?day=1&appid=", StringComparison.Ordinal) && context.Request.Query["appid"] == Secret,
                "bearer" => context.Request.Headers.Authorization == "Bearer s3cr3t-bearer",
                _ => context.Request.Headers.Authorization == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("me:" + Secret)),
            };
            if (!known)
            {
                context.Response.StatusCode = 403;
            }
            else if (call == 1)
            {
                await context.Response.WriteAsync("[1]");
            }
            else
            {
                // A provider that repeats in its error what it was sent.
                var repeated = $"{context.Request.QueryString} {context.Request.Headers["X-Key"]} {context.Request.Headers.Authorization} {context.Request.Query["appid"]}";
                await context.Response.WriteAsJsonAsync(new { error = "no " + repeated });
            }
        });
        var logs = new ListLogger();
        await using var fixture = new SourceFixture(With(provider, Auth(kind))) { Logging = logs };
        var output = fixture.Run(("s", Ask("/v1?day=1", every: 0.02) with { FailsWhen = "exists($.error)" }))[0];
        var document = (await output.WaitForAsync(1))[0];
        await Eventually.TrueAsync(() => fixture.Health.Sources["s"].Failures > 0 && !logs.Lines.IsEmpty);

        Assert.Equal(new Uri(provider.Address, "/v1?day=1").ToString(), document.Document.Origin);
        var shown = string.Join('\n', logs.Lines.Append(fixture.Health.Sources["s"].LastError!).Append(fixture.Gate.Breaker.LastError!));
        Assert.Contains("the answer is an error: {\"error\":\"no ", shown, StringComparison.Ordinal);
        Assert.Contains("***", shown, StringComparison.Ordinal);
        foreach (var hidden in (string[])["s3cr3t", Uri.EscapeDataString(Secret), Convert.ToBase64String(Encoding.UTF8.GetBytes("me:" + Secret))])
        {
            Assert.DoesNotContain(hidden, shown, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_redirect_carries_the_key_on_and_shows_it_nowhere()
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            if (context.Request.Path == "/old")
            {
                context.Response.Redirect($"/new{context.Request.QueryString}&x=1");
                return Task.CompletedTask;
            }

            return context.Response.WriteAsync("[1]");
        });
        await using var fixture = new SourceFixture(With(provider, Auth("query")));
        await fixture.Run(("s", Ask("/old")))[0].WaitForAsync(1);
        Assert.Equal($"/new?x=1&appid={Uri.EscapeDataString(Secret)}", provider.Requests.Last().Path);
    }

    [Fact]
    public async Task One_token_is_fetched_for_all_and_takes_a_permit()
    {
        await using var provider = await TokensAsync(async (context, n) =>
        {
            await Task.Delay(50, context.RequestAborted);
            var form = await context.Request.ReadFormAsync();
            Assert.Equal(("client_credentials", "me", Secret), (form["grant_type"].ToString(), form["client_id"].ToString(), form["client_secret"].ToString()));
            Assert.False(context.Request.Headers.ContainsKey("X-Of-Provider"));
            await context.Response.WriteAsync($"{{\"access_token\":\"t0ken-{n}\",\"expires_in\":3600}}");
        });
        var options = With(provider, Token()) with { Headers = new Dictionary<string, string> { ["X-Of-Provider"] = "provider's own" } };
        await using var fixture = new SourceFixture(options);
        var outputs = fixture.Run(("s", Ask("/a")), ("t", Ask("/b")), ("u", Ask("/c")));
        foreach (var output in outputs)
        {
            Assert.Equal("\"Bearer t0ken-1\"", (await output.WaitForAsync(1))[0].Text);
        }

        Assert.Equal(1, provider.Count("/token"));
        await Eventually.TrueAsync(() => fixture.Gate.Throttle.Granted == 4);
    }

    [Fact]
    public async Task A_token_is_fetched_anew_before_it_ends()
    {
        await using var provider = await TokensAsync((context, n) => context.Response.WriteAsync($"{{\"access_token\":\"t0ken-{n}\",\"expires_in\":0.2}}"));
        await using var fixture = new SourceFixture(With(provider, Token()));
        var output = fixture.Run(("s", Ask("/a", every: 0.02)))[0];
        await output.WaitForAsync(all => all.Any(d => d.Text.Contains("t0ken-3", StringComparison.Ordinal)));
        Assert.Equal(0, fixture.Health.Sources["s"].Failures);
    }

    [Fact]
    public void A_token_is_renewed_ahead_of_its_end_by_what_is_stated_or_half_its_life()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var (hour, minute) = (new Token("x", time.GetTimestamp(), TimeSpan.FromHours(1)), new Token("x", time.GetTimestamp(), TimeSpan.FromMinutes(1)));
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal((true, true), (hour.IsGood(time, TimeSpan.FromMinutes(1)), minute.IsGood(time, TimeSpan.FromMinutes(1))));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((true, false), (hour.IsGood(time, TimeSpan.FromMinutes(1)), minute.IsGood(time, TimeSpan.FromMinutes(1))));
        Assert.True(minute.IsGood(time, TimeSpan.Zero));
        time.Advance(TimeSpan.FromMinutes(59));
        Assert.False(hour.IsGood(time, TimeSpan.FromMinutes(1)));
        Assert.DoesNotContain("x", $"{hour}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_token_is_replaced_once_and_the_request_made_again()
    {
        var good = 1;
        await using var provider = await TokensAsync(
            (context, n) =>
            {
                Volatile.Write(ref good, n);
                return context.Response.WriteAsync($"{{\"access_token\":\"t0ken-{n}\"}}");
            },
            () => Volatile.Read(ref good));
        await using var fixture = new SourceFixture(With(provider, Token()));
        var output = fixture.Run(("s", Ask("/a", every: 0.02)), ("t", Ask("/b", every: 0.02)))[0];
        await output.WaitForAsync(1);

        Volatile.Write(ref good, 0);
        await output.WaitForAsync(all => all.Any(d => d.Text.Contains("t0ken-2", StringComparison.Ordinal)));
        Assert.Equal(2, provider.Count("/token"));
        Assert.Equal(0, fixture.Health.Sources["s"].Failures);

        // Refused again so soon, it is no fault of the token's.
        Volatile.Write(ref good, 0);
        await Eventually.TrueAsync(() => fixture.Health.Sources["s"].Failures > 2);
        Assert.Equal("401 Unauthorized, also with a token that was just fetched", fixture.Health.Sources["s"].LastError);
        Assert.Equal(2, provider.Count("/token"));
        Assert.Equal("closed", fixture.Gate.Breaker.State);
    }

    [Fact]
    public async Task No_token_is_told_without_its_secrets_and_not_asked_for_again_at_once()
    {
        await using var provider = await TokensAsync(async (context, _) =>
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsJsonAsync(new { error = "invalid_client", error_description = $"unknown {Secret}" });
        });
        await using var fixture = new SourceFixture(With(provider, Token()));
        fixture.Run(("s", Ask("/a", every: 0.02)), ("t", Ask("/b", every: 0.02)));
        await Eventually.TrueAsync(() => fixture.Health.Sources.Count == 2);
        fixture.Run(("u", Ask("/c")));
        await Eventually.TrueAsync(() => fixture.Health.Sources.Count == 3);
        Assert.All(fixture.Health.Sources.Values, s => Assert.Equal("no token: 400 Bad Request: {\"error\":\"invalid_client\",\"error_description\":\"unknown ***\"}", s.LastError));
        Assert.Equal(["/token"], provider.Requests.Select(r => r.Path));
    }

    [Theory]
    [InlineData("{\"token\":\"t0ken-1\"}", "no token: there is no token at '$.access_token' of the answer")]
    [InlineData("<html>", "no token: there is no token at '$.access_token' of the answer")]
    public async Task An_answer_without_a_token_is_told(string answer, string error)
    {
        await using var provider = await TokensAsync((context, _) => context.Response.WriteAsync(answer));
        await using var fixture = new SourceFixture(With(provider, Token()));
        fixture.Run(("s", Ask("/a")));
        await Eventually.TrueAsync(() => fixture.Health.Sources.ContainsKey("s"));
        Assert.Equal(error, fixture.Health.Sources["s"].LastError);
    }

    [Fact]
    public async Task A_token_may_come_from_anywhere_in_any_shape_and_be_sent_in_any_header()
    {
        await using var provider = await TestProvider.StartAsync(async (context, _) =>
        {
            if (context.Request.Path == "/auth")
            {
                Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("id:pass-word")), context.Request.Headers.Authorization);
                Assert.Equal("{\"user\":\"me\"}", await new StreamReader(context.Request.Body).ReadToEndAsync());
                await context.Response.WriteAsync("{\"data\":{\"id\":\"t0ken-1\",\"until\":60}}");
                return;
            }

            await context.Response.WriteAsync($"\"{context.Request.Headers["X-Token"]}\"");
        });
        var token = new TokenOptions
        {
            Url = new Uri(provider.Address, "/auth").ToString(),
            Form = new Dictionary<string, string> { ["user"] = "me" },
            Json = true,
            Basic = new BasicAuthOptions { User = "id", Password = "pass-word" },
            Path = "$.data.id",
            Expires = "$.data.until",
            Header = "X-Token",
            Scheme = "",
        };
        await using var fixture = new SourceFixture(With(provider, new AuthOptions { Token = token }));
        Assert.Equal("\"t0ken-1\"", (await fixture.Run(("s", Ask("/a")))[0].WaitForAsync(1))[0].Text);
        Assert.Equal("say ***", fixture.Gate.Redact("say t0ken-1"));
    }

    private static AuthOptions Token() => new()
    {
        Token = new TokenOptions
        {
            Url = "/token",
            Form = new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = "me", ["client_secret"] = Secret },
        },
    };

    /// <summary>A provider that gives tokens, and says to everyone which one he brought; unless it is another than the one that is good.</summary>
    private static Task<TestProvider> TokensAsync(Func<HttpContext, int, Task> give, Func<int>? good = null) => TestProvider.StartAsync((context, call) =>
    {
        if (context.Request.Path == "/token")
        {
            Assert.Equal("POST", context.Request.Method);
            return give(context, call);
        }

        var brought = context.Request.Headers.Authorization.ToString();
        if (good is not null && brought != $"Bearer t0ken-{good()}")
        {
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        }

        return context.Response.WriteAsync($"\"{brought}\"");
    });
}
