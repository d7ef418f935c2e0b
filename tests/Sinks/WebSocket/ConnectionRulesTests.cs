using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sinks.WebSockets.Access;

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
        var ends = clients.ConvertAll(async c =>
        {
            await c.ExpectAsync("bye");
            await c.ExpectCloseAsync(4200);
            await c.Socket.CloseOutputAsync(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure, "", TestContext.Current.CancellationToken);
        });
        time.Advance(TimeSpan.FromMilliseconds(30));
        await Wait.UntilAsync(() => ends.Exists(e => e.IsCompleted), "some have left");
        Assert.Contains(ends, e => !e.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(30));
        await Task.WhenAll(ends);
        clients.ForEach(c => c.Dispose());
    }
}
