using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sinks.WebSockets.Access;
using StreamEngine.Tests;

namespace StreamEngine.Sinks.Tests.WebSocket;

/// <summary>When a connection is refused or ended, and how.</summary>
public sealed class ConnectionRulesTests
{
    [Fact]
    public async Task From_one_address_only_so_many_may_listen()
    {
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { MaxPerAddress = 1 });
        var first = await server.ConnectAsync();
        using var second = await server.ConnectSilentlyAsync();
        Assert.Equal("too_many_listeners", (await second.ExpectAsync("error")).GetProperty("code").GetString());
        await second.ExpectCloseAsync(4029);
        first.Dispose();
        await Wait.UntilAsync(() => server.Hub.Count == 0, "the first has left");
        using var third = await server.ConnectAsync();
    }

    [Fact]
    public async Task Where_nothing_is_open_who_shows_no_key_in_time_is_closed_with_4001()
    {
        var time = new FakeTimeProvider();
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { Auth = new() { Keys = new Dictionary<string, ListenerKeyOptions>() } }, time);
        using var client = await server.ConnectAsync();
        await client.ExpectNothingAsync();
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("not_authenticated", (await client.ExpectAsync("error")).GetProperty("code").GetString());
        await client.ExpectCloseAsync(4001);
    }

    [Fact]
    public async Task Pings_of_the_WebSocket_which_a_page_does_not_see_put_off_none_that_it_sees()
    {
        var time = new FakeTimeProvider();
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { Heartbeat = Duration.Seconds(30) }, time);
        using var listener = await server.ConnectRawAsync();
        await listener.SendAsync("{\"type\":\"subscribe\",\"channel\":\"a\"}");
        Assert.Equal("subscribed", (await listener.NextAsync())?.ToString());
        foreach (var (seconds, frames) in new[] { (29, 3), (20, 4) })
        {
            Pass(seconds);
            server.Publish("a", "1");
            Assert.Equal("update", (await listener.NextAsync())?.ToString());
            await Wait.UntilAsync(() => server.Hub.Stats.FramesSent == frames, "it counts as sent");
        }

        // It was heard of a minute ago, and got something 11 seconds ago.
        Pass(11);
        Assert.Equal("ping frame ", (await listener.NextAsync())?.ToString());

        // Those who are served by the same lane get an answer once the ping counts as written.
        for (var i = 0; i < 8; i++)
        {
            using var other = await server.ConnectAsync();
            await other.ExpectNothingAsync();
        }

        Pass(29);
        Assert.Equal("ping", (await listener.NextAsync())?.ToString());

        void Pass(int seconds)
        {
            for (; seconds > 0; seconds--)
            {
                time.Advance(TimeSpan.FromSeconds(1));
            }
        }
    }

    [Fact]
    public async Task A_late_answer_to_the_first_ping_is_none_to_the_second()
    {
        var time = new FakeTimeProvider();
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { Heartbeat = Duration.Seconds(30) }, time);
        using var listener = await server.ConnectRawAsync(greet: false);
        listener.IsGreeted = true;
        Assert.Equal("connection_established", (await listener.NextAsync())?.ToString());
        Assert.Equal("ping frame clear1", (await listener.NextAsync())?.ToString());
        for (var beat = 0; beat < 2; beat++)
        {
            await Wait.UntilAsync(() => server.Hub.Stats.FramesSent == 1 + beat, "what was sent counts");
            for (var seconds = 0; seconds < 30; seconds++)
            {
                time.Advance(TimeSpan.FromSeconds(1));
            }

            Assert.Equal(beat == 0 ? "ping" : "ping frame clear2", (await listener.NextAsync())?.ToString());
        }

        // What it gets goes out by another way from the answer on. It would overtake what this answer doesn't speak of.
        await listener.SendAsync(new ClientFrame(ClientFrame.Pong, "clear1"u8.ToArray()), ClientFrame.OfText("{\"type\":\"subscribe\",\"channel\":\"a\"}"));
        await Wait.UntilAsync(() => server.Hub.Stats.Subscriptions == 1, "both are read");
        const int Others = 8;
        for (var i = 0; i < Others; i++)
        {
            using var other = await server.ConnectAsync();
            await other.ExpectNothingAsync();
        }

        await Wait.UntilAsync(() => server.Hub.Stats.FramesSent >= 2 + (2 * Others), "the others' frames count");
        Assert.Equal(2 + (2 * Others), server.Hub.Stats.FramesSent);
        await listener.SendAsync(new ClientFrame(ClientFrame.Pong, "clear2"u8.ToArray()));
        Assert.Equal(["ping", "subscribed"], [(await listener.NextAsync())?.ToString(), (await listener.NextAsync())?.ToString()]);
    }

    [Theory]
    [InlineData(typeof(NotSupportedException))]
    [InlineData(typeof(InvalidOperationException))]
    public async Task A_fault_of_the_hub_ends_one_listener_with_4100_and_no_other(Type fault)
    {
        var time = new FaultyTime();
        await using var server = await HubServer.StartAsync(time: time);
        using var other = await server.ConnectAsync();
        await other.SendAsync("{\"type\":\"subscribe\",\"channel\":\"a\"}");
        var epoch = (await other.ExpectAsync("subscribed")).GetProperty("epoch").GetString();
        server.Publish("a", "1");
        server.Publish("a", "2");
        using var client = await server.ConnectAsync();
        time.Fault = (Exception)Activator.CreateInstance(fault)!;
        await client.SendAsync($$$"""{"type":"subscribe","channel":"a","since":{"epoch":"{{{epoch}}}","offset":1}}""");
        await client.SendAsync("{\"type\":\"ping\"}");
        await client.ExpectCloseAsync(4100);
        Assert.Null(time.Fault);
        Assert.Equal(1, server.Hub.Stats.Subscriptions);
        await other.ExpectAsync("update");
        await other.ExpectAsync("update");
        server.Publish("a", "3");
        Assert.Equal(3, (await other.ExpectAsync("update")).GetProperty("data").GetInt32());
    }

    [Fact]
    public async Task Who_sends_many_messages_is_read_more_slowly()
    {
        // One goes before the others: the answer to the server's first ping is read, and nothing waits for it any more.
        const int AtOnce = 200;
        var time = new FakeTimeProvider();
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { MaxSubscriptions = 1, Heartbeat = Duration.Seconds(600) }, time);
        using var client = await server.ConnectAsync();
        await client.ExpectNothingAsync();
        for (var i = 0; i < AtOnce + 101; i++)
        {
            await client.SendAsync("{\"type\":\"ping\"}");
        }

        await AnsweredAsync(AtOnce + 1);
        await Wait.UntilAsync(() => server.Hub.Memory.Bytes >= ListenerHub.UnreadBytes, "it is not read");
        Assert.InRange(server.Hub.Stats.FramesSent, 0, 2 + AtOnce + 1);
        var rest = AnsweredAsync(100);
        await Wait.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return rest.IsCompleted;
            },
            "it is read again");
        await rest;

        async Task AnsweredAsync(int count)
        {
            for (; count > 0; count--)
            {
                await client.ExpectAsync("pong");
            }
        }
    }

    [Fact]
    public async Task Who_comes_while_the_host_shuts_down_is_told_to_come_back()
    {
        await using var server = await HubServer.StartAsync();
        server.Stop();
        using var client = await server.ConnectAsync();
        var bye = await client.ExpectAsync("bye");
        Assert.Equal(4200, bye.GetProperty("code").GetInt32());
        await client.ExpectCloseAsync(4200);
    }

    [Fact]
    public async Task Who_is_too_slow_for_events_is_closed_with_4108_and_gets_all_when_it_comes_back()
    {
        var time = new FakeTimeProvider();
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { Events = ["play:*"], Queue = 16, HistoryBytes = new(1L << 30), HistoryCount = 100_000 }, time);
        using var slow = await server.ConnectAsync();
        await slow.SendAsync("{\"type\":\"subscribe\",\"channel\":\"play:1\"}");
        await slow.ExpectAsync("subscribed");

        // Far more than the sockets' buffers take.
        var padding = new string('x', 10_000);
        var published = 0;
        while (published < 3000)
        {
            server.Publish("play:1", $"\"{++published}{padding}\"");
        }

        time.Advance(ListenerQueue.Patience);
        server.Publish("play:1", $"\"{++published}{padding}\"");

        var last = 0L;
        while (await slow.NextTextAsync() is { } text)
        {
            var offset = System.Text.Json.JsonElement.Parse(text).GetProperty("offset").GetInt64();
            Assert.Equal(last + 1, offset);
            last = offset;
        }

        Assert.Equal(4108, (int)slow.Socket.CloseStatus!);
        using var back = await server.ConnectAsync();
        await back.SendAsync($"{{\"type\":\"subscribe\",\"channel\":\"play:1\",\"since\":{{\"epoch\":\"{server.Hub.Epoch}\",\"offset\":{last}}}}}");
        Assert.Equal("recovered", (await back.ExpectAsync("subscribed")).GetProperty("mode").GetString());
        while (last < published)
        {
            Assert.Equal(++last, (await back.ExpectAsync("update")).GetProperty("offset").GetInt64());
        }

        await back.ExpectNothingAsync();
    }

    [Fact]
    public async Task Who_asks_for_many_channels_again_and_again_is_read_more_slowly()
    {
        var time = new FakeTimeProvider();
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { MaxSubscriptions = 1, Queue = 100_000 }, time);
        for (var i = 0; i < 2000; i++)
        {
            server.Publish("a:" + i.ToString(System.Globalization.CultureInfo.InvariantCulture), "1");
        }

        using var client = await server.ConnectAsync();
        for (var i = 0; i < 10; i++)
        {
            await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"a:*\"}");
            await client.ExpectAsync("subscribed");
            for (var n = 0; n < 2000; n++)
            {
                await client.ExpectAsync("update");
            }
        }

        // While it waits, the web server may hold what comes meanwhile, and that counts.
        await Wait.UntilAsync(() => server.Hub.Memory.Bytes > ListenerHub.UnreadBytes, "it is not read");
        time.Advance(TimeSpan.FromSeconds(1));
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task The_ends_of_a_shutdown_are_spread()
    {
        var time = new FakeTimeProvider();
        await using var server = await HubServer.StartAsync(time: time);
        var clients = new List<HubClient>();
        for (var i = 0; i < 60; i++)
        {
            clients.Add(await server.ConnectAsync());
        }

        await Wait.UntilAsync(() => server.Hub.Count == clients.Count, "all are there");
        server.Stop();
        var returns = new ConcurrentBag<int>();
        var ends = clients.ConvertAll(async c =>
        {
            returns.Add((await c.ExpectAsync("bye")).GetProperty("retryAfter").GetInt32());
            await c.ExpectCloseAsync(4200);
            await c.Socket.CloseOutputAsync(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure, "", TestContext.Current.CancellationToken);
        });
        time.Advance(TimeSpan.FromMilliseconds(30));
        await Wait.UntilAsync(() => ends.Exists(e => e.IsCompleted), "some have left");
        Assert.Contains(ends, e => !e.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(30));
        await Task.WhenAll(ends);
        Assert.All(returns, r => Assert.InRange(r, 500, 3000));
        Assert.True(returns.Distinct().Count() > 30, "they come back one after the other");
        clients.ForEach(c => c.Dispose());
    }

    /// <summary>A clock that stands still, and fails once when it is told to and asked for the time of day.</summary>
    private sealed class FaultyTime : FakeTimeProvider
    {
        public Exception? Fault { get; set; }

        public override DateTimeOffset GetUtcNow()
        {
            var fault = Fault;
            Fault = null;
            return fault is null ? base.GetUtcNow() : throw fault;
        }

        public override long GetTimestamp() => 1;
    }
}
