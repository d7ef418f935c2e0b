using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace StreamEngine.Host.Tests;

public sealed class ShutdownTests : IDisposable
{
    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Sigterm_under_load_drains_and_the_file_has_every_accepted_record()
    {
        // Far more than can be read before the signal: the run must end because it was asked to.
        var lines = new StringBuilder();
        for (var i = 0; i < 500_000; i++)
        {
            lines.Append("{\"at\":\"2026-04-01T18:00:00Z\",\"id\":").Append(i).Append(",\"name\":\"N").Append(i).Append("\",\"h\":1,\"ab\":3}\n");
        }

        folder.Write("in.jsonl", lines.ToString());
        await using var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0", "--set", "transforms.unique.maxKeys=1000000");
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
        await WaitForOutputAsync(client, 1000);
        var code = await host.StopAsync();

        Assert.True(code == 0, host.Output + host.Error);
        var (lastIn, archived) = (Books.Of(host.Output, "lines"), Books.Of(host.Output, "out"));
        Assert.InRange(lastIn.Out, 1000, 499_999);
        Assert.Equal(lastIn.Out, archived.Out);
        Assert.Equal(archived.Out, folder.Lines("out.jsonl").Length);
        Assert.Equal($"player:mlb:{lastIn.Out - 1}", JsonDocument.Parse(folder.Lines("out.jsonl")[^1]).RootElement.GetProperty("key").GetString());
        Assert.All(Books.All(host.Output), b => Assert.Equal(0, b.Held + b.Dropped));
    }

    [Fact]
    public async Task While_it_drains_it_is_not_ready_and_health_says_why()
    {
        var open = folder.Pipe("in.jsonl");
        await using var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0");
        await using (var input = await Task.Run(open, Cancel))
        {
            using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
            await WaitForAsync(client, "health/ready", HttpStatusCode.OK);
            await input.WriteAsync("{\"at\":\"2026-04-01T18:00:00Z\",\"id\":1,\"name\":\"Ada\",\"h\":1,\"ab\":3}\n"u8.ToArray(), Cancel);
            host.Terminate();
            await WaitForAsync(client, "health/ready", HttpStatusCode.ServiceUnavailable);
            var health = await client.GetFromJsonAsync<JsonElement>("/api/optimized-realtime/health", Cancel);
            Assert.Equal("unhealthy", health.GetProperty("status").GetString());
            Assert.Equal("the pipeline is draining", health.GetProperty("problems")[0].GetString());
        }

        Assert.Equal(0, await host.WaitForExitAsync());
        Assert.Single(folder.Lines("out.jsonl"));
        Assert.Contains("small stopped after", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_Ctrl_C_ends_the_drain_at_once()
    {
        var open = folder.Pipe("in.jsonl");
        await using var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0");
        await using var input = await Task.Run(open, Cancel);
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
        await KeepReadingAsync(input);

        host.Interrupt();
        await WaitForAsync(client, "health/ready", HttpStatusCode.ServiceUnavailable);
        host.Interrupt();

        // The input is still open: nothing else could end the process.
        Assert.Equal(130, await host.WaitForExitAsync());
    }

    [Fact]
    public async Task A_block_that_does_not_end_cannot_hold_up_the_shutdown()
    {
        var open = folder.Pipe("in.jsonl");
        await using var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0", "--set", "server.drainTimeout=1s");
        await using var input = await Task.Run(open, Cancel);
        await host.WaitForListeningAsync();

        await KeepReadingAsync(input);
        Assert.Equal(1, await host.StopAsync());
        Assert.Contains("error: source 'lines': it did not stop within the drain timeout", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listeners_are_told_to_come_back_and_the_books_balance()
    {
        await using var fixture = new DefaultPipelineFixture();
        await fixture.InitializeAsync();
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{fixture.Client.BaseAddress!.Authority}/api/optimized-realtime/ws/player-updates"), limit.Token);
        await socket.SendAsync("""{"type":"subscribe","id":1,"channel":"player:*"}"""u8.ToArray(), WebSocketMessageType.Text, true, limit.Token);
        await fixture.WaitForAsync("/api/optimized-realtime/health", h => h.GetProperty("health_data").GetProperty("listeners").GetProperty("delivered").GetInt64() > 0);
        fixture.Host.Terminate();

        var last = "";
        var buffer = new byte[64 << 10];
        var received = await socket.ReceiveAsync(buffer, limit.Token);
        for (; received.MessageType == WebSocketMessageType.Text; received = await socket.ReceiveAsync(buffer, limit.Token))
        {
            last = Encoding.UTF8.GetString(buffer, 0, received.Count);
        }

        Assert.Contains("\"type\":\"bye\"", last, StringComparison.Ordinal);
        Assert.Equal(4200, (int)socket.CloseStatus!.Value);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
        Assert.Equal(0, await fixture.Host.WaitForExitAsync());
        Assert.All(Books.All(fixture.Host.Output), b => Assert.Equal(b.In + b.Expanded, b.Out + b.Filtered + b.Absorbed + b.Dropped + b.Dead + b.Held));
        Assert.All(Books.All(fixture.Host.Output), b => Assert.Equal(0, b.Held));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>
    /// Has the source read what can't be cancelled. It is more than a pipe holds: when all is written, the source is reading, and a
    /// line without an end keeps it there.
    /// </summary>
    private static async Task KeepReadingAsync(Stream input)
    {
        await input.WriteAsync(Enumerable.Repeat((byte)' ', 300_000).ToArray(), Cancel);
        await input.FlushAsync(Cancel);
    }

    private static async Task WaitForAsync(HttpClient client, string path, HttpStatusCode wanted)
    {
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        while ((await client.GetAsync($"/api/optimized-realtime/{path}", limit.Token)).StatusCode != wanted)
        {
            await Task.Delay(20, limit.Token);
        }
    }

    /// <summary>Waits until the file sink has written so many records, by the books.</summary>
    private static async Task WaitForOutputAsync(HttpClient client, long records)
    {
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        while (true)
        {
            var pipeline = await client.GetFromJsonAsync<JsonElement>("/api/optimized-realtime/pipeline", limit.Token);
            var sink = pipeline.GetProperty("blocks").EnumerateArray().Single(b => b.GetProperty("name").GetString() == "out");
            if (sink.GetProperty("out").GetInt64() >= records)
            {
                return;
            }
        }
    }
}
