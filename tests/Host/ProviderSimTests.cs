using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace StreamEngine.Host.Tests;

/// <summary><c>streamengine provider-sim</c> as an operator uses it.</summary>
public sealed class ProviderSimTests : IDisposable
{
    private readonly Folder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_pipeline_of_its_page_exceeds_none_of_its_limits()
    {
        foreach (var (name, text) in Repo.Blocks("docs/provider-sim.md"))
        {
            folder.Write(name, text);
        }

        await using var sim = HostProcess.Start(folder.Path, null, "provider-sim", "sim.json", "--set", "url=http://127.0.0.1:0", "--quiet");
        var address = await sim.WaitForListeningAsync();
        await using var host = HostProcess.Start(folder.Path, new Dictionary<string, string?> { ["ODDS_URL"] = address.ToString().TrimEnd('/') }, "--urls", "http://127.0.0.1:0");
        using var client = new HttpClient { BaseAddress = address };
        await UntilAsync(async () => JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync("_sim/report", Cancel)).GetProperty("paths").TryGetProperty("/items", out var asked) && asked.GetInt64() >= 5, host);
        Assert.Equal(0, await host.StopAsync());
        Assert.Equal(0, await sim.StopAsync());
        Assert.Contains("""{"key":"item:50","kind":"item",""", string.Concat(folder.Lines("out.jsonl")), StringComparison.Ordinal);
        Assert.StartsWith("provider 'odds', from sim.json\n", sim.Output, StringComparison.Ordinal);
        Assert.Contains(" requests, ", sim.Output, StringComparison.Ordinal);
        Assert.Contains(" credits, 0 violations, 0 refused, 0 not modified, 0 not found\n  window  limit  used  busiest ", sim.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_its_page_says_of_the_time_it_runs_can_be_done()
    {
        await using var sim = HostProcess.Start(Repo.Root, null, "provider-sim", "pipelines/provider-sim/sim.json", "--set", "url=http://127.0.0.1:0", "--set", "faults=[]");
        using var client = new HttpClient { BaseAddress = await sim.WaitForListeningAsync() };
        var commands = Repo.Read("docs/provider-sim.md").Split('\n').Where(l => l.StartsWith("    curl ", StringComparison.Ordinal)).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        Assert.Equal(4, commands.Count);
        foreach (var command in commands)
        {
            var path = new Uri(command[1]).AbsolutePath;
            var at = Array.IndexOf(command, "-d");
            using var answer = at < 0 ? await client.GetAsync(path, Cancel)
                : await client.PostAsync(path, new StringContent(string.Join(' ', command[(at + 1)..]).Trim('\'')), Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            if (path == "/_sim/faults")
            {
                await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("schedule", Cancel));
            }

            var report = JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync("_sim/report", Cancel));
            Assert.Equal(
                path switch { "/_sim/faults" => (1, 1), "/_sim/spend" => (1, 51), _ => (0, 0) },
                (report.GetProperty("requests").GetInt32(), report.GetProperty("windows")[1].GetProperty("used").GetInt32()));
        }
    }

    [Fact]
    public async Task It_tells_each_violation_when_it_comes_and_fails_at_the_end()
    {
        folder.Write("sim.json", """{ "throttle": { "perSecond": null, "perMinute": 2 }, "paths": [{ "path": "/a", "json": {} }] }""");
        await using var sim = HostProcess.Start(folder.Path, null, "provider-sim", "sim.json");
        using var client = new HttpClient { BaseAddress = await sim.WaitForListeningAsync() };
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal("{}", await client.GetStringAsync("a?apiKey=secret", Cancel));
        }

        await UntilAsync(() => Task.FromResult(sim.Output.Contains("over the limit: minute has 3 of 2 with /a\n", StringComparison.Ordinal)), sim);
        sim.Interrupt();
        Assert.Equal((1, ""), (await sim.WaitForExitAsync(), sim.Error));
        Assert.Equal(2, sim.Output.Split("over the limit").Length - 1);
        Assert.Contains(": 4 requests, 4 credits, 2 violations, 0 refused, 0 not modified, 0 not found\n", sim.Output, StringComparison.Ordinal);
        Assert.EndsWith("  path /a: 4\n", sim.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", sim.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', sim.Output);
    }

    [Fact]
    public async Task It_does_not_start_with_settings_that_are_wrong_or_where_it_may_not_listen()
    {
        folder.Write("sim.json", """{ "insist": true, "faults": [{ "kind": "hang", "size": "1MB" }] }""");
        Assert.Equal(
            (1, "", "sim.json(1,3): error: insist: unknown setting; did you mean 'insists'?\nsim.json(1,56): error: faults[0].size: has no meaning for 'hang'; it is for gzipBomb\n"),
            await HostProcess.RunAsync(folder.Path, "provider-sim", "sim.json"));

        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        folder.Write("sim.json", $$"""{ "url": "http://127.0.0.1:{{port}}" }""");
        Assert.Equal(
            (1, "", $"streamengine: http://127.0.0.1:{port} is in use by another process; stop it, or choose another port with --set url=http://127.0.0.1:{port + 1}\n"),
            await HostProcess.RunAsync(folder.Path, "provider-sim", "sim.json"));
        Assert.Contains("  provider-sim <FILE>", (await HostProcess.RunAsync(folder.Path, "--help")).Output, StringComparison.Ordinal);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, HostProcess process)
    {
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        while (!await condition())
        {
            Assert.False(limit.IsCancellationRequested || process.HasExited, process.Output + process.Error);
            await Task.Delay(20, Cancel);
        }
    }
}
