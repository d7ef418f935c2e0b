using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using StreamEngine.Host.Tests.Overload;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sources.Simulator;

namespace StreamEngine.Host.Tests.Faults;

/// <summary>
/// The real program with a provider that does everything wrong, one that agrees with it, one that has nothing to do with it, one whose certificate
/// nobody trusts and one that isn't found. It knows the first one's keys, and whoever looks must not find them.
/// </summary>
internal sealed partial class FaultRun : IAsyncDisposable
{
    public const int Items = 4;
    public const string Api = "/api/optimized-realtime";

    /// <summary>What no outsider may read: a header, a part of a query, what a token is given for, the token, and a key in a query.</summary>
    public static readonly IReadOnlyDictionary<string, string> Secrets = new Dictionary<string, string>
    {
        ["HEADER_KEY"] = "h34d3r-s3cr3t-0001",
        ["QUERY_KEY"] = "qu3ry-s3cr3t-0002",
        ["CLIENT_SECRET"] = "cl13nt-s3cr3t-0003",
        ["TOKEN"] = "t0k3n-s3cr3t-0004",
        ["OTHER_KEY"] = "0th3r-s3cr3t-0005",
    };

    private readonly Folder folder = new();
    private readonly List<ProviderSim> sims = [];
    private readonly CancellationTokenSource end = new();
    private readonly HashSet<string> shown = new(StringComparer.Ordinal);
    private HostProcess host = null!;
    private HttpClient client = null!;
    private MemoryGauge memory = null!;
    private Task watching = Task.CompletedTask;

    /// <summary>The one that does everything wrong.</summary>
    public ProviderSim Bad { get; private set; } = null!;

    /// <summary>The one that has nothing to do with it.</summary>
    public ProviderSim Good { get; private set; } = null!;

    /// <summary>Where the host listens.</summary>
    public Uri Address => client.BaseAddress!;

    /// <summary>The most resident memory so far and what the host says is its bound, in MB.</summary>
    public (double Most, double Bound) Memory { get; private set; }

    /// <summary>The most resident memory so far, in MB.</summary>
    public double MostResident => memory.MostResident;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<FaultRun> StartAsync(double goodEverySeconds)
    {
        var run = new FaultRun();
        try
        {
            run.Bad = await run.StartAsync("bad", 1, Duration.Seconds(0.2), new SimPathOptions { Path = "/token", Json = JsonDocument.Parse($$"""{"access_token":"{{Secrets["TOKEN"]}}"}""").RootElement });
            var twin = await run.StartAsync("twin", 1, Duration.Seconds(0.2));
            run.Good = await run.StartAsync("good", 2, Duration.Seconds(goodEverySeconds));
            var untrusted = await run.StartAsync("untrusted", 3, null, url: "https://127.0.0.1:0");
            run.Configure(twin, untrusted);
            run.host = HostProcess.Start(run.folder.Path, Secrets!, "--urls", "http://127.0.0.1:0");
            run.client = new HttpClient { BaseAddress = await run.host.WaitForListeningAsync(), Timeout = HostProcess.Patience };
            run.memory = new MemoryGauge(run.host, run.client);
            run.watching = run.memory.RunAsync(run.end.Token);
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>How often failures of a class were counted, by the API and by the metrics.</summary>
    public async Task<long> CountAsync(string provider, string of)
    {
        var breaker = await BreakerAsync(provider);
        var metrics = await TextAsync("/metrics");
        var metric = metrics.Split('\n').FirstOrDefault(l => l.StartsWith("streamengine_provider_failures_total{", StringComparison.Ordinal) && l.Contains($"provider=\"{provider}\"", StringComparison.Ordinal) && l.Contains($"class=\"{of}\"", StringComparison.Ordinal));
        var told = breaker.GetProperty("failures").TryGetProperty(of, out var count) ? count.GetInt64() : 0;
        return Math.Min(told, metric is null ? 0 : (long)double.Parse(metric.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    public async Task<JsonElement> BreakerAsync(string provider) =>
        JsonDocument.Parse(await TextAsync($"{Api}/circuit-breaker/status")).RootElement.GetProperty("circuit_breakers").GetProperty(provider);

    /// <summary>How often a record was refused because it says what was before.</summary>
    public async Task<long> StaleReadsAsync() => StaleRead().Matches(await TextAsync($"{Api}/pipeline")).Sum(m => long.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));

    public async Task<JsonElement> SourceAsync(string source) =>
        JsonDocument.Parse(await TextAsync($"{Api}/health")).RootElement.GetProperty("health_data").GetProperty("sources").GetProperty(source);

    /// <summary>Waits until the bad provider is asked again and answers.</summary>
    public async Task RecoverAsync()
    {
        Bad.SetFaults();
        var before = (await SourceAsync("bad")).GetProperty("payloads").GetInt64();
        await Wait.UntilAsync(
            async () => (await SourceAsync("bad")) is var source && source.GetProperty("payloads").GetInt64() > before + 2 && source.GetProperty("state").GetString() == "ok"
                && (await BreakerAsync("bad")).GetProperty("state").GetString() == "closed",
            "the provider is well again");
    }

    /// <summary>Stops, and finds the secrets that anybody can read by now: in logs, answers, metrics and files.</summary>
    public async Task<IReadOnlyList<string>> FindSecretsAsync()
    {
        foreach (var path in (string[])["health", "metrics", "pipeline", "circuit-breaker/status", "rate-limits/status", "explain/player:sim:1", "player-data/1?sport=sim"])
        {
            await TextAsync($"{Api}/{path}");
        }

        await end.CancelAsync();
        await watching;
        var bound = JsonDocument.Parse(await TextAsync($"{Api}/pipeline")).RootElement.GetProperty("memory").GetProperty("bound").GetInt64();
        Memory = (memory.MostResident, bound / (double)(1 << 20));
        Assert.True(await host.StopAsync() == 0, host.Error);
        shown.Add(host.Output);
        shown.Add(host.Error);
        var files = Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories).Select(f => (Name: Path.GetRelativePath(folder.Path, f), Text: Encoding.Latin1.GetString(File.ReadAllBytes(f)))).ToList();
        Assert.Contains(files, f => f.Name.StartsWith("checkpoint", StringComparison.Ordinal) && f.Text.Length > 0);
        Assert.Contains(files, f => f.Name == "dead.jsonl" && f.Text.Contains("missing key", StringComparison.Ordinal));
        Assert.Contains(files, f => f.Name == "out.jsonl" && f.Text.Length > 0);
        return
        [
            .. Secrets.Values.SelectMany(secret => files.Where(f => f.Text.Contains(secret, StringComparison.Ordinal)).Select(f => $"{secret} in {f.Name}")),
            .. Secrets.Values.Where(secret => shown.Any(s => s.Contains(secret, StringComparison.Ordinal))).Select(secret => $"{secret} in a log or an answer"),
        ];
    }

    /// <summary>All logs so far.</summary>
    public string Log => host.Error;

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        client?.Dispose();
        if (host is not null)
        {
            await host.DisposeAsync();
        }

        foreach (var sim in sims)
        {
            await sim.DisposeAsync();
        }

        folder.Dispose();
        end.Dispose();
    }

    private async Task<string> TextAsync(string path)
    {
        var text = await client.GetStringAsync(path, Cancel);
        shown.Add(text);
        return text;
    }

    private async Task<ProviderSim> StartAsync(string name, int seed, Duration? every, SimPathOptions? more = null, string url = "http://127.0.0.1:0")
    {
        var sim = await ProviderSim.StartAsync(
            new SimOptions
            {
                Name = name,
                Seed = seed,
                Url = url,
                Throttle = new ThrottleOptions { PerSecond = 1000, PerMinute = null },
                Paths = [new SimPathOptions { Path = "/items", Items = Items, Every = every }, .. more is null ? (IEnumerable<SimPathOptions>)[] : [more]],
            },
            cancellationToken: Cancel);
        sims.Add(sim);
        return sim;
    }

    private void Configure(ProviderSim twin, ProviderSim untrusted)
    {
        const string Common = """
            "throttle": { "perSecond": 500, "perMinute": null }, "timeout": "2s", "maxBytes": "64KB",
                  "retry": { "attempts": 2, "backoff": "20ms..50ms" }, "breaker": { "failures": 3, "recovery": "500ms"
            """;
        folder.Write("pipeline.json", $$"""
            {
              "name": "faults",
              "records": { "player": { "value": { "type": "int", "required": true }, "step": { "type": "int" } } },
              "providers": {
                "bad": { "baseUrl": "{{Bad.Address}}", "priority": 1, "headers": { "X-Key": "${HEADER_KEY}" }, "auth": { "token": { "url": "/token", "form": { "client_secret": "${CLIENT_SECRET}" } } }, {{Common}}, "slow": "300ms" } },
                "twin": { "baseUrl": "{{twin.Address}}", "priority": 2, {{Common}} } },
                "good": { "baseUrl": "{{Good.Address}}", {{Common}} } },
                "untrusted": { "baseUrl": "{{untrusted.Address}}", "auth": { "query": { "name": "appid", "value": "${OTHER_KEY}" } }, {{Common}} } },
                "nowhere": { "baseUrl": "http://no-such-host.invalid", "auth": { "query": { "name": "appid", "value": "${OTHER_KEY}" } }, {{Common}} } }
              },
              "sources": {
                "bad": {
                  "type": "http", "provider": "bad", "request": "/items?apikey=${QUERY_KEY}", "every": "50ms", "frozenAfter": "1s",
                  "failsWhen": "exists($.error)", "errorText": "$.error.message", "expects": "exists($[{{Items - 1}}])", "throttledWhen": "$.error.code == 'rate_limited'", "retryAfter": "$.retry_after"
                },
                "twin": { "type": "http", "provider": "twin", "request": "/items", "every": "50ms" },
                "good": { "type": "http", "provider": "good", "request": "/items", "every": "20ms" },
                "untrusted": { "type": "http", "provider": "untrusted", "request": "/items", "every": "500ms" },
                "nowhere": { "type": "http", "provider": "nowhere", "request": "/items", "every": "500ms" }
              },
              "transforms": {
                "shared": { "type": "normalize", "from": ["bad", "twin", "untrusted", "nowhere"], "map": "shared.json" },
                "own": { "type": "normalize", "from": ["good"], "map": "own.json" },
                "trusted": { "type": "merge", "from": ["shared"], "prefer": ["priority"], "staleAfter": "1s" }
              },
              "sinks": {
                "cache": { "type": "cache", "from": ["trusted", "own"] },
                "listeners": { "type": "websocket", "from": ["trusted", "own"] },
                "out": { "type": "file", "from": ["trusted"], "path": "out.jsonl" }
              },
              "deadLetter": { "path": "dead.jsonl" },
              "checkpoint": { "path": "checkpoint", "every": "500ms" }
            }
            """);
        folder.Write("shared.json", """
            [
              { "each": "$[*]", "record": "player", "key": "player:sim:{id}", "eventTime": "at", "fields": { "value": "value", "step": "step" } },
              { "each": "$[0]", "record": "player", "key": "player:sim:{nothing}", "fields": { "value": "value" } }
            ]
            """);
        folder.Write("own.json", """[{ "each": "$[*]", "record": "player", "key": "player:good:{id}", "eventTime": "at", "fields": { "value": "value", "step": "step" } }]""");
    }

    [GeneratedRegex("\"stale read\":([0-9]+)")]
    private static partial Regex StaleRead();
}
