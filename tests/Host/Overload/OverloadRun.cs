using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Host.Tests.Overload;

/// <summary>A host at full input with every kind of sink, watched from outside.</summary>
internal sealed class OverloadRun : IAsyncDisposable
{
    private const string Api = "/api/optimized-realtime";
    private const int Watched = 7;
    private const int FilesKept = 3;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    private readonly Folder folder = new();
    private readonly HttpClient client = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly CancellationTokenSource end = new();
    private HostProcess host = null!;
    private MemoryGauge memory = null!;
    private double bound;
    private Task watching = Task.CompletedTask;
    private TimeSpan longest;
    private long updates;

    public BrokenDisk Disk { get; private set; } = null!;

    public RedisServer Redis { get; private set; } = null!;

    public Flood Flood { get; private set; } = null!;

    public FreshListener Listener { get; private set; } = null!;

    public Uri Address { get; private set; } = null!;

    /// <summary>Whether old files are deleted from the disk as they come.</summary>
    public bool KeepsTidy { get; set; } = true;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Archive => Path.Combine(Disk.Path, "archive");

    public static async Task<OverloadRun> StartAsync(string onFull, int? diskMegabytes)
    {
        var run = new OverloadRun { Redis = await RedisServer.StartNewAsync() };
        try
        {
            await run.BeginAsync(onFull, diskMegabytes);
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>All is well for a while.</summary>
    public async Task WarmUpAsync()
    {
        Flood.Begin();
        await Wait.UntilAsync(() => Listener.Number > 0, "the listener has news");
        await Task.Delay(WarmUp, Cancel);
        await UntilHealthyAsync();
    }

    /// <summary>For so long the listener has fresh updates, and memory stays within its bound.</summary>
    public async Task GoOnAsync(string fault, TimeSpan time, TimeSpan mostSilence)
    {
        Listener.Restart();
        await WaitAsync(time);
        (longest, updates) = Listener.Measure();
        Assert.True(longest < mostSilence, $"{fault}: a listener was left without news for {longest}. {await HealthAsync()}");
        CheckMemory(fault);
    }

    /// <summary>For so long nothing moves, but who is there is told that the connection lives, who comes gets a snapshot, and reads are answered.</summary>
    public async Task StandAsync(string fault, TimeSpan time)
    {
        var (number, pings, begun) = (Listener.Number, Listener.Pings, Stopwatch.GetTimestamp());
        do
        {
            using var answer = await client.GetAsync($"{Api}/player-data/{Watched}?sport=mlb", Cancel);
            Assert.True(answer.IsSuccessStatusCode, $"{fault}: {answer.StatusCode}");
            await using var newcomer = await FreshListener.ConnectAsync(Address, Watched);
            await Wait.UntilAsync(() => newcomer.Number == number, "a new listener gets a snapshot");
            await WaitAsync(TimeSpan.FromSeconds(1));
        }
        while (Stopwatch.GetElapsedTime(begun) < time);
        longest = Listener.Measure().Longest;
        Assert.Equal(number, Listener.Number);
        Assert.True(Listener.IsConnected && Listener.Pings > pings, $"{fault}: the listener has no heartbeats");
        CheckMemory(fault);
    }

    /// <summary>The input stands still: all links are full.</summary>
    /// <returns>How many lines were written.</returns>
    public async Task<long> UntilStandsAsync()
    {
        var (before, since) = (Flood.Written, Stopwatch.GetTimestamp());
        await Wait.UntilAsync(
            () =>
            {
                if (Flood.Written != before)
                {
                    (before, since) = (Flood.Written, Stopwatch.GetTimestamp());
                }

                return Stopwatch.GetElapsedTime(since) > TimeSpan.FromSeconds(1) && Listener.Measure().Longest > TimeSpan.FromSeconds(1);
            },
            "the input stands still");
        return before;
    }

    /// <summary>The fault is over: once more about each player, slowly enough for all to be written; then the input ends, and the books balance.</summary>
    public async Task FinishAsync(string fault)
    {
        var over = Stopwatch.GetTimestamp();
        await Flood.StopAsync();
        await UntilHealthyAsync();
        var drained = Stopwatch.GetElapsedTime(over);
        for (var lines = 0; lines < Flood.Players; lines += Flood.LinesAtOnce)
        {
            Flood.Write();
            await Wait.UntilAsync(async () => await IsIdleAsync(), "what was written has come out");
        }

        await Wait.UntilAsync(() => Listener.Number == Flood.Last(Watched), "the listener has the latest");
        Assert.Equal(Flood.Last(Watched), await NumberAsync());
        await end.CancelAsync();
        await watching;
        await Flood.DisposeAsync();
        var code = await host.WaitForExitAsync();
        Assert.True(code == 0, host.Output + host.Error);
        Assert.Equal(Flood.Written, Books.Of(host.Output, "lines").In);
        Assert.All(Books.All(host.Output), b => Assert.Equal((0, b.In + b.Expanded), (b.Held, b.Out + b.Filtered + b.Absorbed + b.Dropped + b.Dead)));
        CheckMemory(fault);
        Tell(fault, drained);
    }

    /// <summary>The files hold each player's latest.</summary>
    public void CheckFile()
    {
        var found = new long[Flood.Players];
        foreach (var number in FileNumbers())
        {
            found[number % Flood.Players] = Math.Max(number, found[number % Flood.Players]);
        }

        for (var player = 0; player < Flood.Players; player++)
        {
            Assert.Equal(Flood.Last(player), found[player]);
        }
    }

    /// <summary>The files hold every record, once.</summary>
    public void CheckEveryRecord()
    {
        var found = new bool[Flood.Written];
        foreach (var number in FileNumbers())
        {
            Assert.False(found[number], $"{number} is there twice");
            found[number] = true;
        }

        Assert.DoesNotContain(false, found);
    }

    /// <summary>The stream's last entry of each player, and the record in the Redis tier of the cache, are the latest.</summary>
    public async Task CheckRedisAsync()
    {
        await using var connection = await Redis.ConnectAsync();
        var found = new Dictionary<string, long>();
        foreach (var entry in await connection.GetDatabase().StreamRangeAsync("players"))
        {
            found[entry["key"]!] = Number(entry["data"]!);
        }

        for (var player = 0; player < Flood.Players; player++)
        {
            Assert.Equal(Flood.Last(player), found[$"player:mlb:{player}"]);
            Assert.Equal(Flood.Last(player), Number((await connection.GetDatabase().StringGetAsync($"player:mlb:{player}"))!));
        }
    }

    public async Task UntilHealthSaysAsync(params string[] words) => await Wait.UntilAsync(
        async () => await HealthAsync() is var health && health.Contains("\"degraded\"", StringComparison.Ordinal) && words.All(w => health.Contains(w, StringComparison.Ordinal)),
        $"health says {string.Join(", ", words)}");

    public async Task<JsonElement> BlockAsync(string name) => (await BlocksAsync()).Single(b => b.GetProperty("name").GetString() == name);

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        if (Disk is not null)
        {
            Disk.Go();
        }

        if (host is not null)
        {
            await host.DisposeAsync();
        }

        await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Flood is not null)
        {
            await Flood.StopAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (Listener is not null)
        {
            await Listener.DisposeAsync();
        }

        client.Dispose();
        await Redis.DisposeAsync();
        if (Disk is not null)
        {
            await Disk.DisposeAsync();
        }

        folder.Dispose();
        end.Dispose();
    }

    private async Task BeginAsync(string onFull, int? diskMegabytes)
    {
        Disk = await BrokenDisk.MakeAsync(folder, diskMegabytes);
        folder.Edit("\"path\": \"in.jsonl\"", "\"path\": \"in.pipe\"");
        folder.Edit("\"out\": { \"type\": \"file\", \"from\": [\"trusted\"], \"path\": \"out.jsonl\" }", $$"""
            "archive": { "type": "file", "from": ["trusted"], "path": "disk/archive/r.jsonl", "maxBytes": "4MB", "onFull": "{{onFull}}" },
                "stream": { "type": "redis-stream", "from": ["trusted"], "stream": "players", "maxLength": 10000, "onFull": "{{onFull}}" },
                "cache": { "type": "cache", "from": ["trusted"], "maxBytes": "20MB" },
                "listeners": { "type": "websocket", "from": ["trusted"], "heartbeat": "1s", "maxListeners": 100, "maxBytes": "10MB", "listenerBytes": "10MB" }
            """);
        folder.Edit("\"map\": \"map.json\"", "\"map\": \"map.json\", \"maxRecords\": 1");
        folder.Edit("\"window\": \"10m\"", "\"window\": \"10m\", \"maxKeys\": 100000");
        folder.Edit("{ \"type\": \"merge\",", "{ \"type\": \"merge\", \"maxKeys\": 10000, \"maxBytes\": \"10MB\",");
        folder.Edit("{ \"type\": \"file\", \"path\": \"in.pipe\" }", "{ \"type\": \"file\", \"path\": \"in.pipe\", \"maxLine\": \"4KB\" }");
        folder.Edit("\"dead.jsonl\" }", $$"""
            "dead.jsonl" },
              "redis": { "url": "{{Redis.Url}}" },
              "server": { "maxConnections": 100 },
              "checkpoint": { "path": "state", "every": "500ms" }
            """);
        folder.Write("map.json", """[ { "record": "player", "key": "player:mlb:{id}", "fields": { "name": "name", "hits": "h", "atBats": "ab" } } ]""");
        var pipe = folder.Pipe("in.pipe");
        host = HostProcess.Start(folder.Path, Disk.Environment, "--urls", "http://127.0.0.1:0");
        Address = client.BaseAddress = await host.WaitForListeningAsync();
        Flood = new Flood(await Task.Run(pipe, Cancel));
        Listener = await FreshListener.ConnectAsync(Address, Watched);
        bound = (await client.GetFromJsonAsync<JsonElement>($"{Api}/pipeline", Cancel)).GetProperty("memory").GetProperty("bound").GetInt64() / (double)(1 << 20);
        memory = new MemoryGauge(host, client);
        watching = Task.WhenAll(memory.RunAsync(end.Token), TidyAsync(end.Token));
    }

    private async Task WaitAsync(TimeSpan time)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(time);
        var broken = await Task.WhenAny(watching, Task.Delay(Timeout.Infinite, limit.Token));
        Assert.True(broken != watching && !host.HasExited, host.Output + host.Error);
    }

    private void CheckMemory(string fault)
    {
        Assert.True(memory.Samples > 0 && memory.LargestHeap > 0, "memory was not measured");
        Assert.True(memory.MostResident < bound, $"{fault}: {memory.MostResident:0} MB resident; the host says that it takes at most {bound:0}");
    }

    /// <summary>Deletes whole files but the last few, as somebody does who ships them elsewhere.</summary>
    private async Task TidyAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                foreach (var file in KeepsTidy ? Files().SkipLast(FilesKept) : [])
                {
                    File.Delete(file);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>The whole files, from the first to the last.</summary>
    private List<string> Files() => Directory.Exists(Archive)
        ? Directory.EnumerateFiles(Archive, "*.jsonl").Select(f => new FileInfo(f)).OrderBy(f => f.LastWriteTimeUtc).ThenBy(f => f.Name.Length).ThenBy(f => f.Name, StringComparer.Ordinal).Select(f => f.FullName).ToList()
        : [];

    private IEnumerable<long> FileNumbers()
    {
        Assert.Empty(Directory.EnumerateFiles(Archive, "*.part"));
        return Files().SelectMany(File.ReadLines).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("fields").GetProperty("atBats").GetInt64());
    }

    private async Task UntilHealthyAsync()
    {
        var health = "";
        var begun = Stopwatch.GetTimestamp();
        while (!(health = await HealthAsync()).Contains("\"status\":\"healthy\"", StringComparison.Ordinal))
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < HostProcess.Patience, health + host.Error);
            await Task.Delay(20, Cancel);
        }
    }

    /// <summary>What was written to the pipe has been read, and nothing waits in front of any block.</summary>
    private async Task<bool> IsIdleAsync()
    {
        var blocks = await BlocksAsync();
        return blocks[0].GetProperty("in").GetInt64() == Flood.Written && blocks.All(b => b.GetProperty("held").GetInt64() == 0 && b.GetProperty("queued").GetInt64() == 0);
    }

    private async Task<List<JsonElement>> BlocksAsync() =>
        [.. (await client.GetFromJsonAsync<JsonElement>($"{Api}/pipeline", Cancel)).GetProperty("blocks").EnumerateArray()];

    private async Task<long> NumberAsync() =>
        (await client.GetFromJsonAsync<JsonElement>($"{Api}/player-data/{Watched}?sport=mlb", Cancel)).GetProperty("player_data").GetProperty("fields").GetProperty("atBats").GetInt64();

    private async Task<string> HealthAsync()
    {
        using var answer = await client.GetAsync($"{Api}/health", Cancel);
        return await answer.Content.ReadAsStringAsync(Cancel);
    }

    private static long Number(string record) => JsonDocument.Parse(record).RootElement.GetProperty("fields").GetProperty("atBats").GetInt64();

    private void Tell(string fault, TimeSpan drained)
    {
        var row = string.Create(
            CultureInfo.InvariantCulture,
            $"{fault}|{Flood.Written}|{memory.MostResident:0}|{bound:0}|{memory.LargestHeap:0}|{longest.TotalMilliseconds:0}|{updates}|{Books.Of(host.Output, "archive").Dropped}|{Books.Of(host.Output, "stream").Dropped}|{drained.TotalSeconds:0.0}");
        TestContext.Current.SendDiagnosticMessage(row);
        if (Environment.GetEnvironmentVariable("STREAMENGINE_OVERLOAD_TABLE") is { Length: > 0 } table)
        {
            File.AppendAllText(table, row + "\n");
        }
    }
}
