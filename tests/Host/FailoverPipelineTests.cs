using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using StreamEngine.Sources.Tests;

namespace StreamEngine.Host.Tests;

/// <summary>Two real providers of one game, of which the better one fails: the other takes over though no value is old.</summary>
public sealed class FailoverPipelineTests
{
    private const string Api = "/api/optimized-realtime";

    private int count;
    private volatile int status = 200;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_second_one_takes_over_while_the_first_is_down_and_hands_back(bool byHand)
    {
        await using var best = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync(Game());
        });
        await using var second = await TestProvider.StartAsync((context, _) => context.Response.WriteAsync(Game()));
        using var folder = Configure(best, second);
        await using var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0");
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
        Task WinsAsync(string source) => UntilAsync(client, host, e => e.GetProperty("source").GetString() == source && e.GetProperty("others").GetArrayLength() == 1);
        Task ChangeAsync(string call, int answer)
        {
            status = answer;
            return byHand ? client.PostAsync($"{Api}/circuit-breaker/{call}?service_name=p1", null, TestContext.Current.CancellationToken) : Task.CompletedTask;
        }

        await WinsAsync("best");
        await ChangeAsync("trip", byHand ? 200 : 503);
        await WinsAsync("second");
        await ChangeAsync("reset", 200);
        await WinsAsync("best");
        Assert.True(await host.StopAsync() == 0, host.Error);
    }

    private string Game() => $$"""{"at":"2026-04-01T18:00:00Z","id":1,"name":"A","h":{{Interlocked.Increment(ref count)}}}""";

    private static Folder Configure(TestProvider best, TestProvider second)
    {
        const string Fast = """ "throttle": { "perSecond": 1000, "perMinute": null }, "retry": { "attempts": 1 } """;
        var folder = new Folder();
        folder.Edit("\"sources\": { \"lines\": { \"type\": \"file\", \"path\": \"in.jsonl\" } }", $$"""
            "providers": {
              "p1": { "baseUrl": "{{best.Address}}", "priority": 1, "breaker": { "failures": 3, "recovery": "500ms..2s" }, {{Fast}} },
              "p2": { "baseUrl": "{{second.Address}}", {{Fast}} }
            },
            "sources": {
              "best": { "type": "http", "provider": "p1", "request": "/", "every": "20ms" },
              "second": { "type": "http", "provider": "p2", "request": "/", "every": "20ms" }
            }
            """);
        folder.Edit("[\"lines\"]", "[\"best\", \"second\"]");
        folder.Edit("\"from\": [\"scored\"]", "\"from\": [\"scored\"], \"staleAfter\": \"1h\"");
        return folder;
    }

    private static async Task UntilAsync(HttpClient client, HostProcess host, Func<JsonElement, bool> wanted)
    {
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        while (true)
        {
            using var response = await client.GetAsync($"{Api}/explain/player:mlb:1", TestContext.Current.CancellationToken);
            var answer = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
            if (response.IsSuccessStatusCode && wanted(answer.GetProperty("fields").GetProperty("hits")))
            {
                return;
            }

            Assert.False(limit.IsCancellationRequested, answer + host.Output + host.Error);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
