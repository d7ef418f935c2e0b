using System.Net.Http.Json;
using System.Text.Json;
using StreamEngine.Sources.Tests.WebSockets;

namespace StreamEngine.Host.Tests;

/// <summary>The real program at a real WebSocket, killed in between.</summary>
public sealed class WebSocketPipelineTests
{
    private const int Many = 3000;
    private const int Some = 1000;

    [Fact]
    public async Task From_a_provider_that_can_resume_nothing_is_lost_in_a_crash()
    {
        var resumed = new List<int>();
        var isCovered = new TaskCompletionSource();
        await using var provider = await SocketProvider.StartAsync(async talk =>
        {
            var first = JsonDocument.Parse(await talk.HearAsync()).RootElement;
            var next = first.GetProperty("op").GetString() == "resume" ? first.GetProperty("after").GetInt32() + 1 : 1;
            if (next > 1)
            {
                resumed.Add(next - 1);
            }

            for (; next <= Many; next++)
            {
                await (next == Some ? isCovered.Task : Task.CompletedTask);
                await talk.SayAsync($$"""{"type":"update","seq":{{next}},"at":"2026-04-01T18:00:00Z","id":{{next}},"name":"N{{next}}","h":1,"ab":3}""", """{"type":"heartbeat"}""");
            }

            await talk.StayAsync();
        });
        using var folder = new Folder();
        folder.Edit("\"lines\": { \"type\": \"file\", \"path\": \"in.jsonl\" }", """
            "lines": {
              "type": "websocket", "provider": "p", "request": "/live", "subscribe": { "op": "subscribe" }, "when": "type == 'update'",
              "sequence": "seq", "resume": { "send": { "op": "resume", "after": "{sequence}" } }
            }
            """);
        folder.Edit("\"sources\":", $$"""
            "providers": { "p": { "baseUrl": "{{provider.Address}}" } },
            "checkpoint": { "path": "state", "every": "100ms" },
            "sources":
            """);
        await using (var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0"))
        {
            using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
            await UntilAsync(client, s => s.GetProperty("payloads").GetInt64() == Some - 1, host);
            var checkpoint = 0L;
            await UntilAsync(client, "health_data", h => (checkpoint = h.GetProperty("checkpoint").GetProperty("id").GetInt64()) >= 0, host);
            await UntilAsync(client, "health_data", h => h.GetProperty("checkpoint").GetProperty("id").GetInt64() >= checkpoint + 2, host);
            isCovered.SetResult();
            await UntilAsync(client, s => s.GetProperty("payloads").GetInt64() >= Some + 100, host);
            host.Kill();
            await host.WaitForExitAsync();
        }

        await using (var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0"))
        {
            using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
            await UntilAsync(client, s => resumed.Count > 0 && s.GetProperty("payloads").GetInt64() == Many - resumed[0], host);
            Assert.True(await host.StopAsync() == 0, host.Error);
            Assert.All(Books.All(host.Output), b => Assert.Equal(b.In + b.Expanded, b.Out + b.Filtered + b.Absorbed + b.Dropped + b.Dead + b.Held));
        }

        // What came between the checkpoint and the crash is there twice, since a source that can't promise to repeat it is not waited for.
        var covered = Assert.Single(resumed);
        Assert.InRange(covered, Some - 1, Many - 1);
        var (first, second) = (Keys("out.jsonl"), Keys("out-1.jsonl"));
        Assert.Equal(Numbered(1, first.Count), first);
        Assert.Equal(Numbered(covered + 1, Many - covered), second);
        Assert.InRange(first.Count, covered, Many);

        IReadOnlyList<string?> Keys(string file) => [.. folder.Lines(file).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("key").GetString())];
    }

    private static IEnumerable<string> Numbered(int from, int count) => Enumerable.Range(from, count).Select(i => $"player:mlb:{i}");

    private static Task UntilAsync(HttpClient client, Func<JsonElement, bool> wanted, HostProcess host) =>
        UntilAsync(client, "health_data", h => h.GetProperty("sources").TryGetProperty("lines", out var source) && wanted(source), host);

    private static async Task UntilAsync(HttpClient client, string part, Func<JsonElement, bool> wanted, HostProcess host)
    {
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        JsonElement health;
        while (!wanted((health = await client.GetFromJsonAsync<JsonElement>("/api/optimized-realtime/health", TestContext.Current.CancellationToken)).GetProperty(part)))
        {
            Assert.False(limit.IsCancellationRequested, health + host.Output + host.Error);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
