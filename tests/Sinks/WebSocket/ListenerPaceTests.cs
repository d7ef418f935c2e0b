using Microsoft.Extensions.Time.Testing;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.WebSockets;

namespace StreamEngine.Sinks.Tests.WebSocket;

/// <summary>How often a listener gets a channel that it wants at a rate.</summary>
public sealed class ListenerPaceTests
{
    private readonly FakeTimeProvider time = new(TestBatches.Received);

    [Fact]
    public async Task Between_two_updates_of_a_channel_lies_the_time_and_the_latest_comes()
    {
        await using var server = await HubServer.StartAsync(time: time);
        using var client = await ListenAsync(server, "a:*", 1);
        server.Publish("a:1", "1");
        server.Publish("a:2", "1");
        Assert.Equal(["a:1 1", "a:2 1"], [await NextAsync(client), await NextAsync(client)]);
        for (var round = 1; round <= 3; round++)
        {
            server.Publish("a:1", "2");
            server.Publish("a:1", "3");
            await client.ExpectNothingAsync();
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal($"a:1 {(2 * round) + 1}", await NextAsync(client));
            await client.ExpectNothingAsync();
        }

        // One that was quiet for long enough comes at once.
        server.Publish("a:2", "2");
        Assert.Equal("a:2 2", await NextAsync(client));
    }

    [Fact]
    public async Task Of_two_rates_the_higher_counts_until_its_subscription_is_over()
    {
        await using var server = await HubServer.StartAsync(time: time);
        using var client = await ListenAsync(server, "a:1", 0.1);
        await SubscribeAsync(client, "a:*", 1);
        server.Publish("a:1", "1");
        Assert.Equal("a:1 1", await NextAsync(client));
        server.Publish("a:1", "2");
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("a:1 2", await NextAsync(client));
        server.Publish("a:1", "3");
        await client.SendAsync("{\"type\":\"unsubscribe\",\"channel\":\"a:*\"}");
        await client.ExpectAsync("unsubscribed");
        time.Advance(TimeSpan.FromSeconds(9));
        await client.ExpectNothingAsync();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("a:1 3", await NextAsync(client));
    }

    [Fact]
    public async Task Without_a_rate_beside_it_everything_comes_at_once_and_once()
    {
        await using var server = await HubServer.StartAsync(time: time);
        using var client = await ListenAsync(server, "a:1", 1);
        await SubscribeAsync(client, "a:*", null);
        for (var i = 1; i <= 3; i++)
        {
            server.Publish("a:1", "1");
            Assert.Equal($"a:1 {i}", await NextAsync(client));
        }

        time.Advance(TimeSpan.FromSeconds(2));
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_channel_that_is_forgotten_and_lives_again_keeps_its_time()
    {
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { MaxChannels = 1 }, time);
        using var client = await ListenAsync(server, "a:*", 0.5);
        server.Publish("a:1", "1");
        Assert.Equal("a:1 1", await NextAsync(client));
        server.Publish("a:1", "2");
        server.Publish("b:1", "1");
        server.Publish("a:1", "3");
        await client.ExpectNothingAsync();
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(3, (await client.ExpectAsync("update")).GetProperty("data").GetInt64());
        time.Advance(TimeSpan.FromSeconds(2));
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task That_a_value_is_stale_comes_at_once_and_doesnt_take_the_place_of_what_waits()
    {
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { StaleAfter = StreamEngine.Pipeline.Configuration.Duration.Seconds(5) }, time);
        using var client = await ListenAsync(server, "a:*", 0.05);
        server.Publish("a:1", "1");
        Assert.Equal("a:1 1", await NextAsync(client));
        server.Publish("a:1", "2");
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.True((await client.ExpectAsync("status")).GetProperty("stale").GetBoolean());
        time.Advance(TimeSpan.FromSeconds(14));
        Assert.Equal("a:1 2", await NextAsync(client));
    }

    [Fact]
    public async Task What_it_takes_of_memory_is_bounded_and_given_back()
    {
        const int Channels = 500;
        await using var server = await HubServer.StartAsync(time: time);
        using var client = await ListenAsync(server, "a:*", 0.5);
        var before = server.Hub.Memory.Bytes;
        for (var i = 0; i < 2 * Channels; i++)
        {
            server.Publish("a:" + (i % Channels), "1");
        }

        for (var i = 0; i < Channels; i++)
        {
            await NextAsync(client);
        }

        Assert.True(server.Hub.Memory.Bytes >= before + (Channels * ListenerPace.TurnBytes));

        // Each change of the rates moves all turns; what they leave in the order of time is cleared away.
        for (var i = 0; i < 40; i++)
        {
            await SubscribeAsync(client, "a:*", i % 2 == 0 ? 1 : 0.5, hasValues: Channels);
            server.Publish("a:1", "2");
            await client.SendAsync("{\"type\":\"ping\"}");
            while ((await client.NextAsync()).GetProperty("type").GetString() != "pong")
            {
            }
        }

        for (var rounds = 0; rounds < 3; rounds++)
        {
            time.Advance(TimeSpan.FromSeconds(3));
        }

        await Wait.UntilAsync(() => server.Hub.Memory.Bytes <= before, "turns end when nothing comes");
    }

    [Fact]
    public async Task While_memory_is_full_nothing_waits_for_its_time()
    {
        await using var server = await HubServer.StartAsync(time: time);
        using var client = await ListenAsync(server, "a:*", 0.5);
        server.Publish("a:1", "1");
        Assert.Equal("a:1 1", await NextAsync(client));
        server.Publish("a:1", "2");
        await client.ExpectNothingAsync();
        server.Hub.Memory.MaxBytes = 1;
        server.Publish("a:1", "3");
        server.Publish("a:2", "1");
        Assert.Equal("a:1 3", await NextAsync(client));
        Assert.Equal("a:2 1", await NextAsync(client));
        time.Advance(TimeSpan.FromSeconds(5));
        await client.ExpectNothingAsync();
    }

    private static async Task<HubClient> ListenAsync(HubServer server, string channel, double? rate)
    {
        var client = await server.ConnectAsync();
        await SubscribeAsync(client, channel, rate);
        return client;
    }

    private static async Task SubscribeAsync(HubClient client, string channel, double? rate, int hasValues = 0)
    {
        await client.SendAsync(FormattableString.Invariant($"{{\"type\":\"subscribe\",\"channel\":\"{channel}\"{(rate is null ? "" : $",\"maxRate\":{rate}")}}}"));
        while ((await client.NextAsync()).GetProperty("type").GetString() != "subscribed")
        {
        }

        for (var i = 0; i < hasValues; i++)
        {
            await client.ExpectAsync("update");
        }

        // A pattern is answered before all its channels were looked at.
        await client.ExpectNothingAsync();
    }

    private static async Task<string> NextAsync(HubClient client)
    {
        var frame = await client.ExpectAsync("update");
        return $"{frame.GetProperty("channel").GetString()} {frame.GetProperty("offset").GetInt64()}";
    }
}
