using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace StreamEngine.Host.Tests.Abuse;

/// <summary>A real host with input, a listener that behaves, and what must hold after each abuse.</summary>
public sealed class AbuseWorld : IAsyncLifetime
{
    public const int MaxMessage = 8192;
    public const int MaxSubscriptions = 20;
    public const int MaxListeners = 1500;
    public const int MaxPerAddress = 200;
    public const int ListenerBytes = 8 << 20;
    public const int MaxConnections = 1000;

    internal const string Api = "/api/optimized-realtime";
    internal const string WebSocket = Api + "/ws/player-updates";

    /// <summary>What the memory of queues and subscriptions may differ by when nobody but the steady listener is there.</summary>
    private const long Slack = 64 << 10;

    private readonly Folder folder = new();
    private readonly HttpClient client = new();
    private HostProcess host = null!;
    private long queued;

    internal Uri Address { get; private set; } = null!;

    internal Feed Feed { get; private set; } = null!;

    internal SteadyListener Steady { get; private set; } = null!;

    /// <summary>Processor time that the host has taken.</summary>
    internal TimeSpan Processor
    {
        get
        {
            using var process = Process.GetProcessById(host.Id);
            return process.TotalProcessorTime;
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        string Rule(string record) => $$"""{ "when": "type == '{{record}}'", "record": "{{record}}", "key": "{{record}}:mlb:{id}", "eventTime": "at", "fields": { "n": "n", "text": "text" } }""";
        const string Fields = """{ "n": { "type": "int", "required": true }, "text": { "type": "string" } }""";
        folder.Write("in.jsonl", "");
        folder.Write("map.json", $"[{Rule("player")}, {Rule("play")}, {Rule("bulk")}, {Rule("page")}]");
        folder.Write("pipeline.json", $$"""
            {
              "name": "abuse",
              "server": { "maxConnections": {{MaxConnections}} },
              "records": { "player": {{Fields}}, "play": {{Fields}}, "bulk": {{Fields}}, "page": {{Fields}} },
              "sources": { "lines": { "type": "file", "path": "in.jsonl", "follow": true, "every": "10ms", "maxLine": "16KB" } },
              "transforms": {
                "normalized": { "type": "normalize", "from": ["lines"], "map": "map.json", "maxRecords": 1 },
                "trusted": { "type": "merge", "from": ["normalized"], "maxKeys": 10000, "maxBytes": "10MB" }
              },
              "sinks": { "listeners": {
                "type": "websocket", "from": ["trusted"], "events": ["play:*", "bulk:*"], "heartbeat": "1s", "timeout": "8s", "queue": 256,
                "maxMessage": "{{MaxMessage}}B", "maxSubscriptions": {{MaxSubscriptions}}, "maxListeners": {{MaxListeners}}, "maxPerAddress": {{MaxPerAddress}},
                "maxBytes": "16MB", "historyBytes": "16MB", "listenerBytes": "{{ListenerBytes}}B"
              } }
            }
            """);
        host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0", "--quiet");
        Address = await host.WaitForListeningAsync();
        client.BaseAddress = Address;
        Feed = new Feed(folder.File("in.jsonl"));
        await BeginAsync();
        queued = await MetricAsync("streamengine_hub_queued_bytes");
    }

    public async ValueTask DisposeAsync()
    {
        Steady?.Dispose();
        await host.DisposeAsync();
        Feed?.Dispose();
        client.Dispose();
        folder.Dispose();
    }

    /// <summary>Begins an abuse. A listener that an earlier one has harmed is replaced, so that only that one fails.</summary>
    internal async Task BeginAsync()
    {
        if (Steady is { Faults.Count: 0 })
        {
            return;
        }

        Steady?.Dispose();
        Steady = new SteadyListener(Address, Feed);
        await UntilAsync(() => Task.FromResult(HasAll(Feed.Players)), "the steady listener has something of everything");
    }

    /// <summary>Once what the host says and the listener got shows that the abuse is over: nothing was lost, nothing is left of it.</summary>
    internal async Task CheckAsync()
    {
        Feed.IsLarge = false;
        var (play, values) = (Feed.Plays, Enumerable.Range(0, Feed.Players).Select(Feed.Value).ToList());
        await UntilAsync(() => Task.FromResult(Steady.Faults.Count > 0 || Steady.Has(play, values)), "the steady listener has all that was written");
        Assert.Empty(Steady.Faults);
        await UntilAsync(async () => await ListenersAsync() == (1, 2), "the others have left");
        await UntilAsync(async () => await MetricAsync("streamengine_hub_queued_bytes") <= queued + Slack, "what waited for them is gone");
        var metrics = await client.GetFromJsonAsync<JsonElement>($"{Api}/metrics", Cancel);
        Assert.Equal(0, metrics.GetProperty("service_metrics").GetProperty("unobserved_exceptions").GetInt64());
        Assert.DoesNotMatch(@"(?m)^\S+ (error|crit|warn)", host.Error);
        var (resident, bound) = await MemoryAsync();
        Assert.InRange(resident, 1, bound);
    }

    /// <summary>The most memory that the host has had at any time, and what it says that it takes at most.</summary>
    internal async Task<(long Resident, long Bound)> MemoryAsync()
    {
        var line = File.ReadLines($"/proc/{host.Id}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        var most = long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
        return (most, (await client.GetFromJsonAsync<JsonElement>($"{Api}/pipeline", Cancel)).GetProperty("memory").GetProperty("bound").GetInt64());
    }

    /// <summary>Listeners connected now, and their subscriptions.</summary>
    internal async Task<(int Connected, int Subscriptions)> ListenersAsync()
    {
        var listeners = (await client.GetFromJsonAsync<JsonElement>($"{Api}/health", Cancel)).GetProperty("health_data").GetProperty("listeners");
        return (listeners.GetProperty("connected").GetInt32(), listeners.GetProperty("subscriptions").GetInt32());
    }

    /// <summary>Connections that ended with a code, so far.</summary>
    internal Task<long> ClosesAsync(int code) => MetricAsync("streamengine_hub_closes_total", $"code=\"{code}\"");

    /// <summary>One of the host's metrics; 0 while it is not there.</summary>
    internal async Task<long> MetricAsync(string name, string label = "")
    {
        var line = (await client.GetStringAsync("/metrics", Cancel)).Split('\n').FirstOrDefault(l => Regex.IsMatch(l, $"^{name}[ {{]") && l.Contains(label, StringComparison.Ordinal));
        return line is null ? 0 : (long)double.Parse(line[(line.IndexOf('}', StringComparison.Ordinal) + 1)..].Replace(name, "", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture);
    }

    internal async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!await holds())
        {
            Assert.True(watch.Elapsed < HostProcess.Patience && !host.HasExited, $"not in time: {what}; listeners {(host.HasExited ? "" : await ListenersAsync())}\n{host.Output}{host.Error}");
            await Task.Delay(10, Cancel);
        }
    }

    private bool HasAll(int players) => Feed.Plays > Feed.Games && Steady.Has(Feed.Games, [.. Enumerable.Repeat(1L, players)]);
}
