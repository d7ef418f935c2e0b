using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Host.Api;
using StreamEngine.Pipeline.Records;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sinks.WebSockets.Access;

namespace StreamEngine.Host.Tests;

/// <summary>The list of channels, behind a real server.</summary>
public sealed class ChannelEndpointTests
{
    private static readonly RecordSchema Schema = new(
        [
            new RecordType("player", 0, [new FieldInfo { Name = "hits", Slot = 0, Type = FieldType.Int }], []),
            new RecordType("play", 1, [], []),
        ],
        []);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Channels_are_listed_by_name_with_the_schemas_of_what_comes()
    {
        var list = new FakeList([new("player:mlb:2", "state", "player", "k3", 7), new("player:mlb:1", "state", "player", "k3", 1), new("play:mlb:9", "event", "play", "k2", 118)]);

        var (status, body) = await AskAsync(list, "");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            """{"channels":[{"channel":"play:mlb:9","kind":"event","type":"play","offset":118,"epoch":"k2"},{"channel":"player:mlb:1","kind":"state","type":"player","offset":1,"epoch":"k3"},{"channel":"player:mlb:2","kind":"state","type":"player","offset":7,"epoch":"k3"}],"truncated":false,"schemas":{"player":{"$schema":""",
            body.GetRawText()[..body.GetRawText().IndexOf("\"https:", StringComparison.Ordinal)]);
        Assert.Equal(["channels", "truncated", "schemas", "timestamp"], body.EnumerateObject().Select(p => p.Name));
        var schemas = body.GetProperty("schemas");
        Assert.Equal(["player", "play"], schemas.EnumerateObject().Select(p => p.Name));
        Assert.Equal(DataSchema.Of(Schema.Types[0]).ToJsonString(), JsonSerializer.Serialize(schemas.GetProperty("player")));
        Assert.Equal("2026-04-01T18:00:00+00:00", body.GetProperty("timestamp").GetString());
        Assert.Equal(("", 101), list.Asked);
    }

    [Fact]
    public async Task The_list_is_cut_at_its_limit_and_says_so()
    {
        var list = new FakeList([.. Enumerable.Range(0, 1500).Select(i => new ChannelInfo($"player:mlb:{i:0000}", "state", "player", "k", i))]);

        Assert.Equal((100, true), await CountAsync("?prefix=player"));
        Assert.Equal((1, true), await CountAsync("?limit=1"));
        Assert.Equal((1000, true), await CountAsync("?limit=1000"));
        Assert.Equal((10, false), await CountAsync("?prefix=player:mlb:123&limit=10"));
        Assert.Equal(("player:mlb:123", 11), list.Asked);
        Assert.Equal((10, false), await CountAsync("?prefix=Player%3AMLB%3A123"));
        Assert.Equal((0, false), await CountAsync("?prefix=game:"));

        async Task<(int Count, bool Truncated)> CountAsync(string query)
        {
            var (_, body) = await AskAsync(list, query);
            return (body.GetProperty("channels").GetArrayLength(), body.GetProperty("truncated").GetBoolean());
        }
    }

    [Theory]
    [InlineData("?limit=0", "bad_limit")]
    [InlineData("?limit=1001", "bad_limit")]
    [InlineData("?limit=-1", "bad_limit")]
    [InlineData("?limit=ten", "bad_limit")]
    [InlineData("?limit=", "bad_limit")]
    [InlineData("?limit=99999999999", "bad_limit")]
    [InlineData("?limit=1&limit=2", "bad_limit")]
    [InlineData("?prefix=player:*", "bad_prefix")]
    [InlineData("?prefix=a%00b", "bad_prefix")]
    public async Task What_makes_no_sense_is_told(string query, string code)
    {
        var list = new FakeList([]);

        var (status, body) = await AskAsync(list, query);

        Assert.Equal((HttpStatusCode.BadRequest, code, null), (status, body.GetProperty("code").GetString(), list.Asked));
    }

    [Fact]
    public async Task A_prefix_is_no_longer_than_a_channel()
    {
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(new FakeList([]), "?prefix=" + new string('x', 256))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync(new FakeList([]), "?prefix=" + new string('x', 257))).Status);
    }

    [Fact]
    public async Task Who_asks_sees_the_channels_that_are_open_to_it_by_the_config_as_it_is_now()
    {
        const string Desk = "0123456789abcdef-desk";
        const string Lobby = "0123456789abcdef-lobby";
        await using var hub = new ListenerHub(TimeProvider.System, new Random(7), NullLoggerFactory.Instance);
        foreach (var channel in (string[])["player:mlb:1", "player:mlb:2", "game:mlb:9"])
        {
            hub.Publish(Encoding.UTF8.GetBytes(channel), "1"u8);
        }

        await using var app = await ServeAsync(hub, c => hub.Admit(c.Request, out _)!);
        Assert.Equal(["game:mlb:9", "player:mlb:1", "player:mlb:2"], await ChannelsAsync(null));
        hub.Configure(new WebSocketSinkOptions
        {
            Auth = new()
            {
                Keys = new Dictionary<string, ListenerKeyOptions> { ["desk"] = new() { Key = Desk }, ["lobby"] = new() { Key = Lobby, Channels = ["player:mlb:2", "game:nba:*"] } },
                Anonymous = ["game:*"],
            },
        });
        Assert.Equal(["game:mlb:9"], await ChannelsAsync(null));
        Assert.Equal(["game:mlb:9", "player:mlb:2"], await ChannelsAsync(Lobby));
        Assert.Equal(["game:mlb:9", "player:mlb:1", "player:mlb:2"], await ChannelsAsync(Desk));

        async Task<string?[]> ChannelsAsync(string? key)
        {
            using var client = new HttpClient();
            client.DefaultRequestHeaders.Add("X-API-Key", key ?? "");
            var body = await client.GetFromJsonAsync<JsonElement>(new Uri($"{app.Urls.Single()}{ApiRoutes.Base}/channels"), Cancel);
            return [.. body.GetProperty("channels").EnumerateArray().Select(c => c.GetProperty("channel").GetString())];
        }
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(FakeList list, string query)
    {
        await using var hub = new ListenerHub(TimeProvider.System, new Random(7), NullLoggerFactory.Instance);
        await using var app = await ServeAsync(list, c => hub.Admit(c.Request, out _)!);
        using var client = new HttpClient();
        using var response = await client.GetAsync(new Uri($"{app.Urls.Single()}{ApiRoutes.Base}/channels{query}"), Cancel);
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(Cancel));
    }

    private static async Task<WebApplication> ServeAsync(IChannelList list, Func<HttpContext, Admission> admissionOf)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        ChannelEndpoints.Map(app.MapGroup(ApiRoutes.Base), list, Schema, new FakeTimeProvider(new DateTimeOffset(2026, 4, 1, 18, 0, 0, TimeSpan.Zero)), admissionOf);
        await app.StartAsync(Cancel);
        return app;
    }

    private sealed class FakeList(IReadOnlyList<ChannelInfo> all) : IChannelList
    {
        public (string Prefix, int Limit)? Asked { get; private set; }

        public IEnumerable<ChannelInfo> Channels(string prefix, int limit)
        {
            Asked = (prefix, limit);
            return all.Where(c => c.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)).Take(limit);
        }
    }
}
