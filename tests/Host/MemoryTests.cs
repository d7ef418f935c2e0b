using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Host.Tests;

/// <summary>What the process may take in memory is said before it runs, and kept.</summary>
public sealed class MemoryTests : IDisposable
{
    private const string Api = "/api/optimized-realtime";

    private readonly Folder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Validate_adds_up_what_the_process_may_take()
    {
        folder.Write("in.jsonl", "");
        var (_, output, _) = await HostProcess.RunAsync(folder.Path, "validate", "--set", "transforms.trusted.maxBytes=1000MB");
        Assert.Contains("\n    1,000 MB  trusted: records of all sources (transforms.trusted.maxBytes)\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("checkpoint: a copy", output, StringComparison.Ordinal);
        var bound = Bound(output);
        Assert.InRange(bound, 1612, 3000);

        var (_, more, _) = await HostProcess.RunAsync(folder.Path, "validate", "--set", "transforms.trusted.maxBytes=1100MB", "--set", "checkpoint.path=state");
        Assert.Contains("checkpoint: a copy of what the transforms know (checkpoint.path)\n", more, StringComparison.Ordinal);
        Assert.Contains(" out: batches that wait (transforms.normalized.maxRecords)\n", more, StringComparison.Ordinal);
        var (_, large, _) = await HostProcess.RunAsync(folder.Path, "validate", "--set", "transforms.trusted.maxBytes=1000MB", "--set", "transforms.normalized.maxRecords=1000000");
        Assert.InRange(Bound(large), bound + 3000, int.MaxValue);
        Assert.InRange(Bound(more), bound + 150 + (1100 * 3 / 2 * 3 / 2), bound + 3000);
    }

    [Fact]
    public async Task A_machine_that_is_too_small_is_told_by_validate_and_at_the_start()
    {
        folder.Write("in.jsonl", "");
        const string Warning = "of memory and there is ";
        string[] settings = ["--set", "transforms.trusted.maxBytes=900GB", "--set", "server.urls=http://127.0.0.1:0"];
        var (code, output, _) = await HostProcess.RunAsync(folder.Path, ["validate", .. settings]);
        Assert.Equal(0, code);
        Assert.Contains(Warning, output, StringComparison.Ordinal);
        Assert.Contains("lower 'transforms.trusted.maxBytes' (921,600 MB)", output, StringComparison.Ordinal);

        (code, output, var error) = await HostProcess.RunAsync(folder.Path, ["run", .. settings]);
        Assert.Equal(0, code);
        Assert.Contains(Warning, error, StringComparison.Ordinal);
    }

    /// <summary>More keys than anything may hold, at full speed, into every kind of state and every sink that keeps something.</summary>
    [Fact]
    public async Task Under_a_burst_of_keys_the_process_never_takes_more_than_it_said()
    {
        const int Keys = 400_000;
        await using var redis = await RedisServer.StartNewAsync();
        folder.Edit("\"map\": \"map.json\"", "\"map\": \"map.json\", \"maxRecords\": 1");
        folder.Edit("\"window\": \"10m\"", "\"window\": \"10m\", \"maxKeys\": 100000");
        folder.Edit("{ \"type\": \"merge\",", "{ \"type\": \"merge\", \"maxKeys\": 200000, \"maxBytes\": \"16MB\",");
        folder.Edit("{ \"type\": \"file\", \"path\": \"in.jsonl\" }", "{ \"type\": \"file\", \"path\": \"in.jsonl\", \"maxLine\": \"4KB\", \"follow\": true }");
        folder.Edit("\"path\": \"out.jsonl\" }", $$"""
            "path": "out.jsonl" },
                "cache": { "type": "cache", "from": ["trusted"], "maxBytes": "16MB" },
                "listeners": { "type": "websocket", "from": ["trusted"], "maxListeners": 100, "maxBytes": "16MB", "listenerBytes": "4MB" }
            """);
        folder.Edit("\"dead.jsonl\" }", $$"""
            "dead.jsonl" },
              "redis": { "url": "{{redis.Url}}" },
              "server": { "maxConnections": 100 },
              "checkpoint": { "path": "state", "every": "200ms" }
            """);
        var lines = new StringBuilder();
        for (var key = 0; key < Keys; key++)
        {
            lines.Append(CultureInfo.InvariantCulture, $"{{\"id\":{key},\"name\":\"Player number {key}\",\"h\":{key % 7},\"ab\":{10 + (key % 5)},\"at\":\"2026-05-01T12:00:00Z\"}}\n");
        }

        folder.Write("in.jsonl", lines.ToString());
        await using var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0");
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
        var status = default(JsonElement);
        await Wait.UntilAsync(
            async () =>
            {
                status = await client.GetFromJsonAsync<JsonElement>($"{Api}/pipeline", Cancel);
                return status.GetProperty("blocks").EnumerateArray().Single(b => b.GetProperty("name").GetString() == "out").GetProperty("out").GetInt64() == Keys;
            },
            "all keys have come out",
            TimeSpan.FromMinutes(2));

        // As the kernel counts: the most resident memory at any time.
        var peak = File.ReadLines($"/proc/{host.Id}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        var kilobytes = long.Parse(peak.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        var bound = status.GetProperty("memory").GetProperty("bound").GetInt64();
        Assert.InRange(kilobytes * 1024, bound / 4, bound);
        Assert.Contains("\"status\":\"healthy\"", await client.GetStringAsync($"{Api}/health", Cancel), StringComparison.Ordinal);
        TestContext.Current.SendDiagnosticMessage($"{kilobytes / 1024} of {bound >> 20} MB");
        Assert.Equal(0, await host.StopAsync());
    }

    private static int Bound(string output) =>
        int.Parse(output.Split("\nmemory: at most ")[1].Split(" MB")[0], NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
}
