using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Tests;

namespace StreamEngine.Sinks.Tests.WebSocket;

/// <summary>What a channel of events tells once, whatever the pipeline says again, and what the log of events does to positions.</summary>
public sealed class EventChannelTests : IDisposable
{
    private static readonly WebSocketSinkOptions Options = new() { Events = ["play:*"], MaxChannels = 4 };

    private readonly TestBatches batches = new();
    private readonly TempFolder folder = new(inMemory: true);
    private readonly FakeTimeProvider time = new(TestBatches.Received);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_source_says_again_after_a_checkpoint_is_told_once()
    {
        await using var server = await HubServer.StartAsync(Options, time);
        using var client = await ListenAsync(server, "play:*");
        TestRow[] rows = [new("play:1", 1, "a"), new("play:1", 1, "b"), new("play:1", 2, "c"), new("play:1", 3, Op: RowOp.Removed)];
        await PublishAsync(server, rows);
        Assert.Equal(["update 1", "update 2", "update 3", "removed 4"], await NextAsync(client, 4));
        for (var from = 0; from < rows.Length; from = from == 0 ? 2 : from + 1)
        {
            server.Hub.BeginRun();
            await PublishAsync(server, [.. rows[from..]]);
        }

        await PublishAsync(server, new TestRow("play:1", 4, "d"));
        Assert.Equal(["update 5"], await NextAsync(client, 1));
    }

    [Fact]
    public async Task What_a_source_took_over_from_another_reader_and_says_late_is_told_and_told_once()
    {
        TestRow[] rows = [new("play:1", 4, "d"), new("play:1", 5, "e"), new("play:1", 2, "b"), new("play:1", 2, "c"), new("play:1", 6, "f")];
        await using (var server = await OpenAsync(folder.Path))
        {
            using var client = await ListenAsync(server, "play:*");
            await PublishAsync(server, rows);
            Assert.Equal(["update 1", "update 2", "update 3", "update 4", "update 5"], await NextAsync(client, 5));
            foreach (var again in (TestRow[][])[rows, rows[2..], rows[3..4], rows[4..]])
            {
                server.Hub.BeginRun();
                await PublishAsync(server, again);
            }

            await PublishAsync(server, new TestRow("play:1", 3, "x"));
            Assert.Equal(["update 6"], await NextAsync(client, 1));
        }

        using var killed = new Killed(folder);
        await using var next = await OpenAsync(killed.Path);
        using var back = await ListenAsync(next, "play:1", next.Hub.Epoch, 6);
        await PublishAsync(next, [.. rows, new("play:1", 3, "x"), new("play:1", 7, "g")]);
        Assert.Equal(["update 7"], await NextAsync(back, 1));
    }

    [Fact]
    public async Task What_a_merge_by_the_wall_clock_says_again_is_told_once_ends_included()
    {
        await using var server = await HubServer.StartAsync(Options, time);
        using var client = await ListenAsync(server, "play:*");

        // Each time with other sequences, as it counts by the clock.
        var sequence = 0L;
        TestRow[] All() =>
        [
            new("play:1", ++sequence, "a", Revision: 1), new("play:1", ++sequence, "b", Revision: 2), new("play:1", ++sequence, Op: RowOp.Removed, Revision: 3),
            new("play:1", ++sequence, "a", Revision: 1), new("play:1", ++sequence, "b", Revision: 2),
        ];
        await PublishAsync(server, All());

        // Another life that says the same as the one before is news.
        Assert.Equal(["update 1", "update 2", "removed 3", "update 4", "update 5"], await NextAsync(client, 5));
        server.Hub.BeginRun();
        await PublishAsync(server, All());
        await PublishAsync(server, new TestRow("play:1", ++sequence, "c", Revision: 3), new TestRow("play:1", ++sequence, Op: RowOp.Removed, Revision: 4));
        Assert.Equal(["update 6", "removed 7"], await NextAsync(client, 2));
        server.Hub.BeginRun();
        await PublishAsync(server, new TestRow("play:1", ++sequence, Op: RowOp.Removed, Revision: 4));
        await client.ExpectNothingAsync();

        // An end that comes first in a run, behind which more was told, is a new one.
        await PublishAsync(server, new TestRow("play:1", ++sequence, "d", Revision: 5));
        Assert.Equal(["update 8"], await NextAsync(client, 1));
        server.Hub.BeginRun();
        await PublishAsync(server, new TestRow("play:1", ++sequence, Op: RowOp.Removed, Revision: 6));
        Assert.Equal(["removed 9"], await NextAsync(client, 1));
    }

    [Fact]
    public async Task What_is_said_again_from_before_the_history_is_not_told()
    {
        await using var server = await HubServer.StartAsync(Options with { HistoryBytes = new(64 << 10) }, time);
        using var client = await ListenAsync(server, "play:*");
        TestRow[] rows = [.. Enumerable.Range(1, 200).Select(i => new TestRow("play:1", i, new string('x', 1000)))];
        await PublishAsync(server, rows);
        Assert.Equal("update 200", (await NextAsync(client, 200))[^1]);
        server.Hub.BeginRun();
        await PublishAsync(server, [.. rows, new("play:1", 201)]);
        Assert.Equal(["update 201"], await NextAsync(client, 1));
    }

    [Fact]
    public async Task What_a_merge_says_when_the_clock_was_set_back_is_told()
    {
        await using var server = await HubServer.StartAsync(Options, time);
        using var client = await ListenAsync(server, "play:*");
        await PublishAsync(server, new TestRow("play:1", 1001, "a", Revision: 1), new TestRow("play:1", 1002, "b", Revision: 2));
        server.Hub.BeginRun();
        await PublishAsync(server, new TestRow("play:1", 1002, "b", Revision: 2), new TestRow("play:1", 502, "b", Revision: 2), new TestRow("play:1", 503, "c", Revision: 3));
        Assert.Equal(["update 1", "update 2", "update 3"], await NextAsync(client, 3));
    }

    [Fact]
    public async Task What_was_told_before_the_process_was_killed_is_not_told_again()
    {
        var epoch = "";
        await using (var server = await OpenAsync(folder.Path))
        {
            await PublishAsync(server, new TestRow("play:1", 1, "a"), new TestRow("play:1", 2, "b"));
            epoch = server.Hub.Epoch;
        }

        using var killed = new Killed(folder);
        await using var next = await OpenAsync(killed.Path);
        using var early = await ListenAsync(next, "play:2", epoch, 0);
        using var client = await ListenAsync(next, "play:1", epoch, 1);
        Assert.Equal(["update 2"], await NextAsync(client, 1));
        await PublishAsync(next, new TestRow("play:1", 1, "a"), new TestRow("play:1", 2, "b"), new TestRow("play:1", 3, "c"));
        Assert.Equal(["update 3"], await NextAsync(client, 1));
    }

    [Fact]
    public async Task A_channel_that_is_forgotten_and_lives_again_stays_in_the_log()
    {
        var (epoch, last) = ("", 0L);
        await using (var server = await OpenAsync(folder.Path))
        {
            await PublishAsync(server, new TestRow("play:1", 1, "a"));

            // There is room for four channels, so the first is forgotten; then it has news before anybody looked after the log.
            await PublishAsync(server, [.. Enumerable.Range(2, 4).Select(i => new TestRow("play:" + i.ToString(CultureInfo.InvariantCulture), 1)), new TestRow("play:1", 2, "b")]);
            await PublishAsync(server, new TestRow("play:5", 2, "b"));
            (epoch, last) = (server.Hub.Epoch, server.Hub.Channels("play:1", 1).Single().Offset);
        }

        using var killed = new Killed(folder);
        await using var next = await OpenAsync(killed.Path);
        using var client = await ListenAsync(next, "play:1", epoch, last);
        await PublishAsync(next, new TestRow("play:1", 2, "b"), new TestRow("play:1", 3, "c"));
        Assert.Equal([$"update {last + 1}"], await NextAsync(client, 1));
    }

    [Fact]
    public async Task While_the_disk_refuses_positions_stay_good_for_as_long_as_the_process_lives()
    {
        var disk = new FaultyDisk { Below = folder.Path };
        await using var server = await OpenAsync(folder.Path, disk);
        var first = server.Hub.Epoch;
        await PublishAsync(server, new TestRow("play:1", 1, "a"), new TestRow("play:2", 1, "a"));
        disk.Fill();
        await PublishAsync(server, new TestRow("play:1", 2, "b"));
        Assert.Contains("without a log", server.Hub.Problem, StringComparison.Ordinal);
        var lost = server.Hub.Epoch;
        Assert.NotEqual(first, lost);
        await PublishAsync(server, new TestRow("play:1", 3, "c"));

        // It is tried again and again, and nobody notices.
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(lost, server.Hub.Epoch);
        using var client = await ListenAsync(server, "play:1", first, 1);
        Assert.Equal(["update 2", "update 3"], await NextAsync(client, 2));

        disk.Heal();
        await Wait.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(11));
                return server.Hub.Problem is null;
            },
            "the log is there again");
        var regained = server.Hub.Epoch;
        Assert.NotEqual(lost, regained);
        await PublishAsync(server, new TestRow("play:1", 4, "d"));
        using var other = await ListenAsync(server, "play:1", lost, 2);
        Assert.Equal(["update 3", "update 4"], await NextAsync(other, 2));

        // After a kill only what was told since counts.
        using var killed = new Killed(folder);
        await using var next = await OpenAsync(killed.Path);
        using var late = await ListenAsync(next, "play:1", regained, 4);
        await PublishAsync(next, new TestRow("play:1", 4, "d"), new TestRow("play:1", 5, "e"));
        Assert.Equal(["update 5"], await NextAsync(late, 1));
        using var old = await ListenAsync(next, "play:1", lost, 4, "snapshot");
        using var quiet = await ListenAsync(next, "play:2", regained, 1);
    }

    [Fact]
    public async Task Who_resumes_where_nobody_remembers_anything_is_told_so()
    {
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { MaxChannels = 1 }, time);
        var epoch = server.Hub.Epoch;
        using var early = await ListenAsync(server, "a:1", epoch, 0, "recovered");
        for (var i = 0; i < 3; i++)
        {
            server.Publish("a:1", "1");
        }

        server.Publish("b:1", "1");

        // The first channel is forgotten by now, with all that happened in it.
        using var behind = await ListenAsync(server, "a:1", epoch, 1, "snapshot", 3);
        using var fresh = await ListenAsync(server, "a:1", epoch, 0, "snapshot", 3);
        using var current = await ListenAsync(server, "a:1", epoch, 3, "recovered", 3);
        using var pattern = await server.ConnectAsync();
        await pattern.SendAsync($"{{\"type\":\"subscribe\",\"channel\":\"a:*\",\"since\":{{\"a:1\":{{\"epoch\":\"{epoch}\",\"offset\":2}}}}}}");
        Assert.Equal("snapshot", (await pattern.ExpectAsync("subscribed")).GetProperty("mode").GetString());
        server.Publish("a:1", "2");
        foreach (var client in (HubClient[])[behind, fresh, current, pattern])
        {
            Assert.Equal(["update 5"], await NextAsync(client, 1));
        }
    }

    [Fact]
    public async Task A_burst_ends_nobody()
    {
        await using var server = await HubServer.StartAsync(Options with { Queue = 16 });
        using var client = await ListenAsync(server, "play:1");
        await PublishAsync(server, [.. Enumerable.Range(1, 2000).Select(i => new TestRow("play:1", i))]);
        for (var i = 1; i <= 2000; i++)
        {
            Assert.Equal(i, (await client.ExpectAsync("update")).GetProperty("offset").GetInt64());
        }
    }

    public void Dispose()
    {
        batches.Dispose();
        folder.Dispose();
    }

    private static async Task<HubClient> ListenAsync(HubServer server, string channel, string? epoch = null, long offset = 0, string mode = "recovered", long? at = null)
    {
        var client = await server.ConnectAsync();
        await client.SendAsync(epoch is null
            ? $$"""{"type":"subscribe","channel":"{{channel}}"}"""
            : $$$"""{"type":"subscribe","channel":"{{{channel}}}","since":{"epoch":"{{{epoch}}}","offset":{{{offset}}}}}""");
        var answer = await client.ExpectAsync("subscribed");
        Assert.Equal(epoch is null ? "live" : mode, answer.GetProperty("mode").GetString());
        Assert.True(at is null || answer.GetProperty("offset").GetInt64() == at, answer.ToString());
        return client;
    }

    private static async Task<List<string>> NextAsync(HubClient client, int count)
    {
        var frames = new List<string>();
        while (frames.Count < count)
        {
            var frame = await client.NextAsync();
            frames.Add($"{frame.GetProperty("type").GetString()} {frame.GetProperty("offset").GetInt64()}");
        }

        await client.ExpectNothingAsync();
        return frames;
    }

    private async Task<HubServer> OpenAsync(string at, Disk? disk = null)
    {
        var server = await HubServer.StartAsync(Options, time);
        server.Hub.Open(at, Options, disk);
        return server;
    }

    private async Task PublishAsync(HubServer server, params TestRow[] rows)
    {
        var batch = await batches.MakeAsync(rows);
        server.Hub.Publish(batch);
        batch.Release();
    }

    /// <summary>A folder as a process leaves it that is killed now.</summary>
    private sealed class Killed : IDisposable
    {
        private readonly TempFolder copy = new(inMemory: true);

        public Killed(TempFolder from)
        {
            foreach (var file in from.Files.Where(f => f.EndsWith(".log", StringComparison.Ordinal)))
            {
                File.Copy(from.Of(file), copy.Of(file));
            }
        }

        public string Path => copy.Path;

        public void Dispose() => copy.Dispose();
    }
}
