using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using StreamEngine.Host.Running;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Tests.Providers;

namespace StreamEngine.Host.Tests;

/// <summary>
/// The real program asks a real server for as much as it may, and is killed again and again; the server notes each arrival and finds no limit
/// exceeded. <c>tests/limits.sh</c> does it at length.
/// </summary>
public sealed class LimitsTests
{
    private const string Api = "/api/optimized-realtime";

    private static readonly int Kills = Setting("STREAMENGINE_LIMITS_KILLS", 3);
    private static readonly int Seconds = Setting("STREAMENGINE_LIMITS_SECONDS", 3);
    private static readonly int Seed = Setting("STREAMENGINE_LIMITS_SEED", 20261129);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_provider_finds_no_limit_exceeded_however_often_the_process_is_killed()
    {
        var log = new StrictLog();
        var chance = new Random(Seed);
        await using var provider = WebApplication.CreateEmptyBuilder(new WebApplicationOptions()).With(b => b.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0"));
        provider.Run(async context =>
        {
            int wait;
            lock (log)
            {
                log.Add(DateTimeOffset.UtcNow, context.Request.Path == "/dear" ? 2 : 1);
                wait = chance.Next(50) == 0 ? 5000 : chance.Next(150);
            }

            await Task.Delay(wait, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            await context.Response.WriteAsync("[]", CancellationToken.None);
        });
        await provider.StartAsync(Cancel);
        int Arrived()
        {
            lock (log)
            {
                return log.Count;
            }
        }

        using var folder = new Folder();
        folder.Edit("\"lines\": { \"type\": \"file\", \"path\": \"in.jsonl\" }", """
            "lines": { "type": "http", "provider": "p", "request": ["/1", "/2", "/3", "/4", "/5", "/6"], "every": "10ms" },
                "more": { "type": "http", "provider": "p", "request": "/dear", "every": "100ms", "cost": 2 }
            """);
        folder.Edit("\"from\": [\"lines\"]", "\"from\": [\"lines\", \"more\"]");
        folder.Edit("\"sources\":", $$"""
            "providers": { "p": {
                "baseUrl": "{{provider.Urls.Single()}}",
                "throttle": {
                  "perSecond": 20, "perMinute": null, "perDay": 1000000,
                  "windows": [{ "limit": 36, "per": "2s" }, { "limit": 60, "per": "4s", "kind": "fixed", "skew": "50ms" }, { "limit": 15, "per": "1s", "counts": "requests" }]
                },
                "breaker": { "failures": 1000 }, "retry": { "attempts": 2, "backoff": "10ms..50ms" }, "timeout": "1s"
              } },
              "ledger": { "path": "ledger" },
              "sources":
            """);
        var limits = ConfigLoader.Load(folder.File("pipeline.json"), Catalog.All, [], _ => null).Definition!.Options.Providers["p"].Throttle.Limits();

        var lives = Enumerable.Range(0, Kills).Select(_ => chance.NextDouble()).ToList();
        var kills = 0;
        for (; kills < Kills; kills++)
        {
            await using var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0", "--quiet");
            await WaitAsync(host, () => Arrived(), 30);
            await Task.Delay(TimeSpan.FromSeconds(Seconds * lives[kills] / lives.Sum()), Cancel);
            host.Kill();
            await host.WaitForExitAsync();
        }

        await using (var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0", "--quiet"))
        {
            using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
            Assert.Contains("\"window\":\"4s-fixed\",\"limit\":60", await client.GetStringAsync($"{Api}/rate-limits/status", Cancel), StringComparison.Ordinal);
            Assert.DoesNotContain("ledger", await client.GetStringAsync($"{Api}/health", Cancel), StringComparison.Ordinal);
            await WaitAsync(host, () => Arrived(), 30);
            Assert.Equal(0, await host.StopAsync());
        }

        lock (log)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{log.Count} requests, {kills} kills, seed {Seed}");
            Assert.Empty(log.Violations(limits));
            Assert.InRange(log.Count, (Kills + 1) * 30, int.MaxValue);
        }
    }

    /// <summary>Waits until so many more requests have arrived.</summary>
    private static async Task WaitAsync(HostProcess host, Func<int> arrived, int more)
    {
        var before = arrived();
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        while (arrived() < before + more)
        {
            Assert.False(limit.IsCancellationRequested || host.HasExited, host.Output + host.Error);
            await Task.Delay(5, Cancel);
        }
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
