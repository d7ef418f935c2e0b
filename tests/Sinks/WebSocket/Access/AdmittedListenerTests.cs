using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sinks.WebSockets.Access;

namespace StreamEngine.Sinks.Tests.WebSocket.Access;

/// <summary>What listeners may hear, while keys, tokens and the config change under them.</summary>
public sealed class AdmittedListenerTests
{
    private const string Desk = "0123456789abcdef-desk";

    private static readonly ListenerAccessOptions Keys = new() { Keys = new Dictionary<string, ListenerKeyOptions> { ["desk"] = new() { Key = Desk } } };

    private static readonly ListenerAccessOptions OtherKeys = new() { Keys = new Dictionary<string, ListenerKeyOptions> { ["lobby"] = new() { Key = "0123456789abcdef-lobby" } } };

    private static readonly WebSocketSinkOptions News = new() { Auth = Keys with { Anonymous = ["news:*"], Jwt = Tokens.SecretOptions } };

    [Fact]
    public async Task What_a_request_was_admitted_with_holds_though_the_keys_change_before_it_is_served()
    {
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { Auth = Keys });
        server.Admitted = () => server.Hub.Configure(new WebSocketSinkOptions { Auth = OtherKeys });
        using var client = await server.ConnectAsync(Desk);
        await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"player:1\"}");
        await client.ExpectAsync("subscribed");
    }

    [Fact]
    public async Task Who_showed_nothing_is_asked_for_a_key_after_a_reload_too()
    {
        await using var server = await HubServer.StartAsync(News);
        using var client = await server.ConnectAsync();
        server.Hub.Configure(News with { Auth = OtherKeys });
        await client.ExpectErrorAsync("{\"type\":\"subscribe\",\"channel\":\"player:1\"}", "not_authenticated");
    }

    [Fact]
    public async Task Who_shows_nothing_in_time_is_closed_though_the_config_was_changed_meanwhile()
    {
        var time = new FakeTimeProvider();
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { Auth = Keys }, time);
        using var client = await server.ConnectAsync();
        server.Hub.Configure(new WebSocketSinkOptions { Auth = OtherKeys with { Within = Duration.Seconds(300) }, MaxDelay = Duration.Seconds(0) });
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("not_authenticated", (await client.ExpectAsync("error")).GetProperty("code").GetString());
        await client.ExpectCloseAsync(4001);
    }

    [Fact]
    public async Task A_token_that_is_shown_late_ends_the_connection_when_it_ends_and_not_when_the_listener_is_looked_at_next()
    {
        var time = new FakeTimeProvider(Tokens.Now);
        var options = News with { Auth = News.Auth! with { Jwt = Tokens.SecretOptions with { ClockSkew = Duration.Seconds(5) } } };
        await using var server = await HubServer.StartAsync(options, time);
        using var client = await server.ConnectAsync();

        // With nothing shown there is nothing to do for it until the next heartbeat, half a minute later.
        time.Advance(TimeSpan.FromSeconds(1));
        await client.SendAsync($"{{\"type\":\"auth\",\"token\":\"{Ending(20)}\"}}");
        await client.ExpectAsync("authenticated");
        time.Advance(TimeSpan.FromSeconds(23));
        await client.ExpectNothingAsync();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(4201, (await client.ExpectAsync("bye")).GetProperty("code").GetInt32());
        await client.ExpectCloseAsync(4201);
    }

    [Fact]
    public async Task A_new_token_prolongs_a_connection_and_what_it_doesnt_open_ends_with_an_error_that_names_it()
    {
        var time = new FakeTimeProvider(Tokens.Now);
        await using var server = await HubServer.StartAsync(News, time);
        using var client = await server.ConnectAsync(Ending(20, "player:*", "game:1"));
        foreach (var channel in (string[])["player:1", "player:*", "game:1"])
        {
            await client.SendAsync($"{{\"type\":\"subscribe\",\"channel\":\"{channel}\"}}");
            await client.ExpectAsync("subscribed");
        }

        await client.SendAsync($"{{\"type\":\"auth\",\"id\":7,\"token\":\"{Ending(600, "player:1", "play:1")}\"}}");
        await client.ExpectAsync("authenticated");
        var ended = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            var error = await client.ExpectAsync("error");
            Assert.Equal(("forbidden", false, false), (error.GetProperty("code").GetString(), error.TryGetProperty("id", out _), error.GetProperty("retry").GetBoolean()));
            ended.Add(error.GetProperty("channel").GetString()!);
        }

        Assert.Equal(["game:1", "player:*"], ended.Order());
        server.Publish("game:1", "1");
        server.Publish("player:2", "1");
        server.Publish("player:1", "1");
        Assert.Equal("player:1", (await client.ExpectAsync("update")).GetProperty("channel").GetString());
        time.Advance(TimeSpan.FromSeconds(60));
        await client.SendAsync("{\"type\":\"ping\"}");
        string? type;
        while ((type = (await client.NextAsync()).GetProperty("type").GetString()) != "pong")
        {
            // Of its own when it was quiet for so long.
            Assert.Equal("ping", type);
        }
    }

    [Fact]
    public async Task A_token_that_opens_nothing_is_refused_and_ends_a_connection_with_4003()
    {
        var time = new FakeTimeProvider(Tokens.Now);
        await using var server = await HubServer.StartAsync(News, time);
        var empty = Tokens.Make(Tokens.Hs256, new() { ["channels"] = "" });
        using var client = await server.ConnectAsync();
        await client.ExpectErrorAsync($"{{\"type\":\"auth\",\"token\":\"{empty}\"}}", "forbidden");
        await client.ExpectCloseAsync(4003);

        var request = new DefaultHttpContext().Request;
        request.Headers.Authorization = $"Bearer {empty}";
        Assert.Null(server.Hub.Admit(request, out var refusal));
        Assert.Equal("forbidden", refusal!.Value.Code);
        Assert.DoesNotContain(empty, refusal.Value.Fault, StringComparison.Ordinal);

        // What stands in the other header may open something.
        request.Headers["X-API-Key"] = Desk;
        Assert.True(server.Hub.Admit(request, out refusal)!.OpensAll);
        Assert.Null(refusal);
    }

    [Fact]
    public async Task What_a_token_takes_of_memory_counts_for_as_long_as_a_listener_has_it()
    {
        var time = new FakeTimeProvider(Tokens.Now);
        await using var server = await HubServer.StartAsync(News, time);
        var token = Ending(600, [.. Enumerable.Range(0, 200).Select(i => $"player:{i}")]);
        var bytes = Tokens.Access(Tokens.SecretOptions).Admit(token).Bytes;
        Assert.True(bytes > 200 * 16);
        using (var client = await server.ConnectAsync(token))
        {
            await Wait.UntilAsync(() => server.Hub.Memory.Bytes == bytes, "the token counts");
            await client.ExpectAsync($"{{\"type\":\"auth\",\"token\":\"{Desk}\"}}", "{\"type\":\"authenticated\"}");
            await Wait.UntilAsync(() => server.Hub.Memory.Bytes == 0, "a key takes nothing");
            await client.SendAsync($"{{\"type\":\"auth\",\"token\":\"{token}\"}}");
            await client.ExpectAsync("authenticated");
            await Wait.UntilAsync(() => server.Hub.Memory.Bytes == bytes, "the token counts again");
        }

        await Wait.UntilAsync(() => server.Hub.Count == 0 && server.Hub.Memory.Bytes == 0, "it has left");
    }

    [Fact]
    public async Task A_token_is_not_taken_while_there_is_no_memory_for_it()
    {
        var time = new FakeTimeProvider(Tokens.Now);
        await using var server = await HubServer.StartAsync(News, time);
        using var client = await server.ConnectAsync();
        server.Hub.Memory.Take(server.Hub.Memory.MaxBytes);
        Assert.True((await client.ExpectErrorAsync($"{{\"type\":\"auth\",\"token\":\"{Ending(600, "player:1")}\"}}", "server_full")).GetProperty("retry").GetBoolean());
        server.Hub.Memory.Take(-server.Hub.Memory.MaxBytes);
        await client.ExpectErrorAsync("{\"type\":\"subscribe\",\"channel\":\"player:1\"}", "not_authenticated");
    }

    [Fact]
    public async Task An_alias_names_a_channel_and_opens_it_to_nobody()
    {
        var time = new FakeTimeProvider(Tokens.Now);
        await using var server = await HubServer.StartAsync(News, time);
        using var client = await server.ConnectAsync(Ending(600, "player:1"));
        await client.SendAsync("{\"type\":\"subscribe\",\"channel\":\"player:1\"}");
        await client.ExpectAsync("subscribed");
        server.Hub.PublishRemoved("player:1"u8, "player:2"u8);
        server.Publish("player:2", "1");
        await client.ExpectFrameAsync("{\"type\":\"alias\",\"channel\":\"player:1\",\"now\":\"player:2\",\"offset\":1}");
        await client.ExpectErrorAsync("{\"type\":\"subscribe\",\"channel\":\"player:2\"}", "forbidden");
    }

    /// <summary>A token that ends so many seconds from the beginning; without channels it opens all.</summary>
    private static string Ending(int seconds, params string[] channels) =>
        Tokens.Make(Tokens.Hs256, channels.Length == 0 ? null : new() { ["channels"] = channels }, t => t.Expires = Tokens.Now.UtcDateTime.AddSeconds(seconds));
}
