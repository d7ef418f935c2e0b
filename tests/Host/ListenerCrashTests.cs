using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Host.Tests;

/// <summary>
/// The real program is killed again and again under load, and its listeners come back to the next one: of event channels each gets every event
/// exactly once, as the log on disk has it; of state channels the latest value in a new epoch. <c>tests/listeners.sh</c> does it at length.
/// </summary>
public sealed class ListenerCrashTests(ITestOutputHelper output)
{
    private const int Games = 4;
    private const int Players = 100;
    private const int PlayersPerStep = 10;
    private const string Events = "play:";

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);
    private static readonly int Kills = CrashTests.Setting("STREAMENGINE_LISTENER_KILLS", 2);
    private static readonly int Seed = CrashTests.Setting("STREAMENGINE_CRASH_SEED", 20261130);

    private readonly long[] plays = new long[Games];
    private readonly long[] values = new long[Players];
    private long lines;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("event", "trusted")]
    [InlineData("wall", "trusted")]
    [InlineData("event", "normalized")]
    public async Task Listeners_that_come_back_to_a_host_that_was_killed_miss_nothing(string clock, string from)
    {
        using var folder = new Folder();
        Prepare(folder, clock, from);
        var chance = new Random(Seed);
        Uri? address = null;
        ReturningListener[] listeners =
        [
            new(["player:mlb:*", "play:mlb:*"], Events),
            new([.. Enumerable.Range(0, Players).Select(p => $"player:mlb:{p}"), .. Channels()], Events),
            new(["player:*", .. Channels()], Events),
        ];
        using var enough = new CancellationTokenSource();
        var feeding = Task.CompletedTask;
        HostProcess? host = null;
        try
        {
            for (var kill = 0; ; kill++)
            {
                host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0");
                Volatile.Write(ref address, await host.WaitForListeningAsync());
                if (kill == 0)
                {
                    Array.ForEach(listeners, l => l.Start(() => Volatile.Read(ref address)!));
                }

                var life = kill + 1;
                await Wait.UntilAsync(() => listeners.All(l => l.IsServed && l.Epochs.Count >= life), $"life {life}: all listeners are served");
                if (kill == 0)
                {
                    feeding = FeedAsync(folder.File("in.jsonl"), new Random(Seed + 1), enough.Token);

                    // Of a channel that it never heard of, who listens to a pattern can't say where it was.
                    await Wait.UntilAsync(() => listeners.All(l => l.Events.Count == Games), "all know all games");
                }

                if (kill == Kills)
                {
                    break;
                }

                await WaitForCheckpointAsync(folder, host);
                await Task.Delay(chance.Next(500), Cancel);
                host.Kill();
                await host.WaitForExitAsync();
                await host.DisposeAsync();
            }

            await enough.CancelAsync();
            await feeding;
            await Wait.UntilAsync(() => listeners.All(IsComplete), "all have the latest");
            Check(listeners);
            Assert.Equal(0, await host.StopAsync());
            Check(listeners, new LoggedEvents(folder.File("state-channels")));
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {Seed}: {e.Message}\n{string.Join('\n', listeners.Select(Words))}\n{host?.Output}{host?.Error}", e);
        }
        finally
        {
            await enough.CancelAsync();
            foreach (var listener in listeners)
            {
                await listener.DisposeAsync();
            }

            await (host?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    private void Check(ReturningListener[] listeners)
    {
        Assert.All(listeners, l => Assert.Empty(l.Faults));

        // Each life of the host has an epoch of its own, the same for all.
        Assert.Equal(Kills + 1, listeners[0].Epochs.Distinct().Count());
        Assert.All(listeners, l => Assert.Equal(listeners[0].Epochs, l.Epochs));
        output.WriteLine($"{Kills} kills, {lines} lines, {plays.Sum()} events, seed {Seed}");
    }

    private void Check(ReturningListener[] listeners, LoggedEvents log)
    {
        foreach (var listener in listeners)
        {
            for (var game = 0; game < Games; game++)
            {
                var (channel, count) = ($"play:mlb:{game}", (int)plays[game]);
                var events = listener.Events[channel].ToList();
                Assert.Equal(Enumerable.Range(1, count).Select(i => (long)i), events.Select(e => e.Offset));
                Assert.Equal(Enumerable.Range(1, count).Select(i => (long)i), events.Select(e => JsonElement.Parse(e.Data).GetProperty("fields").GetProperty("n").GetInt64()));
                Assert.Equal(log[channel], events);
            }
        }
    }

    private bool IsComplete(ReturningListener listener) =>
        Enumerable.Range(0, Players).All(p => values[p] == 0 || (listener.Latest.TryGetValue($"player:mlb:{p}", out var value) && value == values[p]))
        && Enumerable.Range(0, Games).All(g => listener.Events.TryGetValue($"play:mlb:{g}", out var events) && events.Count >= plays[g]);

    private static string Words(ReturningListener listener) =>
        $"epochs {string.Join(' ', listener.Epochs)}, {listener.Latest.Count} state channels, {listener.Events.Values.Sum(e => e.Count)} events, faults: {string.Join('\n', listener.Faults.Take(5))}";

    private static IEnumerable<string> Channels() => Enumerable.Range(0, Games).Select(g => $"play:mlb:{g}");

    /// <summary>Each play is one more of its game; each value of a player is greater than the one before.</summary>
    private async Task FeedAsync(string path, Random random, CancellationToken enough)
    {
        // Kept for an hour from the time they tell, which is the time on an event clock.
        var start = DateTime.UtcNow;
        await using var input = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        using var timer = new PeriodicTimer(Step);
        var text = new StringBuilder();
        while (!enough.IsCancellationRequested)
        {
            text.Clear();
            for (var game = 0; game < Games; game++)
            {
                Add("play", game, ++plays[game]);
            }

            for (var i = 0; i < PlayersPerStep; i++)
            {
                var player = random.Next(Players);
                Add("player", player, values[player] = lines);
            }

            await input.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), Cancel);
            await timer.WaitForNextTickAsync(Cancel);
        }

        void Add(string type, int id, long number) => text.Append(
            CultureInfo.InvariantCulture,
            $$"""{"type":"{{type}}","id":{{id}},"n":{{number}},"at":"{{start.AddTicks(1000 * ++lines):yyyy-MM-ddTHH:mm:ss.fffffffZ}}"}""").Append('\n');
    }

    private static async Task WaitForCheckpointAsync(Folder folder, HostProcess host)
    {
        var before = Last();
        var watch = Stopwatch.StartNew();
        while (Last() is var now && (now is null || now == before))
        {
            Assert.False(watch.Elapsed > HostProcess.Patience || host.HasExited, "no checkpoint");
            await Task.Delay(5, Cancel);
        }

        string? Last() => Directory.Exists(folder.File("state")) ? Directory.EnumerateFiles(folder.File("state"), "*.state").Max(StringComparer.Ordinal) : null;
    }

    /// <param name="folder">Where.</param>
    /// <param name="clock">By which time records are merged: what is said again after a kill is numbered as before, or anew.</param>
    /// <param name="from">Whom listeners hear.</param>
    private static void Prepare(Folder folder, string clock, string from)
    {
        folder.Write("in.jsonl", "");
        var merge = from == "trusted" ? """, "trusted": { "type": "merge", "from": ["normalized"] }""" : "";
        folder.Write("pipeline.json", $$"""
            {
              "name": "listeners",
              "clock": "{{clock}}",
              "checkpoint": { "path": "state", "every": "200ms" },
              "records": { "player": { "n": { "type": "int", "required": true } }, "play": { "n": { "type": "int", "required": true } } },
              "sources": { "lines": { "type": "file", "path": "in.jsonl", "follow": true, "every": "20ms" } },
              "transforms": {
                "normalized": { "type": "normalize", "from": ["lines"], "map": "map.json" }{{merge}}
              },
              "sinks": { "listeners": { "type": "websocket", "from": ["{{from}}"], "events": ["play:*"] } }
            }
            """);
        string Rule(string record) => $$"""{ "when": "type == '{{record}}'", "record": "{{record}}", "key": "{{record}}:mlb:{id}", "eventTime": "at", "fields": { "n": "n" } }""";
        folder.Write("map.json", $"[{Rule("player")}, {Rule("play")}]");
    }
}
