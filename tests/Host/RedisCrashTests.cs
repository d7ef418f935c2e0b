using System.Globalization;
using System.Text.Json;
using StackExchange.Redis;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Host.Tests;

/// <summary>
/// The real program and the real server it reads from and writes to are killed again and again while entries come; in the end each is there once.
/// <c>tests/crash.sh</c> does it at length.
/// </summary>
public sealed class RedisCrashTests
{
    private const int Players = 400;
    private const int EntriesPerStep = 40;

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);
    private static readonly int Kills = Setting("STREAMENGINE_REDIS_CRASH_KILLS", 3);
    private static readonly int Restarts = Setting("STREAMENGINE_REDIS_CRASH_RESTARTS", 1);
    private static readonly int Seed = Setting("STREAMENGINE_CRASH_SEED", 20261127);
    private static readonly DateTime Start = new(2026, 4, 1, 18, 0, 0, DateTimeKind.Utc);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_entry_is_lost_and_none_is_there_twice_however_often_host_and_server_are_killed()
    {
        await using var redis = await RedisServer.StartDurableAsync();
        using var folder = new Folder();
        folder.Edit("\"type\": \"file\", \"path\": \"in.jsonl\"", "\"type\": \"redis-stream\", \"stream\": \"in\"");
        folder.Edit("\"type\": \"file\", \"from\": [\"trusted\"], \"path\": \"out.jsonl\"", "\"type\": \"redis-stream\", \"from\": [\"trusted\"], \"stream\": \"out\"");
        folder.Edit("\"dead.jsonl\" }", $$"""
            "dead.jsonl" },
              "redis": { "url": "{{redis.Url}}" },
              "clock": "event",
              "checkpoint": { "path": "state", "every": "200ms" }
            """);
        var chance = new Random(Seed);
        using var end = new CancellationTokenSource();
        var feeding = FeedAsync(redis, end.Token);
        await using var connection = await redis.ConnectAsync();
        var faults = Enumerable.Repeat(true, Kills).Concat(Enumerable.Repeat(false, Restarts)).ToArray();
        chance.Shuffle(faults);
        var host = Run(folder);
        try
        {
            foreach (var isKill in faults)
            {
                await WaitForWorkAsync(folder, host, connection);
                await Task.Delay(chance.Next(60), Cancel);
                if (isKill)
                {
                    host.Kill();
                    await host.WaitForExitAsync();
                    await host.DisposeAsync();
                    host = Run(folder);
                }
                else
                {
                    await redis.KillAsync();
                    await Task.Delay(chance.Next(500), Cancel);
                    await redis.StartAsync();
                }

                Assert.False(feeding.IsCompleted);
            }

            await WaitForWorkAsync(folder, host, connection);
            await end.CancelAsync();
            var issued = await feeding;
            await Wait.UntilAsync(async () => await connection.GetDatabase().StreamLengthAsync("out") >= issued, $"{issued} entries arrive");
            Assert.Equal(0, await host.StopAsync());
            Assert.Contains("Going on from checkpoint", host.Error, StringComparison.Ordinal);
            await CheckAsync(connection, issued, $"seed {Seed}; the server said: {redis.Log}");
        }
        finally
        {
            await host.DisposeAsync();
        }
    }

    private static async Task CheckAsync(ConnectionMultiplexer connection, int issued, string seed)
    {
        var hits = await HitsAsync(connection);
        for (var player = 0; player < Players; player++)
        {
            // Each entry changes its player, so each makes one revision.
            var expected = Enumerable.Range(1, (issued - player + Players - 1) / Players);
            var found = hits.GetValueOrDefault(player, []);
            Assert.True(
                expected.SequenceEqual(found),
                $"player {player}: missing {string.Join(' ', expected.Except(found))}; twice {string.Join(' ', found.GroupBy(h => h).Where(h => h.Count() > 1).Select(h => h.Key))}; or in another order ({seed})");
        }

        var stamps = new Dictionary<string, (long Sequence, long Revision)>();
        foreach (var entry in await EntriesAsync(connection))
        {
            var (key, stamp) = (entry["key"].ToString(), ((long)entry["sequence"], (long)entry["revision"]));
            Assert.True(!stamps.TryGetValue(key, out var before) || (stamp.CompareTo(before) > 0 && stamp.Item2 == before.Revision + 1), $"{key}: {before}, then {stamp} ({seed})");
            stamps[key] = stamp;
            var fields = JsonDocument.Parse((ReadOnlyMemory<byte>)(byte[])entry["data"]!).RootElement.GetProperty("fields");
            var number = fields.GetProperty("atBats").GetInt32();
            Assert.Equal((key, Name(number)), ($"player:mlb:{number % Players}", fields.GetProperty("name").GetString()));
        }

        Assert.Equal(0, (await connection.GetDatabase().StreamPendingAsync("in", "small")).PendingMessageCount);
    }

    /// <summary>What the output says about each player, in order.</summary>
    private static async Task<Dictionary<int, List<int>>> HitsAsync(ConnectionMultiplexer connection)
    {
        var hits = new Dictionary<int, List<int>>();
        foreach (var entry in await EntriesAsync(connection))
        {
            var player = int.Parse(entry["key"].ToString().Split(':')[2], CultureInfo.InvariantCulture);
            var fields = JsonDocument.Parse((ReadOnlyMemory<byte>)(byte[])entry["data"]!).RootElement.GetProperty("fields");
            (hits.TryGetValue(player, out var of) ? of : hits[player] = []).Add(fields.GetProperty("hits").GetInt32());
        }

        return hits;
    }

    private static async Task<StreamEntry[]> EntriesAsync(ConnectionMultiplexer connection) => await connection.GetDatabase().StreamRangeAsync("out");

    private static HostProcess Run(Folder folder) => HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0");

    /// <summary>Issues numbers until it is told to end; each is accepted, which may take several tries and then leave it there twice.</summary>
    /// <returns>How many were issued.</returns>
    private static async Task<int> FeedAsync(RedisServer redis, CancellationToken end)
    {
        await using var connection = await redis.ConnectAsync();
        var database = connection.GetDatabase();
        var issued = 0;
        using var timer = new PeriodicTimer(Step);
        while (!end.IsCancellationRequested)
        {
            var missing = Enumerable.Range(issued, EntriesPerStep).ToList();
            issued += EntriesPerStep;
            while (missing.Count > 0)
            {
                var adding = missing.ConvertAll(n => (Number: n, Added: database.StreamAddAsync("in", "data", Payload(n))));
                missing = [];
                foreach (var (number, added) in adding)
                {
                    await ((Task)added).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    if (!added.IsCompletedSuccessfully)
                    {
                        missing.Add(number);
                    }
                }

                await timer.WaitForNextTickAsync(Cancel);
            }
        }

        return issued;
    }

    private static string Payload(int number) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"at":"{{Start.AddMilliseconds(number * 10):yyyy-MM-ddTHH:mm:ss.fffZ}}","id":{{number % Players}},"name":"{{Name(number)}}","h":{{(number / Players) + 1}},"ab":{{number}}}""");

    private static string Name(int number) => $"N{number}";

    /// <summary>Waits until there is a checkpoint that was not there before, and output that is not in it.</summary>
    private static async Task WaitForWorkAsync(Folder folder, HostProcess host, ConnectionMultiplexer connection)
    {
        var before = LastCheckpoint(folder);
        await UntilAsync(() => Task.FromResult(LastCheckpoint(folder) is { } now && now != before));
        var written = await LengthAsync();
        await UntilAsync(async () => await LengthAsync() > written);

        async Task UntilAsync(Func<Task<bool>> holds)
        {
            using var limit = new CancellationTokenSource(HostProcess.Patience);
            while (!await holds())
            {
                Assert.False(limit.IsCancellationRequested || host.HasExited, host.Output + host.Error);
                await Task.Delay(1, Cancel);
            }
        }

        async Task<long> LengthAsync()
        {
            try
            {
                return await connection.GetDatabase().StreamLengthAsync("out");
            }
            catch (RedisConnectionException)
            {
                return 0;
            }
        }
    }

    private static string? LastCheckpoint(Folder folder) =>
        Directory.Exists(folder.File("state")) ? Directory.EnumerateFiles(folder.File("state"), "*.state").Max(StringComparer.Ordinal) : null;

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
