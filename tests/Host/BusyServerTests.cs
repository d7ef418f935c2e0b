using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using StreamEngine.Host.Api;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Tests;

namespace StreamEngine.Host.Tests;

/// <summary>A server with more requests than it takes on at once.</summary>
public sealed class BusyServerTests
{
    private const string Api = "/api/optimized-realtime";
    private const int MaxConnections = 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Listeners_that_stay_when_they_are_refused_are_bounded_too()
    {
        using var folder = new Folder();
        await using var host = Start(folder, "\"maxListeners\": 1");
        var address = await host.WaitForListeningAsync();
        using var only = await Listener.ConnectAsync(address);
        var refused = new List<RawListener>();
        var head = "";
        while (!head.StartsWith("HTTP/1.1 503 ", StringComparison.Ordinal))
        {
            Assert.InRange(refused.Count, 0, 500);
            var (listener, answer) = await RawListener.AskAsync(address, RawListener.Request($"{Api}/ws/player-updates"));
            refused.Add(listener);
            head = answer;
        }

        Assert.Contains("Retry-After: 1", head, StringComparison.OrdinalIgnoreCase);
        refused.ForEach(r => r.Dispose());
        await only.SendAsync("""{"type":"ping"}""");
        await only.NextAsync("pong");
        Assert.True(await host.StopAsync() == 0, host.Error);
    }

    [Fact]
    public async Task Past_its_limit_requests_are_refused_and_health_and_listeners_are_served()
    {
        using var folder = new Folder();
        await using var host = Start(folder, "\"maxListeners\": 100");
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync(), Timeout = HostProcess.Patience };
        var held = new List<IDisposable>();
        for (var i = 0; i < MaxConnections / 2; i++)
        {
            var stream = await client.GetAsync($"{Api}/sse?channel=player:*", HttpCompletionOption.ResponseHeadersRead, Cancel);
            Assert.Equal(HttpStatusCode.OK, stream.StatusCode);
            held.Add(stream);
        }

        using (var more = await client.GetAsync($"{Api}/sse?channel=player:*", Cancel))
        using (var other = await client.GetAsync($"{Api}/channels", Cancel))
        {
            Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (more.StatusCode, other.StatusCode));
        }

        // Their bodies never come. The server counts one as soon as its head has, and gives each up after some seconds: callers come until all are under way.
        HttpResponseMessage? refused = null;
        await Wait.UntilAsync(
            async () =>
            {
                var caller = new TcpClient();
                held.Add(caller);
                await caller.ConnectAsync(client.BaseAddress!.Host, client.BaseAddress.Port, Cancel);
                await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST {Api}/player-data HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n"), Cancel);
                refused = await client.GetAsync($"{Api}/channels", Cancel);
                return refused.StatusCode == HttpStatusCode.ServiceUnavailable;
            },
            "all are under way");
        Assert.True(held.Count >= RequestLimit.MostRequests(MaxConnections), $"refused when {held.Count} were under way");
        Assert.Equal(("1", "application/problem+json"), (refused!.Headers.RetryAfter?.ToString(), refused.Content.Headers.ContentType?.MediaType));
        Assert.Equal("server_busy", JsonElement.Parse(await refused.Content.ReadAsByteArrayAsync(Cancel)).GetProperty("code").GetString());

        foreach (var path in (string[])[$"{Api}/health", $"{Api}/health/live", "/metrics"])
        {
            using var served = await client.GetAsync(path, Cancel);
            Assert.Equal((path, HttpStatusCode.OK), (path, served.StatusCode));
        }

        using (var listener = await Listener.ConnectAsync(client.BaseAddress!))
        {
            await listener.SendAsync("""{"type":"ping"}""");
            await listener.NextAsync("pong");
        }

        held.ForEach(s => s.Dispose());
        await Wait.UntilAsync(
            async () =>
            {
                using var again = await client.GetAsync($"{Api}/channels", Cancel);
                return again.StatusCode == HttpStatusCode.OK;
            },
            "requests are served again");
        Assert.True(await host.StopAsync() == 0, host.Error);
    }

    private static HostProcess Start(Folder folder, string setting)
    {
        folder.Write("in.jsonl", "");
        folder.Edit("{ \"type\": \"file\", \"path\": \"in.jsonl\" }", "{ \"type\": \"file\", \"path\": \"in.jsonl\", \"follow\": true }");
        folder.Edit("\"out\": {", $"\"listeners\": {{ \"type\": \"websocket\", \"from\": [\"trusted\"], {setting} }},\n    \"out\": {{");
        folder.Edit("\"deadLetter\":", $"\"server\": {{ \"maxConnections\": {MaxConnections} }},\n  \"deadLetter\":");
        return HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0", "--quiet");
    }
}
