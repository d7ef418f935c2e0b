using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.WebSockets;

namespace StreamEngine.Sinks.Tests.WebSocket;

public sealed class ConversationTests
{
    private const string Channel = "player:mlb:660271";

    [Fact]
    public async Task The_greeting_tells_the_limits()
    {
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { Heartbeat = Duration.Seconds(12), MaxMessage = new ByteSize(2048) });
        using var client = await server.ConnectSilentlyAsync();
        await client.ExpectFrameAsync("{\"type\":\"connection_established\",\"connection_id\":\"c1\",\"version\":1,\"heartbeat\":12,\"maxMessage\":2048}");
        Assert.Equal(1, server.Hub.Count);
    }

    [Fact]
    public async Task Subscribe_snapshot_live_removed_unsubscribe()
    {
        await using var server = await HubServer.StartAsync();
        var epoch = server.Hub.Epoch;
        server.Publish(Channel, "{\"hits\":1}");
        server.Publish(Channel, "{\"hits\":2}");
        using var client = await server.ConnectAsync();
        await client.ExpectAsync(
            $"{{\"type\":\"subscribe\",\"id\":1,\"channel\":\"{Channel}\",\"future\":[1]}}",
            $"{{\"type\":\"subscribed\",\"id\":1,\"channel\":\"{Channel}\",\"epoch\":\"{epoch}\",\"offset\":2,\"mode\":\"snapshot\"}}");
        await client.ExpectFrameAsync($"{{\"type\":\"update\",\"channel\":\"{Channel}\",\"offset\":2,\"data\":{{\"hits\":2}}}}");
        server.Publish(Channel, "{\"hits\":3}");
        server.Publish("player:mlb:1", "{}");
        await client.ExpectFrameAsync($"{{\"type\":\"update\",\"channel\":\"{Channel}\",\"offset\":3,\"data\":{{\"hits\":3}}}}");
        server.PublishRemoved(Channel);
        await client.ExpectFrameAsync($"{{\"type\":\"removed\",\"channel\":\"{Channel}\",\"offset\":4}}");
        await client.ExpectAsync(
            $"{{\"type\":\"unsubscribe\",\"id\":\"x\\\"y\",\"channel\":\"{Channel}\"}}",
            $"{{\"type\":\"unsubscribed\",\"id\":\"x\\\"y\",\"channel\":\"{Channel}\"}}");
        server.Publish(Channel, "{\"hits\":4}");
        await client.ExpectNothingAsync();
        await client.ExpectErrorAsync($"{{\"type\":\"unsubscribe\",\"channel\":\"{Channel}\"}}", "not_subscribed");
    }

    [Fact]
    public async Task What_was_known_before_a_restart_is_a_snapshot_and_no_news()
    {
        using var batches = new TestBatches();
        var time = new FakeTimeProvider(TestBatches.Received);
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { Keep = Duration.Seconds(60) }, time);
        using var waiting = await server.ConnectAsync();
        await waiting.ExpectAsync(
            "{\"type\":\"subscribe\",\"channel\":\"player:mlb:2\"}",
            $"{{\"type\":\"subscribed\",\"channel\":\"player:mlb:2\",\"epoch\":\"{server.Hub.Epoch}\",\"offset\":0,\"mode\":\"live\"}}");
        server.Publish("player:mlb:1", "{\"hits\":9}");
        server.PublishRemoved("player:mlb:3");
        var batch = await batches.MakeAsync(new TestRow("player:mlb:1", 5), new TestRow("player:mlb:2", 6), new TestRow("player:mlb:3", 7));
        batch.IsRestored = true;

        // What a listener has is not sent to it again when the pipeline goes back within the process.
        server.Hub.Publish(batch);
        server.Hub.Publish(batch);

        using var client = await server.ConnectAsync();
        await client.ExpectAsync(
            "{\"type\":\"subscribe\",\"channel\":\"player:mlb:*\"}",
            $"{{\"type\":\"subscribed\",\"channel\":\"player:mlb:*\",\"epoch\":\"{server.Hub.Epoch}\",\"mode\":\"snapshot\"}}");
        var restored = $"{{\"type\":\"update\",\"channel\":\"player:mlb:2\",\"offset\":1,\"data\":{Encoding.UTF8.GetString(batch.DataOf(1).Span)}}}";
        const string news = "{\"type\":\"update\",\"channel\":\"player:mlb:1\",\"offset\":1,\"data\":{\"hits\":9}}";
        Assert.Equal([news, restored], new[] { await client.NextTextAsync(), await client.NextTextAsync() }.Order(StringComparer.Ordinal));
        await client.ExpectNothingAsync();
        await waiting.ExpectFrameAsync(restored);
        await waiting.ExpectNothingAsync();

        // Past its time the hub would have forgotten it.
        time.Advance(TimeSpan.FromMinutes(2));
        server.Hub.Publish(batch);
        Assert.Equal(0, server.Hub.Stats.Channels);
        batch.Release();
    }

    [Fact]
    public async Task A_channel_without_a_value_is_live_and_starts_at_offset_1()
    {
        await using var server = await HubServer.StartAsync();
        using var client = await server.ConnectAsync();
        await client.ExpectAsync(
            "{\"type\":\"subscribe\",\"channel\":\"game:mlb:9\"}",
            $"{{\"type\":\"subscribed\",\"channel\":\"game:mlb:9\",\"epoch\":\"{server.Hub.Epoch}\",\"offset\":0,\"mode\":\"live\"}}");
        server.Publish("game:mlb:9", "{}");
        await client.ExpectFrameAsync("{\"type\":\"update\",\"channel\":\"game:mlb:9\",\"offset\":1,\"data\":{}}");
    }

    [Fact]
    public async Task The_short_form_takes_the_pipelines_sport()
    {
        await using var server = await HubServer.StartAsync();
        using var client = await server.ConnectAsync();
        Assert.True((await client.ExpectErrorAsync("{\"type\":\"subscribe\",\"player_id\":\"7\"}", "bad_channel")).GetProperty("retry").GetBoolean());
        server.Publish("player:cricket:1", "{}");
        await client.SendAsync("{\"type\":\"subscribe\",\"player_id\":\"7\"}");
        Assert.Equal("player:cricket:7", (await client.ExpectAsync("subscribed")).GetProperty("channel").GetString());
        server.Hub.DefaultSport = "chess";
        await client.SendAsync("{\"type\":\"subscribe\",\"player_id\":8}");
        Assert.Equal("player:chess:8", (await client.ExpectAsync("subscribed")).GetProperty("channel").GetString());
        await client.SendAsync("{\"type\":\"subscribe\",\"player_id\":\"8\",\"sport\":\"Cricket\"}");
        Assert.Equal("player:Cricket:8", (await client.ExpectAsync("subscribed")).GetProperty("channel").GetString());
        server.Publish("player:cricket:8", "{}");
        Assert.Equal("player:cricket:8", (await client.ExpectAsync("update")).GetProperty("channel").GetString());
    }

    [Fact]
    public async Task A_pattern_gives_all_values_and_overlapping_subscriptions_give_each_update_once()
    {
        await using var server = await HubServer.StartAsync();
        server.Publish("player:mlb:1", "1");
        server.Publish("player:mlb:2", "2");
        server.Publish("player:nba:1", "3");
        server.Publish("game:mlb:1", "4");
        using var client = await server.ConnectAsync();
        await client.ExpectAsync(
            "{\"type\":\"subscribe\",\"id\":2,\"channel\":\"player:mlb:*\"}",
            $"{{\"type\":\"subscribed\",\"id\":2,\"channel\":\"player:mlb:*\",\"epoch\":\"{server.Hub.Epoch}\",\"mode\":\"snapshot\"}}");
        Assert.Equal(["player:mlb:1", "player:mlb:2"], new[] { await ChannelAsync(client), await ChannelAsync(client) }.Order());
        await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"player:mlb:1\"}");
        await client.ExpectAsync("subscribed");
        Assert.Equal("player:mlb:1", await ChannelAsync(client));
        await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"player:*\"}");
        await client.ExpectAsync("subscribed");
        for (var i = 0; i < 3; i++)
        {
            await ChannelAsync(client);
        }

        await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"*\"}");
        await client.ExpectAsync("subscribed");
        for (var i = 0; i < 4; i++)
        {
            await ChannelAsync(client);
        }

        server.Publish("player:mlb:1", "5");
        server.Publish("game:mlb:1", "6");
        Assert.Equal("player:mlb:1", await ChannelAsync(client));
        Assert.Equal("game:mlb:1", await ChannelAsync(client));
        await client.ExpectNothingAsync();

        await client.SendAsync("{\"type\":\"unsubscribe\",\"channel\":\"*\"}");
        await client.ExpectAsync("unsubscribed");
        await client.SendAsync("{\"type\":\"unsubscribe\",\"channel\":\"player:mlb:*\"}");
        await client.ExpectAsync("unsubscribed");
        server.Publish("game:mlb:1", "7");
        server.Publish("player:mlb:2", "8");
        Assert.Equal("player:mlb:2", await ChannelAsync(client));
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Since_a_known_place_what_was_missed_is_sent_and_since_any_other_a_snapshot()
    {
        await using var server = await HubServer.StartAsync();
        var epoch = server.Hub.Epoch;
        server.Publish(Channel, "1");
        server.Publish(Channel, "2");
        using var client = await server.ConnectAsync();
        Assert.Equal("recovered", await ModeAsync(client, Channel, $"{{\"epoch\":\"{epoch}\",\"offset\":2}}"));
        await client.ExpectNothingAsync();
        Assert.Equal("recovered", await ModeAsync(client, Channel, $"{{\"epoch\":\"{epoch}\",\"offset\":0}}"));
        Assert.Equal(1, (await client.ExpectAsync("update")).GetProperty("offset").GetInt64());
        Assert.Equal(2, (await client.ExpectAsync("update")).GetProperty("offset").GetInt64());
        foreach (var since in new[] { $"{{\"epoch\":\"{epoch}\",\"offset\":-1}}", $"{{\"epoch\":\"{epoch}\",\"offset\":3}}", "{\"epoch\":\"older\",\"offset\":2}" })
        {
            Assert.Equal("snapshot", await ModeAsync(client, Channel, since));
            Assert.Equal(2, (await client.ExpectAsync("update")).GetProperty("offset").GetInt64());
        }

        server.PublishRemoved(Channel);
        await client.ExpectAsync("removed");
        Assert.Equal("recovered", await ModeAsync(client, Channel, $"{{\"epoch\":\"{epoch}\",\"offset\":2}}"));
        await client.ExpectAsync("removed");
        Assert.Equal("recovered", await ModeAsync(client, Channel, $"{{\"epoch\":\"{epoch}\",\"offset\":3}}"));
        Assert.Equal("live", await ModeAsync(client, Channel, "null"));
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Since_of_a_pattern_is_a_map()
    {
        await using var server = await HubServer.StartAsync();
        var epoch = server.Hub.Epoch;
        server.Publish("player:mlb:1", "1");
        server.Publish("player:mlb:2", "1");
        server.Publish("player:mlb:3", "1");
        using var client = await server.ConnectAsync();
        Assert.Equal("snapshot", await ModeAsync(
            client, "player:*", $"{{\"player:mlb:1\":{{\"epoch\":\"{epoch}\",\"offset\":1}},\"player:mlb:2\":{{\"epoch\":\"{epoch}\",\"offset\":0}}}}"));
        Assert.Equal(["player:mlb:2", "player:mlb:3"], new[] { await ChannelAsync(client), await ChannelAsync(client) }.Order());
        await client.ExpectNothingAsync();
        server.Hub.Configure(new WebSocketSinkOptions());
        Assert.Equal("recovered", await ModeAsync(
            client, "player:mlb:*", string.Join(',', Enumerable.Range(1, 3).Select(i => $"\"player:mlb:{i}\":{{\"epoch\":\"{epoch}\",\"offset\":1}}")) is var map ? "{" + map + "}" : ""));
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("{", "bad_json")]
    [InlineData("{\"type\":\"ping\"} x", "bad_json")]
    [InlineData("[1]", "bad_request")]
    [InlineData("\"ping\"", "bad_request")]
    [InlineData("{}", "bad_request")]
    [InlineData("{\"type\":5}", "bad_request")]
    [InlineData("{\"type\":\"ping\",\"id\":{}}", "bad_request")]
    [InlineData("{\"type\":\"subscribe\"}", "bad_request")]
    [InlineData("{\"type\":\"shout\"}", "unknown_type")]
    [InlineData("{\"type\":\"subscribe\",\"channel\":5}", "bad_channel")]
    [InlineData("{\"type\":\"subscribe\",\"channel\":\"\"}", "bad_channel")]
    [InlineData("{\"type\":\"subscribe\",\"channel\":\"a b\"}", "bad_channel")]
    [InlineData("{\"type\":\"subscribe\",\"channel\":\"player:*:1\"}", "bad_channel")]
    [InlineData("{\"type\":\"subscribe\",\"channel\":\"player:66*\"}", "bad_channel")]
    [InlineData("{\"type\":\"subscribe\",\"channel\":\"\\ud800\"}", "bad_json")]
    [InlineData("{\"type\":\"ping\",\"id\":\"\\ud800\"}", "bad_json")]
    [InlineData("{\"type\":\"subscribe\",\"channel\":\"a\",\"since\":5}", "bad_request")]
    [InlineData("{\"type\":\"subscribe\",\"channel\":\"a\",\"since\":{\"epoch\":\"x\",\"offset\":1.5}}", "bad_request")]
    [InlineData("{\"type\":\"subscribe\",\"channel\":\"a:*\",\"since\":{\"epoch\":\"x\",\"offset\":1}}", "bad_request")]
    [InlineData("{\"type\":\"unsubscribe\",\"channel\":\"a\"}", "not_subscribed")]
    public async Task Mistakes_are_answered_and_the_connection_goes_on(string message, string code)
    {
        await using var server = await HubServer.StartAsync();
        using var client = await server.ConnectAsync();
        var error = await client.ExpectErrorAsync(message, code);
        Assert.False(error.GetProperty("retry").GetBoolean());
        Assert.False(error.TryGetProperty("id", out _));
        await client.ExpectNothingAsync();
        Assert.Equal(1, server.Hub.Stats.Errors);
        Assert.Equal(0, server.Hub.Stats.Subscriptions);
    }

    [Fact]
    public async Task An_error_carries_the_id()
    {
        await using var server = await HubServer.StartAsync();
        using var client = await server.ConnectAsync();
        Assert.Equal(41, (await client.ExpectErrorAsync("{\"id\":41,\"type\":\"shout\"}", "unknown_type")).GetProperty("id").GetInt32());
    }

    [Fact]
    public async Task Subscriptions_are_limited_and_repeating_one_is_free()
    {
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { MaxSubscriptions = 2 });
        using var client = await server.ConnectAsync();
        foreach (var channel in new[] { "a", "b:*", "a" })
        {
            await client.SendAsync($"{{\"type\":\"subscribe\",\"channel\":\"{channel}\"}}");
            await client.ExpectAsync("subscribed");
        }

        await client.ExpectErrorAsync("{\"type\":\"subscribe\",\"channel\":\"c\"}", "too_many_subscriptions");
        server.Publish("c", "1");
        await client.SendAsync("{\"type\":\"unsubscribe\",\"channel\":\"a\"}");
        await client.ExpectAsync("unsubscribed");
        await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"c\"}");
        await client.ExpectAsync("subscribed");
        Assert.Equal(2, server.Hub.Stats.Subscriptions);
    }

    [Fact]
    public async Task Listeners_are_limited_and_those_that_leave_are_forgotten()
    {
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { MaxListeners = 1 });
        var first = await server.ConnectAsync();
        await first.SendAsync("{\"type\":\"subscribe\",\"channel\":\"a:*\"}");
        await first.ExpectAsync("subscribed");
        using var second = await server.ConnectSilentlyAsync();
        Assert.Equal("too_many_listeners", (await second.ExpectAsync("error")).GetProperty("code").GetString());
        await second.ExpectCloseAsync(4029);
        first.Dispose();
        await Wait.UntilAsync(() => server.Hub.Count == 0 && server.Hub.Stats.Subscriptions == 0, "the first has left");
        server.Publish("a:1", "1");
        using var third = await server.ConnectAsync();
        Assert.Equal(1, server.Hub.Stats.Refused);
    }

    [Fact]
    public async Task Messages_up_to_the_limit_are_read_and_larger_ones_close_with_1009()
    {
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { MaxMessage = new ByteSize(4096) });
        using var client = await server.ConnectAsync();
        const string Ping = "{\"type\":\"ping\"}";
        await client.ExpectAsync(Ping.PadRight(4096), "{\"type\":\"pong\"}");
        var fragment = Encoding.UTF8.GetBytes("".PadRight(1000));
        for (var i = 0; i < 4; i++)
        {
            await client.SendAsync(fragment, end: false);
        }

        await client.SendAsync(Encoding.UTF8.GetBytes("".PadRight(97)), end: false);
        await client.ExpectCloseAsync(1009);
    }

    [Fact]
    public async Task A_binary_frame_is_refused_and_closes_with_4000()
    {
        await using var server = await HubServer.StartAsync();
        using var client = await server.ConnectAsync();
        await client.SendAsync("{\"type\":\"ping\"}"u8.ToArray(), WebSocketMessageType.Binary);
        Assert.Equal("binary", (await client.ExpectAsync("error")).GetProperty("code").GetString());
        await client.ExpectCloseAsync(4000);
    }

    [Fact]
    public async Task Invalid_utf8_closes_with_1007()
    {
        await using var server = await HubServer.StartAsync();
        using var client = await server.ConnectAsync();
        await client.SendAsync([(byte)'"', 0xff, (byte)'"']);
        await client.ExpectCloseAsync(1007);
        await Wait.UntilAsync(() => server.Hub.Count == 0, "forgotten");
    }

    [Fact]
    public async Task What_was_sent_stays_counted_while_a_listener_leaves()
    {
        var time = new FakeTimeProvider();
        await using var server = await HubServer.StartAsync(time: time);
        using var client = await server.ConnectAsync();
        await client.ExpectAsync("{\"type\":\"ping\"}", "{\"type\":\"pong\"}");
        await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"a:*\"}");
        await client.ExpectAsync("subscribed");
        await Wait.UntilAsync(() => server.Hub.Stats.FramesSent == 3, "all is counted");

        // Who breaks the protocol leaves slowly: until the clock moves.
        await client.SendAsync([(byte)'"', 0xff, (byte)'"']);
        await client.ExpectCloseAsync(1007);
        await Wait.UntilAsync(() => server.Hub.Stats.Subscriptions == 0, "nothing more is sent to it");
        Assert.Equal(3, server.Hub.Stats.FramesSent);
        await Wait.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return server.Hub.Count == 0;
            },
            "forgotten");
        Assert.Equal(3, server.Hub.Stats.FramesSent);
    }

    [Fact]
    public async Task A_close_is_answered()
    {
        await using var server = await HubServer.StartAsync();
        using var client = await server.ConnectAsync();
        await client.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", TestContext.Current.CancellationToken);
        Assert.Equal(WebSocketState.Closed, client.Socket.State);
        await Wait.UntilAsync(() => server.Hub.Count == 0, "forgotten");
    }

    [Fact]
    public async Task A_shutdown_sends_what_is_queued_says_bye_and_closes_with_4200()
    {
        await using var server = await HubServer.StartAsync();
        var clients = new List<HubClient>();
        for (var i = 0; i < 3; i++)
        {
            var client = await server.ConnectAsync();
            await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"a:*\"}");
            await client.ExpectAsync("subscribed");
            clients.Add(client);
        }

        for (var i = 0; i < 500; i++)
        {
            server.Publish("a:1", "1");
        }

        server.Stop();
        var pauses = new HashSet<int>();
        foreach (var client in clients)
        {
            for (var i = 0; i < 500; i++)
            {
                await client.ExpectAsync("update");
            }

            var bye = await client.ExpectAsync("bye");
            Assert.Equal(4200, bye.GetProperty("code").GetInt32());
            pauses.Add(bye.GetProperty("retryAfter").GetInt32());
            await client.ExpectCloseAsync(4200);
            await client.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", TestContext.Current.CancellationToken);
            client.Dispose();
        }

        Assert.True(pauses.Count > 1, "all come back at the same time");
        await Wait.UntilAsync(() => server.Hub.Count == 0, "all have left");
    }

    [Fact]
    public void Origins_are_compared_when_some_are_configured()
    {
        var hub = new ListenerHub(TimeProvider.System, new Random(1), new ListLogger());
        Assert.True(hub.Allows("https://evil.example"));
        hub.Configure(new WebSocketSinkOptions { Origins = ["https://good.example"] });
        Assert.True(hub.Allows(null));
        Assert.True(hub.Allows("https://GOOD.example"));
        Assert.False(hub.Allows("https://evil.example"));
        Assert.Equal(
            ["origins[1]: must be scheme and host, with the port when it isn't the usual one, and no path: 'https://scores.example'"],
            TestCheck.Run("w", "/", ("w", new WebSocketSinkOptions { Origins = ["https://good.example:8443", "https://good.example/x"] })).Errors);
    }

    private static async Task<string> ChannelAsync(HubClient client) => (await client.ExpectAsync("update")).GetProperty("channel").GetString()!;

    private static async Task<string> ModeAsync(HubClient client, string channel, string since)
    {
        await client.SendAsync($"{{\"type\":\"subscribe\",\"channel\":\"{channel}\",\"since\":{since}}}");
        return (await client.ExpectAsync("subscribed")).GetProperty("mode").GetString()!;
    }
}
