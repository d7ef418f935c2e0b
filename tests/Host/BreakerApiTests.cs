using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace StreamEngine.Host.Tests;

/// <summary>Breakers over the API of the real host.</summary>
public sealed class BreakerApiTests : IAsyncDisposable
{
    private const string Api = "/api/optimized-realtime/circuit-breaker";
    private const string Key = "an-api-key-of-30-characters-42";

    private readonly WebApplication provider = WebApplication.CreateEmptyBuilder(new WebApplicationOptions()).With(b => b.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0"));
    private readonly Folder folder = new();
    private int status = 200;
    private int asked;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_tripped_by_hand_is_asked_no_more_until_it_is_reset_also_after_a_restart()
    {
        await PrepareAsync();
        DateTimeOffset? opened;
        await using (var host = Start())
        {
            using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
            await UntilAsync(() => Volatile.Read(ref asked) > 2);
            var before = DateTimeOffset.UtcNow.AddSeconds(-1);
            var trip = (await PostAsync(client, "trip?service_name=p")).GetProperty("circuit_breaker_trip");
            Assert.Equal(("p", true), (trip.GetProperty("service").GetString(), trip.GetProperty("success").GetBoolean()));
            Assert.InRange(trip.GetProperty("timestamp").GetDateTimeOffset(), before, DateTimeOffset.UtcNow.AddSeconds(1));
            var breaker = await BreakerAsync(client);
            Assert.Equal(("isolated", JsonValueKind.Null), (breaker.GetProperty("state").GetString(), breaker.GetProperty("retry_at").ValueKind));
            opened = breaker.GetProperty("opened_at").GetDateTimeOffset();
            var health = await client.GetFromJsonAsync<JsonElement>("/api/optimized-realtime/health", Cancel);
            Assert.Contains("provider 'p' was switched off by hand", health.GetProperty("problems").EnumerateArray().Select(p => p.GetString()));
            Assert.Equal(0, await host.StopAsync());
        }

        var count = Volatile.Read(ref asked);
        await using var again = Start();
        using var caller = new HttpClient { BaseAddress = await again.WaitForListeningAsync() };
        var restored = await BreakerAsync(caller);
        Assert.Equal(("isolated", opened), (restored.GetProperty("state").GetString(), restored.GetProperty("opened_at").GetDateTimeOffset()));

        // The source runs and is refused: it has tried by the time it was asked about more than once.
        await UntilAsync(async () => (await caller.GetFromJsonAsync<JsonElement>("/api/optimized-realtime/health", Cancel)).GetProperty("health_data").GetProperty("sources").GetProperty("lines").GetProperty("state").GetString() is "waiting" or "ok");
        Assert.Equal(count, Volatile.Read(ref asked));
        Assert.Equal("p", (await PostAsync(caller, "reset?service_name=p")).GetProperty("circuit_breaker_reset").GetProperty("service").GetString());
        Assert.Equal("closed", (await BreakerAsync(caller)).GetProperty("state").GetString());
        await UntilAsync(() => Volatile.Read(ref asked) > count);
        Assert.Equal(0, await again.StopAsync());
    }

    [Fact]
    public async Task Failures_and_the_next_attempt_are_told_by_class_in_json_and_metrics()
    {
        Volatile.Write(ref status, 503);
        await PrepareAsync("\"breaker\": { \"failures\": 2, \"recovery\": \"1h..4h\" },");
        await using var host = Start();
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
        await UntilAsync(async () => (await BreakerAsync(client)).GetProperty("state").GetString() == "open");
        var breaker = await BreakerAsync(client);
        Assert.Equal(2, breaker.GetProperty("failures").GetProperty("server_error").GetInt32());
        Assert.Equal(0, breaker.GetProperty("failures").GetProperty("too_large").GetInt32());
        Assert.Equal(("503 Service Unavailable", "server_error"), (breaker.GetProperty("last_error").GetString(), breaker.GetProperty("last_error_class").GetString()));
        Assert.Equal("2 failures in a row", breaker.GetProperty("reason").GetString());
        Assert.InRange(breaker.GetProperty("last_error_at").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddSeconds(1));
        Assert.InRange(breaker.GetProperty("retry_at").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(50), DateTimeOffset.UtcNow.AddMinutes(60));
        var metrics = await client.GetStringAsync("/metrics", Cancel);
        Assert.Contains("class=\"server_error\",provider=\"p\"} 2\n", metrics, StringComparison.Ordinal);
        Assert.Contains("class=\"in_band\",provider=\"p\"} 0\n", metrics, StringComparison.Ordinal);

        // Reset by hand, it is tried at once and not in an hour.
        Volatile.Write(ref status, 200);
        await PostAsync(client, "reset?service_name=p");
        await UntilAsync(async () => (await client.GetFromJsonAsync<JsonElement>("/api/optimized-realtime/health", Cancel)).GetProperty("status").GetString() == "healthy");
        Assert.Equal(0, await host.StopAsync());
    }

    [Fact]
    public async Task Unknown_names_get_the_known_ones()
    {
        await PrepareAsync();
        await using var host = Start();
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
        foreach (var (call, code, problem) in new[] { ("trip?service_name=q", 404, "service_not_found"), ("reset?service_name=q", 404, "service_not_found"), ("trip", 400, "service_name_required"), ("reset?service_name=", 400, "service_name_required") })
        {
            using var answer = await client.PostAsync($"{Api}/{call}", null, Cancel);
            Assert.Equal((code, "application/problem+json"), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
            var body = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
            Assert.Equal(problem, body.GetProperty("code").GetString());
            Assert.EndsWith("Known: p.", body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await client.GetAsync($"{Api}/trip?service_name=p", Cancel)).StatusCode);
        Assert.Equal("closed", (await BreakerAsync(client)).GetProperty("state").GetString());
        Assert.Equal(0, await host.StopAsync());
    }

    [Fact]
    public async Task Without_a_key_nothing_is_changed_through_a_proxy_or_by_a_page_of_another_server()
    {
        await PrepareAsync();
        await using var host = Start();
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
        foreach (var (name, value, problem) in new[] { ("X-Forwarded-For", "10.0.0.7", "not_from_here"), ("Origin", "http://evil.example", "origin_not_allowed"), ("Host", "evil.example", "host_not_allowed") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{Api}/trip?service_name=p");
            request.Headers.Add(name, value);
            using var answer = await client.SendAsync(request, Cancel);
            Assert.Equal((HttpStatusCode.Forbidden, problem), (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("code").GetString()));
        }

        Assert.Equal("closed", (await BreakerAsync(client)).GetProperty("state").GetString());
        Assert.Equal(0, await host.StopAsync());
    }

    [Fact]
    public async Task With_a_key_it_is_needed_and_shown_nowhere()
    {
        await PrepareAsync(server: "\"server\": { \"apiKey\": \"${API_KEY}\" },");
        await using var host = Start(Key);
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
        using (var refused = await client.PostAsync($"{Api}/trip?service_name=p", null, Cancel))
        {
            Assert.Equal((HttpStatusCode.Unauthorized, "Bearer"), (refused.StatusCode, refused.Headers.WwwAuthenticate.ToString()));
            var body = await refused.Content.ReadFromJsonAsync<JsonElement>(Cancel);
            Assert.Equal("api_key_required", body.GetProperty("code").GetString());
            Assert.Contains("X-API-Key", body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal("closed", (await BreakerAsync(client)).GetProperty("state").GetString());
        client.DefaultRequestHeaders.Add("X-API-Key", Key);
        await PostAsync(client, "trip?service_name=p");
        Assert.Equal("isolated", (await BreakerAsync(client)).GetProperty("state").GetString());
        Assert.Equal(0, await host.StopAsync());
        Assert.DoesNotContain(Key, host.Output + host.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_can_be_guessed_is_a_fault_of_the_config()
    {
        await PrepareAsync(server: "\"server\": { \"apiKey\": \"secret\" },");
        var (code, _, error) = await HostProcess.RunAsync(folder.Path, "validate", "pipeline.json");
        Assert.Equal(1, code);
        Assert.Contains("error: server.apiKey: has 6 characters, which can be guessed; give it at least 16", error, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await provider.DisposeAsync();
        folder.Dispose();
    }

    private async Task PrepareAsync(string settings = "", string server = "")
    {
        provider.Run(context =>
        {
            Interlocked.Increment(ref asked);
            context.Response.StatusCode = Volatile.Read(ref status);
            return context.Response.WriteAsync("[]", context.RequestAborted);
        });
        await provider.StartAsync(Cancel);
        folder.Edit("\"lines\": { \"type\": \"file\", \"path\": \"in.jsonl\" }", "\"lines\": { \"type\": \"http\", \"provider\": \"p\", \"request\": \"/\", \"every\": \"50ms\" }");
        folder.Edit("\"sources\":", $$"""
            "providers": { "p": {
                "baseUrl": "{{provider.Urls.Single()}}",
                {{settings}}
                "throttle": { "perSecond": 100, "perMinute": null },
                "retry": { "attempts": 1 }
              } },
              {{server}}
              "ledger": { "path": "ledger" },
              "sources":
            """);
    }

    private HostProcess Start(string? key = null) => HostProcess.Start(folder.Path, new Dictionary<string, string?> { ["API_KEY"] = key }, "run", "pipeline.json", "--urls", "http://127.0.0.1:0");

    private static async Task<JsonElement> PostAsync(HttpClient client, string call)
    {
        using var answer = await client.PostAsync($"{Api}/{call}", null, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }

    private static async Task<JsonElement> BreakerAsync(HttpClient client) =>
        (await client.GetFromJsonAsync<JsonElement>($"{Api}/status", Cancel)).GetProperty("circuit_breakers").GetProperty("p");

    private static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        while (!await condition())
        {
            await Task.Delay(20, limit.Token);
        }
    }
}
