using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.WebSockets;

namespace StreamEngine.Sinks.Tests.WebSocket;

public sealed class DeliveryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Between_snapshot_and_live_there_is_no_hole_and_no_duplicate_while_updates_pour_in()
    {
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { Queue = 100_000 });
        const int Channels = 5;
        const int Updates = 3000;
        var publishing = Task.Run(
            async () =>
            {
                for (var i = 1; i <= Updates; i++)
                {
                    for (var c = 0; c < Channels; c++)
                    {
                        server.Publish("player:mlb:" + c, i.ToString(System.Globalization.CultureInfo.InvariantCulture));
                    }

                    if (i % 100 == 0)
                    {
                        await Task.Yield();
                    }
                }
            },
            Token);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async n =>
        {
            using var client = await server.ConnectAsync();
            var channel = n % 2 == 0 ? "player:mlb:*" : "player:mlb:" + (n % Channels);
            await client.SendAsync($"{{\"type\":\"subscribe\",\"channel\":\"{channel}\"}}");
            await client.ExpectAsync("subscribed");
            var last = new Dictionary<string, long>();
            var wanted = n % 2 == 0 ? Channels : 1;
            while (last.Values.Count(v => v == Updates) < wanted)
            {
                var frame = await client.ExpectAsync("update");
                var (name, offset) = (frame.GetProperty("channel").GetString()!, frame.GetProperty("offset").GetInt64());
                Assert.Equal(offset, frame.GetProperty("data").GetInt64());
                Assert.True(!last.TryGetValue(name, out var before) || offset == before + 1, $"{name}: {offset} after {before}");
                last[name] = offset;
            }
        }));
        await publishing;
        Assert.Equal(0, server.Hub.Stats.Conflated);
    }

    [Fact]
    public async Task A_listener_that_does_not_read_holds_nobody_up_and_gets_the_latest_when_it_returns()
    {
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { Queue = 16 });
        using var slow = await ListenToPlayersAsync(server);
        using var fast = await ListenToPlayersAsync(server);

        // Far more than the sockets' buffers take.
        var padding = new string('x', 10_000);
        const int Channels = 50;
        var published = new long[Channels];
        for (var i = 0; server.Hub.Stats.Conflated < 500; i++)
        {
            Assert.True(i < 20_000, "nothing was conflated");
            var c = i % Channels;
            published[c]++;
            server.Publish("player:" + c, $"{{\"n\":{published[c]},\"p\":\"{padding}\"}}");
            var frame = await fast.ExpectAsync("update");
            Assert.Equal(published[c], frame.GetProperty("data").GetProperty("n").GetInt64());
        }

        Assert.Equal(1, server.Hub.Stats.Lagging);
        var seen = new long[Channels];
        var lagging = 0L;
        while (!seen.AsSpan().SequenceEqual(published))
        {
            var frame = await slow.NextAsync();
            if (frame.GetProperty("type").GetString() == "lagging")
            {
                lagging += frame.GetProperty("conflated").GetInt64();
                continue;
            }

            var c = int.Parse(frame.GetProperty("channel").GetString()!.Split(':')[1], null);
            Assert.Equal(frame.GetProperty("offset").GetInt64(), frame.GetProperty("data").GetProperty("n").GetInt64());
            Assert.True(frame.GetProperty("offset").GetInt64() > seen[c], "a value went back");
            seen[c] = frame.GetProperty("offset").GetInt64();
        }

        await slow.SendAsync("{\"type\":\"ping\"}");
        for (var frame = await slow.NextAsync(); frame.GetProperty("type").GetString() != "pong"; frame = await slow.NextAsync())
        {
            lagging += frame.GetProperty("conflated").GetInt64();
        }

        Assert.Equal(server.Hub.Stats.Conflated, lagging);
        Assert.Equal(0, server.Hub.Stats.Lagging);
        server.Publish("player:0", "{}");
        await slow.ExpectAsync("update");
    }

    [Fact]
    public async Task When_what_waits_for_listeners_is_too_much_the_slowest_is_cut_off_and_the_others_go_on()
    {
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { ListenerBytes = new(2 << 20), Queue = 100_000 });
        using var slow = await ListenToPlayersAsync(server);
        using var fast = await ListenToPlayersAsync(server);

        // The sockets' buffers take some megabytes; then one channel after another waits.
        var padding = new string('x', 10_000);
        var most = 0L;
        for (var i = 0; most < (1 << 20) || server.Hub.Memory.Bytes > most / 2; i++)
        {
            most = Math.Max(most, server.Hub.Memory.Bytes);
            Assert.True(i < 20_000, "nobody was cut off");
            server.Publish("player:" + i, $"{{\"n\":{i},\"p\":\"{padding}\"}}");
            Assert.Equal(i, (await fast.ExpectAsync("update")).GetProperty("data").GetProperty("n").GetInt64());
            Assert.InRange(server.Hub.Memory.Bytes, 0, server.Hub.Memory.MaxBytes + (1 << 20));
        }

        await fast.ExpectNothingAsync();
        while (await slow.NextTextAsync() is not null)
        {
        }

        Assert.Equal(4108, (int)slow.Socket.CloseStatus!);
        await Wait.UntilAsync(() => server.Hub.Memory.Bytes < 10_000, "all is given back");
    }

    [Fact]
    public async Task While_memory_is_full_nothing_more_is_subscribed_to()
    {
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { ListenerBytes = new(64 << 10), MaxSubscriptions = 100_000 });
        using var client = await server.ConnectAsync();
        var taken = 0;
        for (var answer = await SubscribeAsync(0); answer.GetProperty("type").GetString() == "subscribed"; answer = await SubscribeAsync(taken))
        {
            taken++;
            Assert.True(taken < 1000);
        }

        Assert.InRange(taken, 50, 300);
        await client.ExpectErrorAsync("{\"type\":\"subscribe\",\"channel\":\"one:more\"}", "server_full");
        await client.SendAsync("{\"type\":\"unsubscribe\",\"channel\":\"player:mlb:0\"}");
        await client.ExpectAsync("unsubscribed");
        await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"one:more\"}");
        await client.ExpectAsync("subscribed");

        // A message that needs a larger buffer has to wait for better times.
        await client.SendAsync(new string(' ', 10_000));
        await client.ExpectCloseAsync(1013);
        await Wait.UntilAsync(() => server.Hub.Memory.Bytes == 0, "all is given back");

        async Task<JsonElement> SubscribeAsync(int player)
        {
            await client.SendAsync($"{{\"type\":\"subscribe\",\"channel\":\"player:mlb:{player}\"}}");
            return await client.NextAsync();
        }
    }

    [Fact]
    public async Task Current_values_are_bounded_in_bytes_too()
    {
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { MaxBytes = new(64 << 10) });
        for (var i = 0; i < 100; i++)
        {
            server.Publish("k:" + i, $"\"{new string('x', 5000)}\"");
        }

        Assert.InRange(server.Hub.Stats.Channels, 8, 12);
        using var client = await server.ConnectAsync();
        await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"*\"}");
        await client.ExpectAsync("subscribed");
        var seen = new List<string?>();
        for (var i = server.Hub.Stats.Channels; i > 0; i--)
        {
            seen.Add((await client.ExpectAsync("update")).GetProperty("channel").GetString());
        }

        await client.ExpectNothingAsync();
        Assert.Equal(Enumerable.Range(100 - seen.Count, seen.Count).Select(i => "k:" + i), seen.Order(StringComparer.Ordinal));

        // The values have frames by now, which take as much again.
        server.Publish("k:99", "1");
        Assert.InRange(server.Hub.Stats.Channels, 4, 7);
        server.PublishRemoved("k:99");
        server.Publish("k:0", $"\"{new string('x', 100_000)}\"");
        Assert.Equal(1, server.Hub.Stats.Channels);
    }

    [Fact]
    public async Task A_listener_that_asks_without_reading_is_not_read_either()
    {
        await using var server = await HubServer.StartAsync();
        using var client = await server.ConnectAsync();
        var message = Encoding.UTF8.GetBytes("{\"type\":\"x\",\"id\":\"" + new string('i', 50) + "\"}".PadRight(8000));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var sent = 0L;
        var asking = Task.Run(
            async () =>
            {
                while (!limit.IsCancellationRequested)
                {
                    await client.Socket.SendAsync(message, System.Net.WebSockets.WebSocketMessageType.Text, true, limit.Token);
                    Interlocked.Increment(ref sent);
                }
            },
            limit.Token);

        // Its messages stop being taken once its answers stop being taken: what was sent stays the same for a while.
        var before = -1L;
        var still = 0;
        await Wait.UntilAsync(
            async () =>
            {
                await Task.Delay(20, Token);
                still = Volatile.Read(ref sent) == before ? still + 1 : 0;
                before = Volatile.Read(ref sent);
                return still > 25;
            },
            "the sending stalls");
        Assert.True(server.Hub.Stats.Errors <= before);
        await limit.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public async Task An_idle_listener_gets_a_ping_and_one_that_is_served_does_not()
    {
        var time = new FakeTimeProvider(TestBatches.Received);
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { Heartbeat = Duration.Seconds(30) }, time);
        using var client = await server.ConnectAsync();
        await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"a\"}");
        await client.ExpectAsync("subscribed");
        time.Advance(TimeSpan.FromSeconds(29));
        server.Publish("a", "1");
        await client.ExpectAsync("update");
        await Wait.UntilAsync(() => server.Hub.Stats.FramesSent == 3, "counted");
        time.Advance(TimeSpan.FromSeconds(29));
        await client.ExpectNothingAsync();
        await Wait.UntilAsync(() => server.Hub.Stats.FramesSent == 4, "counted");
        time.Advance(TimeSpan.FromSeconds(30));
        await client.ExpectFrameAsync("{\"type\":\"ping\"}");
        await client.SendAsync("{\"type\":\"pong\"}");
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_listener_that_takes_nothing_for_too_long_is_cut_off()
    {
        var time = new FakeTimeProvider(TestBatches.Received);
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { Queue = 2, Timeout = Duration.Seconds(60) }, time);
        using var client = await server.ConnectAsync();
        await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"a\"}");
        await client.ExpectAsync("subscribed");
        var data = "\"" + new string('x', 1_000_000) + "\"";
        await Wait.UntilAsync(
            () =>
            {
                server.Publish("a", data);
                return server.Hub.Stats.Conflated > 100;
            },
            "the sockets' buffers are full");
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(1, server.Hub.Count);
        time.Advance(TimeSpan.FromSeconds(2));
        await Wait.UntilAsync(() => server.Hub.Count == 0, "cut off");
        Assert.Equal(1, server.Hub.Stats.Closes[4101]);
    }

    [Fact]
    public async Task Channels_are_bounded_fade_and_never_go_back_in_offset()
    {
        var time = new FakeTimeProvider(TestBatches.Received);
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { MaxChannels = 3, Keep = Duration.Seconds(100) }, time);
        using var client = await server.ConnectAsync();
        await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"k:0\"}");
        await client.ExpectAsync("subscribed");
        for (var i = 0; i < 5; i++)
        {
            server.Publish("k:0", "1");
        }

        for (var i = 1; i < 5; i++)
        {
            server.Publish("k:" + i, "1");
        }

        Assert.Equal(3, server.Hub.Stats.Channels);
        server.Publish("k:0", "1");
        var offsets = new List<long>();
        for (var i = 0; i < 6; i++)
        {
            offsets.Add((await client.ExpectAsync("update")).GetProperty("offset").GetInt64());
        }

        Assert.Equal([1, 2, 3, 4, 5, 6], offsets);

        time.Advance(TimeSpan.FromSeconds(99));
        using var batches = new TestBatches();
        var batch = await batches.MakeAsync(new TestRow("k:4", 1, Op: RowOp.Confirmed));
        server.Hub.Publish(batch);
        batch.Release();
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, server.Hub.Stats.Channels);
        using var late = await server.ConnectAsync();
        await late.SendAsync("{\"type\":\"subscribe\",\"channel\":\"*\"}");
        await late.ExpectAsync("subscribed");
        Assert.Equal("k:4", (await late.ExpectAsync("update")).GetProperty("channel").GetString());
        await late.ExpectNothingAsync();
    }

    [Fact]
    public async Task The_sink_publishes_the_sealed_bytes_and_no_confirmations()
    {
        await using var server = await HubServer.StartAsync();
        using var batches = new TestBatches();
        await using var sink = new WebSocketSink(new WebSocketSinkOptions { MaxSubscriptions = 1 }, TestContexts.Make(TimeProvider.System, services: server.Hub));
        using var client = await server.ConnectAsync();
        await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"player:*\"}");
        await client.ExpectAsync("subscribed");
        await client.ExpectErrorAsync("{\"type\":\"subscribe\",\"channel\":\"a\"}", "too_many_subscriptions");
        var batch = await batches.MakeAsync(
            new TestRow("player:mlb:1", 1, "Zoë"), new TestRow("player:mlb:1", 2, Op: RowOp.Confirmed), new TestRow("player:mlb:2", 3, Op: RowOp.Removed));
        var data = Encoding.UTF8.GetString(batch.DataOf(0).Span);
        await sink.WriteAsync(batch, Token);
        await sink.CompleteAsync(Token);
        batch.Release();
        await client.ExpectFrameAsync($"{{\"type\":\"update\",\"channel\":\"player:mlb:1\",\"offset\":1,\"data\":{data}}}");
        await client.ExpectFrameAsync("{\"type\":\"removed\",\"channel\":\"player:mlb:2\",\"offset\":1}");
        await client.ExpectNothingAsync();
        Assert.Equal(2, server.Hub.Stats.Published);
    }

    [Fact]
    public async Task An_entity_that_goes_on_under_another_key_is_an_alias_for_those_who_listen_and_for_those_who_come_back()
    {
        await using var server = await HubServer.StartAsync();
        using var batches = new TestBatches();
        await using var sink = new WebSocketSink(new WebSocketSinkOptions(), TestContexts.Make(TimeProvider.System, services: server.Hub));
        server.Publish("player:espn:3", "{}");
        using var client = await ListenToPlayersAsync(server);
        await client.ExpectAsync("update");
        var batch = await batches.MakeAsync(new TestRow("player:espn:3", 2, Op: RowOp.Removed, Now: "player:mlb:1"));
        await sink.WriteAsync(batch, Token);
        batch.Release();
        const string alias = "{\"type\":\"alias\",\"channel\":\"player:espn:3\",\"now\":\"player:mlb:1\",\"offset\":2}";
        await client.ExpectFrameAsync(alias);

        using var late = await server.ConnectAsync();
        await late.SendAsync($"{{\"type\":\"subscribe\",\"channel\":\"player:espn:3\",\"since\":{{\"epoch\":\"{server.Hub.Epoch}\",\"offset\":1}}}}");
        await late.ExpectAsync("subscribed");
        await late.ExpectFrameAsync(alias);

        server.Publish("player:espn:3", "{\"hits\":1}");
        await client.ExpectFrameAsync("{\"type\":\"update\",\"channel\":\"player:espn:3\",\"offset\":3,\"data\":{\"hits\":1}}");
        server.PublishRemoved("player:espn:3");
        await client.ExpectFrameAsync("{\"type\":\"removed\",\"channel\":\"player:espn:3\",\"offset\":4}");
    }

    private static async Task<HubClient> ListenToPlayersAsync(HubServer server)
    {
        var client = await server.ConnectAsync();
        await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"player:*\"}");
        await client.ExpectAsync("subscribed");
        return client;
    }
}
