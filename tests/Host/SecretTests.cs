using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace StreamEngine.Host.Tests;

/// <summary>What a provider knows us by comes from the environment and is shown nowhere.</summary>
public sealed class SecretTests
{
    private const string Secret = "s3cr3t-key-0042";
    private const string Api = "/api/optimized-realtime";

    [Fact]
    public async Task A_key_in_a_path_is_in_no_log_error_metric_record_or_dead_letter()
    {
        var asked = 0;
        var shown = await ShownAsync(
            async context =>
            {
                Assert.Equal($"/json/{Secret}/players", context.Request.Path);
                context.Response.StatusCode = Interlocked.Increment(ref asked) % 3 == 0 ? 500 : 200;
                await context.Response.WriteAsync("""[{"id":1,"name":"A"},{"name":"no id"}]""", context.RequestAborted);
            },
            "/json/${STATS_KEY}/players",
            """{ "bearer": "not used" }""");
        Assert.Contains("500", shown, StringComparison.Ordinal);
        Assert.Contains("missing key", shown, StringComparison.Ordinal);
        Assert.Contains("/json/***/players", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "query": { "name": "appid", "value": "${STATS_KEY}" } }""")]
    [InlineData("""{ "token": { "url": "/token", "form": { "client_secret": "${STATS_KEY}" } } }""")]
    public async Task What_a_provider_knows_us_by_is_shown_nowhere_though_the_provider_repeats_it(string auth)
    {
        var asked = 0;
        var shown = await ShownAsync(
            async context =>
            {
                if (context.Request.Path == "/token")
                {
                    await context.Response.WriteAsync($$"""{"access_token":"{{Secret}}-token"}""", context.RequestAborted);
                    return;
                }

                var brought = $"{context.Request.QueryString}{context.Request.Headers.Authorization}";
                Assert.Contains(Secret, brought, StringComparison.Ordinal);
                await context.Response.WriteAsync(
                    Interlocked.Increment(ref asked) % 3 == 0 ? $$"""{"error":"who is {{brought}}?"}""" : """[{"id":1,"name":"A"},{"name":"no id"}]""",
                    context.RequestAborted);
            },
            "/players?day=1",
            auth);
        Assert.Contains("the answer is an error: who is ", shown, StringComparison.Ordinal);
        Assert.Contains("***", shown, StringComparison.Ordinal);
        Assert.Contains("/players?day=1", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, shown, StringComparison.Ordinal);
    }

    /// <summary>Runs a host until a request has failed, and puts together all that it says and writes.</summary>
    private static async Task<string> ShownAsync(RequestDelegate answer, string request, string auth)
    {
        await using var provider = WebApplication.CreateEmptyBuilder(new WebApplicationOptions()).With(b => b.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0"));
        provider.Run(answer);
        await provider.StartAsync(TestContext.Current.CancellationToken);
        using var folder = new Folder();
        folder.Edit("\"lines\": { \"type\": \"file\", \"path\": \"in.jsonl\" }", $"\"lines\": {{ \"type\": \"http\", \"provider\": \"p\", \"request\": \"{request}\", \"every\": \"100ms\", \"failsWhen\": \"exists($.error)\", \"errorText\": \"$.error\" }}");
        folder.Edit("\"sources\":", "\"providers\": { \"p\": { \"baseUrl\": \"" + provider.Urls.Single() + "\", \"auth\": " + auth + ", \"throttle\": { \"perSecond\": 50, \"perMinute\": 3000 }, \"retry\": { \"attempts\": 1 } } },\n  \"sources\":");
        folder.Write("map.json", """[{ "each": "$[*]", "record": "player", "key": "player:mlb:{id}", "fields": { "name": "@url" } }]""");
        await using var host = HostProcess.Start(folder.Path, new Dictionary<string, string?> { ["STATS_KEY"] = Secret }, "--urls", "http://127.0.0.1:0");
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        while ((await client.GetFromJsonAsync<JsonElement>($"{Api}/health", limit.Token)).GetProperty("health_data").GetProperty("sources").GetProperty("lines").GetProperty("failures").GetInt64() == 0)
        {
            await Task.Delay(20, limit.Token);
        }

        var shown = "";
        foreach (var path in (string[])[$"{Api}/health", $"{Api}/metrics", $"{Api}/pipeline", $"{Api}/circuit-breaker/status", $"{Api}/rate-limits/status", "/metrics"])
        {
            shown += await client.GetStringAsync(path, limit.Token);
        }

        Assert.Equal(0, await host.StopAsync());
        return shown + host.Output + host.Error + string.Join('\n', folder.Lines("out.jsonl")) + string.Join('\n', folder.Lines("dead.jsonl"));
    }
}
