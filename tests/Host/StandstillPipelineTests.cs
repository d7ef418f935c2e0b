using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using StreamEngine.Sources.Tests;

namespace StreamEngine.Host.Tests;

/// <summary>Two real providers of one game: one goes on answering with status 200, but what it says stands still.</summary>
public sealed class StandstillPipelineTests
{
    private volatile int count;
    private volatile int frozen = -1;

    [Fact]
    public async Task A_source_that_stands_still_is_named_left_alone_and_not_believed_any_more()
    {
        await using var stuck = await TestProvider.StartAsync((context, _) => context.Response.WriteAsync(Game(frozen < 0 ? count : frozen)));
        await using var live = await TestProvider.StartAsync((context, _) => context.Response.WriteAsync(Game(Interlocked.Increment(ref count))));
        using var folder = Configure(stuck, live, "1h");
        await using var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0");
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };

        await UntilAsync(client, host, "explain/player:mlb:1", e => Hits(e).GetProperty("source").GetString() == "stuck" && Hits(e).GetProperty("others").GetArrayLength() == 1);
        frozen = count;
        var health = await UntilAsync(client, host, "health", h => Source(h).GetProperty("state").GetString() == "frozen" && Held(h).GetArrayLength() == 1);
        Assert.Equal("degraded", health.GetProperty("status").GetString());
        Assert.Contains(health.GetProperty("problems").EnumerateArray(), p => p.GetString()!.StartsWith("source 'stuck' is frozen: stale content: it answers, but in ", StringComparison.Ordinal));
        Assert.Equal(("stuck", "open"), (Held(health)[0].GetProperty("source").GetString(), Held(health)[0].GetProperty("state").GetString()));

        // The other one wins when nobody confirms any more what the frozen one said.
        await UntilAsync(client, host, "explain/player:mlb:1", e => Hits(e).GetProperty("source").GetString() == "live" && Hits(e).GetProperty("value").GetInt32() > frozen);
        var asked = stuck.Count("/");
        var other = live.Count("/");
        await UntilAsync(client, host, "health", _ => live.Count("/") > other + 10);
        Assert.Equal(asked, stuck.Count("/"));
        var metrics = await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.All(["streamengine_source_frozen{", "streamengine_source_reliability{", "streamengine_source_quality{"], name => Assert.Contains(name, metrics, StringComparison.Ordinal));
        Assert.True(await host.StopAsync() == 0, host.Error);
        Assert.Contains("Provider p1: source stuck is left alone for 1h: stale content", host.Output + host.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_it_moves_again_a_trial_finds_that_out()
    {
        await using var stuck = await TestProvider.StartAsync((context, _) => context.Response.WriteAsync(Game(frozen < 0 ? count : frozen)));
        await using var live = await TestProvider.StartAsync((context, _) => context.Response.WriteAsync(Game(Interlocked.Increment(ref count))));
        using var folder = Configure(stuck, live, "500ms");
        await using var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0");
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };

        await UntilAsync(client, host, "explain/player:mlb:1", e => Hits(e).GetProperty("others").GetArrayLength() == 1);
        frozen = count;
        await UntilAsync(client, host, "health", h => Source(h).GetProperty("state").GetString() == "frozen" && Held(h).GetArrayLength() == 1);

        // Trials go on, and find nothing new.
        var asked = stuck.Count("/");
        var health = await UntilAsync(client, host, "health", _ => stuck.Count("/") >= asked + 2);
        Assert.Equal("frozen", Source(health).GetProperty("state").GetString());

        frozen = -1;
        await UntilAsync(client, host, "health", h => Source(h).GetProperty("state").GetString() == "ok" && Held(h).GetArrayLength() == 0);
        asked = stuck.Count("/");
        await UntilAsync(client, host, "health", _ => stuck.Count("/") > asked + 5);
        Assert.True(await host.StopAsync() == 0, host.Error);
        Assert.Contains("source stuck moves again", host.Output + host.Error, StringComparison.Ordinal);
    }

    private static string Game(int hits) => $$"""{"at":"2026-04-01T18:00:00Z","id":1,"name":"A","h":{{hits}}}""";

    private static JsonElement Hits(JsonElement explained) => explained.GetProperty("fields").GetProperty("hits");

    private static JsonElement Source(JsonElement health) => health.GetProperty("health_data").GetProperty("sources").GetProperty("stuck");

    private static JsonElement Held(JsonElement health) => health.GetProperty("health_data").GetProperty("breakers").GetProperty("p1").GetProperty("held");

    private static Folder Configure(TestProvider stuck, TestProvider live, string recovery)
    {
        const string Fast = """ "throttle": { "perSecond": 1000, "perMinute": null } """;
        var folder = new Folder();
        folder.Edit("\"sources\": { \"lines\": { \"type\": \"file\", \"path\": \"in.jsonl\" } }", $$"""
            "providers": {
              "p1": { "baseUrl": "{{stuck.Address}}", "priority": 1, "breaker": { "recovery": "{{recovery}}" }, {{Fast}} },
              "p2": { "baseUrl": "{{live.Address}}", {{Fast}} }
            },
            "sources": {
              "stuck": { "type": "http", "provider": "p1", "request": "/", "every": "20ms", "frozenAfter": "1s" },
              "live": { "type": "http", "provider": "p2", "request": "/", "every": "20ms" }
            }
            """);
        folder.Edit("[\"lines\"]", "[\"stuck\", \"live\"]");
        folder.Edit("\"from\": [\"scored\"]", "\"from\": [\"scored\"], \"staleAfter\": \"1s\"");
        return folder;
    }

    private static async Task<JsonElement> UntilAsync(HttpClient client, HostProcess host, string what, Func<JsonElement, bool> wanted)
    {
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        while (true)
        {
            using var response = await client.GetAsync($"/api/optimized-realtime/{what}", TestContext.Current.CancellationToken);
            var answer = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
            if (response.IsSuccessStatusCode && wanted(answer))
            {
                return answer;
            }

            Assert.False(limit.IsCancellationRequested, answer + host.Output + host.Error);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
