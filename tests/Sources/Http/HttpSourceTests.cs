using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

public class HttpSourceTests
{
    private static HttpSourceOptions Ask(string request, double every = 600) =>
        new() { Provider = "p", Request = [request], Every = new EveryOptions { Otherwise = Duration.Seconds(every) } };

    [Fact]
    public async Task A_payload_enters_the_pipeline_at_once_as_one_document()
    {
        await using var provider = await TestProvider.StartAsync("{\"hits\": 3}");
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask("/games?day=1")))[0];
        var document = (await output.WaitForAsync(1))[0];
        Assert.Equal("{\"hits\": 3}", document.Text);
        Assert.Equal((1, false, 1), (document.Document.Source, document.Document.Confirmed, document.Document.Request));
        Assert.Equal(new Uri(provider.Address, "/games?day=1").ToString(), document.Document.Origin);
        Assert.Equal(DateTime.UtcNow, new DateTime(document.Document.ReceivedTime, DateTimeKind.Utc), TimeSpan.FromMinutes(1));
        await Eventually.TrueAsync(() => fixture.Health.Sources.TryGetValue("s", out var state) && state is { Payloads: 1, Bytes: 11 });
        Assert.Equal(0, output.Leased);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task Compressed_bodies_are_read(string encoding)
    {
        var json = "{\"text\": \"" + new string('x', 200_000) + "\"}";
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            Assert.Contains(encoding, context.Request.Headers.AcceptEncoding.ToString(), StringComparison.Ordinal);
            context.Response.Headers.ContentEncoding = encoding;
            return context.Response.Body.WriteAsync(Compressed(json, encoding)).AsTask();
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        Assert.Equal(json, (await fixture.Run(("s", Ask("/")))[0].WaitForAsync(1))[0].Text);
    }

    [Fact]
    public async Task A_body_past_the_bound_is_refused_before_it_fills_the_memory()
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            return context.Response.Body.WriteAsync(Compressed("[" + new string(' ', 50_000_000) + "]", "gzip")).AsTask();
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address) with { MaxBytes = new ByteSize(100_000) });
        var output = fixture.Run(("s", Ask("/")))[0];
        await Eventually.TrueAsync(() => fixture.Health.Sources.ContainsKey("s"));
        Assert.Equal("the body is larger than 100000B; raise the provider's maxBytes if that is right", fixture.Health.Sources["s"].LastError);
        Assert.Single(provider.Requests);
        Assert.Empty(output.Documents);
    }

    [Fact]
    public async Task A_hanging_answer_is_cut_off_and_asked_again()
    {
        await using var provider = await TestProvider.StartAsync(async (context, call) =>
        {
            await context.Response.WriteAsync("{\"half\":");
            await context.Response.Body.FlushAsync();
            if (call == 1)
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                return;
            }

            await context.Response.WriteAsync("1}");
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address) with { Timeout = Duration.Seconds(1) });
        var output = fixture.Run(("s", Ask("/")))[0];
        Assert.Equal("{\"half\":1}", (await output.WaitForAsync(1))[0].Text);
        Assert.Equal("no answer within 1s", fixture.Gate.Breaker.LastError);

        // It is counted when it has been handed on.
        await Eventually.TrueAsync(() => fixture.Health.Sources.ContainsKey("s"));
        Assert.False(fixture.Health.Sources["s"].LastFailure.HasValue);
    }

    [Fact]
    public async Task Broken_json_is_a_failure_of_the_provider_and_asked_again()
    {
        await using var provider = await TestProvider.StartAsync((context, call) => context.Response.WriteAsync(call switch
        {
            1 => "{\"hits\": 3",
            2 => "",
            _ => "{\"hits\": 3}",
        }));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask("/")))[0];
        Assert.Equal("{\"hits\": 3}", (await output.WaitForAsync(1))[0].Text);
        Assert.Equal(3, provider.Requests.Count);
        Assert.Equal("the body is empty", fixture.Gate.Breaker.LastError);
    }

    [Fact]
    public async Task Nothing_is_sent_without_a_permit_not_even_when_a_kept_connection_breaks_off()
    {
        await using var provider = new BreakingProvider();
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address) with { Retry = new RetryOptions { Attempts = 1 } });
        fixture.Run(("s", Ask("/", every: 0.02)));
        await Eventually.TrueAsync(() => provider.Requests >= 20);
        await fixture.StopAsync();
        Assert.InRange(provider.Requests, 20, fixture.Gate.Throttle.Granted);
    }

    [Fact]
    public async Task A_redirect_to_another_name_is_not_followed_though_the_port_is_the_same()
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.Redirect($"http://localhost:{context.Connection.LocalPort}/other");
            return Task.CompletedTask;
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        fixture.Run(("s", Ask("/")));
        await Eventually.TrueAsync(() => fixture.Health.Sources.ContainsKey("s"));
        Assert.Equal("302 Found to another host, localhost; set the provider's baseUrl to it if that is right", fixture.Health.Sources["s"].LastError);
        Assert.Equal(["/"], provider.Requests.Select(r => r.Path));
    }

    [Fact]
    public async Task What_an_open_breaker_refused_is_no_failure_of_the_source()
    {
        await using var fixture = new SourceFixture();
        var outlet = new PayloadOutlet(null, new ProviderOutage(), fixture.Context("s"));
        var request = new TrackedRequest(new RequestTemplate("/"), 0);
        outlet.Failed(request, GateOutcome.BreakerOpen, attempts: 0, "open");
        Assert.Empty(fixture.Health.Sources);
        Assert.False(request.Failing);
        outlet.Failed(request, GateOutcome.BreakerOpen, attempts: 1, "opened by this one");
        Assert.Equal("opened by this one", fixture.Health.Sources["s"].LastError);

        // But a half of its pages is none of them.
        request.Poll.GoOn(new Uri("http://p/2"));
        request.Pages.Add(new TrackedPage(2));
        outlet.Failed(request, GateOutcome.BreakerOpen, attempts: 0, "open");
        Assert.Equal(("page 2: open", 1L), (fixture.Health.Sources["s"].LastError, fixture.Health.Sources["s"].Incomplete));
    }

    [Fact]
    public void Another_url_confirms_nothing_that_was_known_of_the_one_before()
    {
        var page = new TrackedPage(1);
        void Check(string day, string? body, int generation, bool isKnown)
        {
            page.GoTo(new Uri($"http://p/day?d={day}"), body, "shown", generation);
            Assert.Equal((isKnown, isKnown ? DateTimeOffset.UnixEpoch : null), (page.Known, page.LastModified));
            (page.Known, page.LastModified) = (true, DateTimeOffset.UnixEpoch);
        }

        Check("2026-07-04", null, 0, isKnown: false);
        Check("2026-07-04", null, 0, isKnown: true);
        Check("2026-07-05", null, 0, isKnown: false);
        Check("2026-07-05", null, 1, isKnown: false);
        Check("2026-07-05", "{}", 1, isKnown: false);
        Check("2026-07-05", "{}", 1, isKnown: true);
    }

    [Fact]
    public async Task When_the_pipeline_has_forgotten_what_it_knew_the_payload_is_asked_for_in_full()
    {
        await using var provider = await UnchangingAsync();
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask("/", every: 0.02)))[0];
        await Eventually.TrueAsync(() => output.Documents.Any(d => d.Document.Confirmed));
        Assert.Single(output.Documents, d => !d.Document.Confirmed);

        fixture.Health.AskInFull();

        await Eventually.TrueAsync(() => output.Documents.Count(d => !d.Document.Confirmed) == 2);
    }

    [Fact]
    public async Task A_web_page_instead_of_json_is_told_as_such()
    {
        await using var provider = await TestProvider.StartAsync((context, call) => context.Response.WriteAsync(call == 1 ? "<html>Sign in</html>" : "[1]"));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        await fixture.Run(("s", Ask("/")))[0].WaitForAsync(1);
        Assert.Equal("the body is a web page or XML, not JSON (line 1, byte 1)", fixture.Gate.Breaker.LastError);
    }

    [Fact]
    public async Task What_the_provider_confirms_flows_as_a_confirmation()
    {
        await using var provider = await UnchangingAsync();
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var documents = await fixture.Run(("s", Ask("/", every: 0.02)))[0].WaitForAsync(3);
        Assert.Equal(["[1]", "", ""], documents.Take(3).Select(d => d.Text));
        Assert.Equal([false, true, true], documents.Take(3).Select(d => d.Document.Confirmed));
        Assert.All(documents, d => Assert.Equal(1, d.Document.Request));
        Assert.True(documents[0].Document.Sequence < documents[1].Document.Sequence);
        Assert.True(fixture.Health.Sources["s"].Confirmed >= 2);
    }

    [Fact]
    public async Task The_same_bytes_confirm_and_other_bytes_do_not()
    {
        await using var provider = await TestProvider.StartAsync((context, call) => context.Response.WriteAsync(call <= 2 ? "[1]" : "[2]"));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var documents = await fixture.Run(("s", Ask("/", every: 0.02)))[0].WaitForAsync(4);
        Assert.Equal(["[1]", "", "[2]", ""], documents.Take(4).Select(d => d.Text));
    }

    [Fact]
    public async Task A_wrong_request_is_reported_and_does_not_end_the_source()
    {
        await using var provider = await TestProvider.StartAsync((context, call) =>
        {
            context.Response.StatusCode = call == 1 ? 404 : 200;
            return context.Response.WriteAsync("[1]");
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        await fixture.Run(("s", Ask("/", every: 0.05)))[0].WaitForAsync(1);
        Assert.Equal(("404 Not Found", 1L), (fixture.Health.Sources["s"].LastError, fixture.Health.Sources["s"].Failures));
        Assert.Equal("closed", fixture.Gate.Breaker.State);
    }

    [Fact]
    public async Task An_open_breaker_is_waited_for_without_spinning()
    {
        var healthy = false;
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.StatusCode = Volatile.Read(ref healthy) ? 200 : 500;
            return context.Response.WriteAsync("[1]");
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address) with { Breaker = new BreakerOptions { Failures = 2, Recovery = Duration.Seconds(1) } });
        var output = fixture.Run(("s", Ask("/", every: 0.01)))[0];
        await Eventually.TrueAsync(() => fixture.Gate.Breaker.Opened >= 2);
        Assert.InRange(provider.Requests.Count, 3, (int)fixture.Gate.Breaker.Opened + 2);
        Volatile.Write(ref healthy, true);
        await output.WaitForAsync(1);
        Assert.Equal("closed", fixture.Gate.Breaker.State);
    }

    [Fact]
    public async Task Redirects_stay_on_the_host_and_take_a_permit_each()
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            if (context.Request.Path == "/old")
            {
                context.Response.Redirect("/new?x=1");
                return Task.CompletedTask;
            }

            if (context.Request.Path == "/away")
            {
                context.Response.Redirect("http://elsewhere.test/");
                return Task.CompletedTask;
            }

            return context.Response.WriteAsync("[1]");
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var output = fixture.Run(("s", Ask("/old")), ("t", Ask("/away")))[0];
        await output.WaitForAsync(1);
        await Eventually.TrueAsync(() => fixture.Health.Sources.ContainsKey("t"));
        Assert.Equal("302 Found to another host, elsewhere.test; set the provider's baseUrl to it if that is right", fixture.Health.Sources["t"].LastError);
        Assert.Equal(3, fixture.Gate.Throttle.Granted);
    }

    [Fact]
    public async Task Secrets_show_neither_in_origins_nor_in_errors()
    {
        await using var provider = await TestProvider.StartAsync((context, call) =>
        {
            Assert.Equal("h3ader-secret", context.Request.Headers["X-Api-Key"]);
            if (call > 1)
            {
                context.Abort();
                return Task.CompletedTask;
            }

            return context.Response.WriteAsync("[1]");
        });
        var options = SourceFixture.Fast(provider.Address) with { Headers = new Dictionary<string, string> { ["X-Api-Key"] = "h3ader-secret" } };
        await using var fixture = new SourceFixture(options);
        var output = fixture.Run(("s", Ask("/v1?apiKey=topsecret&day=1", every: 0.02)))[0];
        var origin = (await output.WaitForAsync(1))[0].Document.Origin;
        Assert.EndsWith("/v1?apiKey=***&day=1", origin, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => fixture.Health.Sources["s"].LastError is not null);
        Assert.DoesNotContain("secret", fixture.Health.Sources["s"].LastError + fixture.Gate.Breaker.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_ends_a_hanging_request_promptly()
    {
        await using var provider = await TestProvider.StartAsync((context, _) => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address) with { Timeout = Duration.Seconds(300) });
        var output = fixture.Run(("s", Ask("/")))[0];
        await Eventually.TrueAsync(() => !provider.Requests.IsEmpty);
        await fixture.StopAsync();
        Assert.Empty(output.Documents);
        Assert.Equal(0, output.Leased);
    }

    [Fact]
    public async Task A_full_pipeline_stops_the_asking()
    {
        await using var provider = await TestProvider.StartAsync((context, call) => context.Response.WriteAsync($"[{call}]"));
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address));
        var (full, room) = (new TaskCompletionSource(), new TaskCompletionSource());
        var output = fixture.Run(("s", Ask("/", every: 0.01)), ("other", Ask("/other", every: 0.01)))[0];
        await output.WaitForAsync(1);
        output.BeforeEmit = () =>
        {
            full.TrySetResult();
            return room.Task;
        };
        await full.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var asked = provider.Count("/");
        var others = provider.Count("/other");
        await Eventually.TrueAsync(() => provider.Count("/other") >= others + 10);
        Assert.Equal(asked, provider.Count("/"));
        room.SetResult();
        await output.WaitForAsync(documents => documents.Count > asked + 1);
        Assert.Equal(Enumerable.Range(1, asked).Select(i => $"[{i}]"), output.Texts.Take(asked));
    }

    [Fact]
    public async Task A_demo_provider_is_found_where_it_listens()
    {
        await using var provider = await TestProvider.StartAsync("[1]");
        await using var fixture = new SourceFixture(
            SourceFixture.Fast(provider.Address) with { BaseUrl = "demo:statline" },
            more: services => services.AddSingleton<IDemoAddresses>(new Demo(new Uri(provider.Address, "/statline/"))));
        await fixture.Run(("s", Ask("/games")))[0].WaitForAsync(1);
        Assert.Equal("/statline/games", provider.Requests.Single().Path);
    }

    private sealed class Demo(Uri address) : IDemoAddresses
    {
        public Uri? Find(string name) => name == "statline" ? address : null;
    }

    internal static byte[] Compressed(string text, string encoding)
    {
        using var bytes = new MemoryStream();
        using (Stream stream = encoding switch
        {
            "gzip" => new GZipStream(bytes, CompressionLevel.Fastest),
            "br" => new BrotliStream(bytes, CompressionLevel.Fastest),
            "" => bytes,
            _ => new ZLibStream(bytes, CompressionLevel.Fastest),
        })
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
        }

        return bytes.ToArray();
    }

    /// <summary>A provider that says <c>[1]</c> once, and to those who know it that nothing has changed.</summary>
    private static Task<TestProvider> UnchangingAsync() => TestProvider.StartAsync((context, _) =>
    {
        context.Response.Headers.ETag = "\"v1\"";
        if (context.Request.Headers.IfNoneMatch == "\"v1\"")
        {
            context.Response.StatusCode = 304;
            return Task.CompletedTask;
        }

        return context.Response.WriteAsync("[1]");
    });
}
