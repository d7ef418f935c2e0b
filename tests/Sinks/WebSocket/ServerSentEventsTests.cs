using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging.Abstractions;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sinks.WebSockets.Access;

namespace StreamEngine.Sinks.Tests.WebSocket;

/// <summary>The channels as server-sent events.</summary>
public sealed class ServerSentEventsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_channel_begins_with_its_value_and_resumes_where_the_last_event_was()
    {
        await using var server = await HubServer.StartAsync();
        server.Publish("a:1", "1");
        using var events = await EventsAsync(server, "a:1");
        await ExpectAsync(events, "data: {\"type\":\"connection_established\",\"connection_id\":\"c1\",\"version\":1,\"heartbeat\":30,\"maxMessage\":65536}");
        await ExpectAsync(events, $"data: {{\"type\":\"subscribed\",\"channel\":\"a:1\",\"epoch\":\"{server.Hub.Epoch}\",\"offset\":1,\"mode\":\"snapshot\"}}");
        await ExpectAsync(events, $"id: {server.Hub.Epoch}:1", "data: {\"type\":\"update\",\"channel\":\"a:1\",\"offset\":1,\"data\":1}");
        server.Publish("a:1", "2");
        await ExpectAsync(events, $"id: {server.Hub.Epoch}:2", "data: {\"type\":\"update\",\"channel\":\"a:1\",\"offset\":2,\"data\":2}");

        using var again = await EventsAsync(server, "a:1", $"{server.Hub.Epoch}:1");
        await again.ReadLineAsync(Token);
        await again.ReadLineAsync(Token);
        await ExpectAsync(again, $"data: {{\"type\":\"subscribed\",\"channel\":\"a:1\",\"epoch\":\"{server.Hub.Epoch}\",\"offset\":2,\"mode\":\"recovered\"}}");
        await ExpectAsync(again, $"id: {server.Hub.Epoch}:2", "data: {\"type\":\"update\",\"channel\":\"a:1\",\"offset\":2,\"data\":2}");

        server.Stop();
        while (await events.ReadLineAsync(Token) is { } line)
        {
            Assert.True(line.Length == 0 || line.Contains("\"bye\"", StringComparison.Ordinal), line);
        }
    }

    [Fact]
    public async Task Several_channels_have_no_ids_and_a_bad_one_is_told()
    {
        await using var server = await HubServer.StartAsync();
        server.Publish("a:1", "1");
        using var events = await EventsAsync(server, "a:*,b:1");
        var lines = new List<string?>();
        for (var i = 0; i < 8; i++)
        {
            lines.Add(await events.ReadLineAsync(Token));
        }

        Assert.Equal("data: {\"type\":\"update\",\"channel\":\"a:1\",\"offset\":1,\"data\":1}", Assert.Single(lines, l => l!.Contains("update", StringComparison.Ordinal)));
        Assert.DoesNotContain(lines, l => l!.StartsWith("id:", StringComparison.Ordinal));
        using var client = new HttpClient { BaseAddress = server.Address };
        Assert.Equal("bad_channel", await (await client.GetAsync("/sse?channel=a:*:b", Token)).Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task Who_has_left_is_forgotten_and_all_memory_is_back()
    {
        await using var server = await HubServer.StartAsync();
        using (await EventsAsync(server, "a:*"))
        {
            await Wait.UntilAsync(() => server.Hub.Stats.Subscriptions == 1, "it listens");
        }

        await Wait.UntilAsync(() => server.Hub.Count == 0 && server.Hub.Memory.Bytes == 0, "it is forgotten");
    }

    [Fact]
    public async Task How_slow_it_may_be_is_not_for_the_web_server_to_say_and_nothing_is_held_back()
    {
        await using var hub = new ListenerHub(TimeProvider.System, new Random(7), NullLoggerFactory.Instance);
        using var gone = new CancellationTokenSource();
        using var bytes = new MemoryStream();
        var context = new DefaultHttpContext { RequestAborted = gone.Token };
        var (rate, body) = (new Rate { MinDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5)) }, new Body(bytes));
        context.Features.Set<IHttpMinResponseDataRateFeature>(rate);
        context.Features.Set<IHttpResponseBodyFeature>(body);
        var serving = hub.AcceptEventsAsync(context, hub.Admit(context.Request, out _)!, ["a:1"], null);
        await Wait.UntilAsync(() => hub.Count == 1, "it listens");
        Assert.Null(rate.MinDataRate);
        Assert.True(body.IsUnbuffered);
        await gone.CancelAsync();
        Assert.Null(await serving);
    }

    [Fact]
    public async Task A_key_opens_what_is_named_and_nothing_else()
    {
        const string Key = "0123456789abcdef";
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions
        {
            Auth = new() { Keys = new Dictionary<string, ListenerKeyOptions> { ["desk"] = new() { Key = Key, Channels = ["player:mlb:*"] } } },
        });
        using var client = await server.ConnectAsync();
        await client.ExpectErrorAsync("{\"type\":\"subscribe\",\"channel\":\"player:mlb:1\"}", "not_authenticated");
        await client.ExpectAsync($"{{\"type\":\"auth\",\"id\":4,\"token\":\"{Key}\"}}", "{\"type\":\"authenticated\",\"id\":4}");
        await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"player:mlb:1\"}");
        await client.ExpectAsync("subscribed");
        await client.ExpectErrorAsync("{\"type\":\"subscribe\",\"channel\":\"player:*\"}", "forbidden");
        Assert.Equal("not_authenticated", await (await new HttpClient { BaseAddress = server.Address }.GetAsync("/sse?channel=player:mlb:1", Token)).Content.ReadAsStringAsync(Token));

        using var other = await server.ConnectAsync();
        await other.ExpectErrorAsync("{\"type\":\"auth\",\"token\":\"0123456789abcdeF\"}", "not_authenticated");
        await other.ExpectCloseAsync(4001);
    }

    [Fact]
    public async Task Who_wants_fewer_updates_gets_the_latest_in_its_time_and_events_all_the_same()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { Events = ["play:*"], StaleAfter = Duration.Seconds(20) }, time);
        using var client = await server.ConnectAsync();
        await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"*\",\"maxRate\":0.1}");
        await client.ExpectAsync("subscribed");
        for (var i = 1; i <= 3; i++)
        {
            server.Publish("a:1", $"{i}");
            server.Publish("play:1", $"{i}");
        }

        foreach (var (channel, offset) in new[] { ("a:1", 1), ("play:1", 1), ("play:1", 2), ("play:1", 3) })
        {
            var frame = await client.ExpectAsync("update");
            Assert.Equal((channel, offset), (frame.GetProperty("channel").GetString(), frame.GetProperty("offset").GetInt32()));
        }

        await client.ExpectNothingAsync();
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(3, (await client.ExpectAsync("update")).GetProperty("data").GetInt32());

        // Nothing was heard of the state for long; events are never old.
        time.Advance(TimeSpan.FromSeconds(10));
        var status = await client.ExpectAsync("status");
        Assert.Equal(("a:1", true), (status.GetProperty("channel").GetString(), status.GetProperty("stale").GetBoolean()));
        await client.ExpectNothingAsync();
    }

    private sealed class Rate : IHttpMinResponseDataRateFeature
    {
        public MinDataRate? MinDataRate { get; set; }
    }

    private sealed class Body(Stream stream) : StreamResponseBodyFeature(stream)
    {
        public bool IsUnbuffered { get; private set; }

        public override void DisableBuffering() => IsUnbuffered = true;
    }

    private static async Task<StreamReader> EventsAsync(HubServer server, string channels, string? since = null)
    {
        var client = new HttpClient { BaseAddress = server.Address };
        if (since is not null)
        {
            client.DefaultRequestHeaders.Add("Last-Event-ID", since);
        }

        var events = new StreamReader(await client.GetStreamAsync($"/sse?channel={channels}", Token));
        var retry = await events.ReadLineAsync(Token);
        Assert.StartsWith("retry: ", retry, StringComparison.Ordinal);
        Assert.InRange(int.Parse(retry![7..], CultureInfo.InvariantCulture), 1000, 3000);
        Assert.Equal("", await events.ReadLineAsync(Token));
        return events;
    }

    private static async Task ExpectAsync(StreamReader events, params string[] lines)
    {
        foreach (var line in (string[])[.. lines, ""])
        {
            Assert.Equal(line, await events.ReadLineAsync(Token));
        }
    }
}
