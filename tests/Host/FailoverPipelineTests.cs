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
    private volatile Held? held;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_second_one_takes_over_while_the_first_is_down_and_hands_back(bool byHand)
    {
        await using var best = await TestProvider.StartAsync(async (context, _) =>
        {
            var answer = held;
            answer?.Asked.TrySetResult();
            await (answer?.Goes.Task ?? Task.CompletedTask);
            context.Response.StatusCode = status;
            await context.Response.WriteAsync(Game(out var hits));
            answer?.Hits.TrySetResult(hits);
        });
        await using var second = await TestProvider.StartAsync((context, _) => context.Response.WriteAsync(Game(out var _)));
        using var folder = Configure(best, second);
        await using var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0");
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
        Task WinsAsync(string source) => UntilAsync(client, host, e => e.GetProperty("source").GetString() == source && e.GetProperty("others").GetArrayLength() == 1);
        Task ByHandAsync(string call) => client.PostAsync($"{Api}/circuit-breaker/{call}?service_name=p1", null, TestContext.Current.CancellationToken);

        await WinsAsync("best");
        if (byHand)
        {
            // While an answer is under way: it is the last for long, and no reason to believe what it says for as long.
            var answer = held = new Held();
            await answer.Asked.Task.WaitAsync(HostProcess.Patience, TestContext.Current.CancellationToken);
            await ByHandAsync("trip");
            held = null;
            answer.Goes.SetResult();
            var last = await answer.Hits.Task.WaitAsync(HostProcess.Patience, TestContext.Current.CancellationToken);
            await UntilAsync(client, host, e => e.GetProperty("source").GetString() == "second" && e.GetProperty("others")[0].GetProperty("value").GetInt32() == last);
            await ByHandAsync("reset");
        }
        else
        {
            status = 503;
            await WinsAsync("second");
            status = 200;
        }

        await WinsAsync("best");
        Assert.True(await host.StopAsync() == 0, host.Error);
    }

    /// <summary>An answer that waits.</summary>
    private sealed class Held
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Goes { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>What it said.</summary>
        public TaskCompletionSource<int> Hits { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private string Game(out int hits)
    {
        hits = Interlocked.Increment(ref count);
        return $$"""{"at":"2026-04-01T18:00:00Z","id":1,"name":"A","h":{{hits}}}""";
    }

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
