using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.Tests.WebSocket.Access;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sinks.WebSockets.Access;

namespace StreamEngine.Sinks.Tests.WebSocket;

/// <summary>
/// What the protocol says of keys and tokens in messages, one row a rule; a row is a <see cref="Talk"/>. <c>$desk</c> is a key that opens all,
/// <c>$lobby</c> one that opens games, <c>$minute</c> and <c>$hour</c> are tokens that open all so long and 5 seconds more, <c>$players</c> one that opens
/// players, <c>$old</c> one that has expired, <c>$other</c> one of another issuer, <c>$broken</c> one whose signature does not fit.
/// </summary>
public sealed class AuthenticationRulesTests
{
    private const string Desk = """> {"type":"auth","token":"$desk"}""";
    private const string Lobby = """> {"type":"auth","token":"$lobby"}""";
    private const string Good = """< {"type":"authenticated"}""";
    private const string Minute = """> {"type":"auth","token":"$minute"}""";
    private const string GoodForAMinute = """< {"type":"authenticated","expires":"2026-04-01T18:01:05.000Z"}""";
    private const string GoodForAnHour = """< {"type":"authenticated","expires":"2026-04-01T19:00:05.000Z"}""";
    private const string Refused = """< {"type":"error","code":"not_authenticated","message":"*","retry":false}""";
    private const string Ping = """< {"type":"ping"}""";
    private const string Expired = """< {"type":"bye","code":4201,"retryAfter":"*"}""";
    private const string SubscribePlayer = """> {"type":"subscribe","channel":"player:1"}""";
    private const string SubscribeGames = """> {"type":"subscribe","channel":"game:*"}""";
    private const string LivePlayer = """< {"type":"subscribed","channel":"player:1","epoch":"*","offset":0,"mode":"live"}""";
    private const string LiveGames = """< {"type":"subscribed","channel":"game:*","epoch":"*","mode":"live"}""";

    private static readonly ListenerAccessOptions Access = new()
    {
        Keys = new Dictionary<string, ListenerKeyOptions>
        {
            ["desk"] = new() { Key = "0123456789abcdef-desk" },
            ["lobby"] = new() { Key = "0123456789abcdef-lobby", Channels = ["game:*"] },
        },
        Jwt = Tokens.SecretOptions with { ClockSkew = Duration.Seconds(5) },
    };

    private static readonly Dictionary<string, string> Credentials = new()
    {
        ["desk"] = Access.Keys["desk"].Key,
        ["lobby"] = Access.Keys["lobby"].Key,
        ["minute"] = Tokens.Make(Tokens.Hs256, change: t => t.Expires = Tokens.Now.UtcDateTime.AddMinutes(1)),
        ["hour"] = Tokens.Make(Tokens.Hs256),
        ["players"] = Tokens.Make(Tokens.Hs256, new() { ["channels"] = "player:*" }),
        ["old"] = Tokens.Make(Tokens.Hs256, change: t => t.Expires = Tokens.Now.UtcDateTime.AddMinutes(-1)),
        ["other"] = Tokens.Make(Tokens.Hs256, change: t => t.Issuer = "https://evil.example"),
        ["broken"] = Tokens.ByHand("{\"alg\":\"HS256\"}", Tokens.Payload(), "another secret of thirty-two bytes"u8.ToArray()),
    };

    private static readonly Dictionary<string, string[]> Rows = new()
    {
        ["A key is good for ever"] = ["""> {"type":"auth","id":4,"token":"$desk"}""", """< {"type":"authenticated","id":4}""", "@ 31", Ping, "=", "@ 31", Ping, "=", SubscribePlayer, LivePlayer, "="],
        ["A token is good until it ends, and it is told when that is"] = ["""> {"type":"auth","id":"x","token":"$hour"}""", """< {"type":"authenticated","id":"x","expires":"2026-04-01T19:00:05.000Z"}""", SubscribePlayer, LivePlayer, "="],
        ["Before that nothing is open, and all goes on"] =
        [
            """> {"type":"subscribe","id":1,"channel":"game:1"}""", """< {"type":"error","id":1,"code":"not_authenticated","message":"*","retry":false}""", "+ game:1 1", "=", Desk, Good,
            """> {"type":"subscribe","channel":"game:1"}""", """< {"type":"subscribed","channel":"game:1","epoch":"*","offset":1,"mode":"snapshot"}""", """< {"type":"update","channel":"game:1","offset":1,"data":1}""",
        ],
        ["Who shows nothing in time is closed with 4001"] = ["@ 9", "=", "@ 1", Refused, "x 4001"],
        ["What a key does not open is forbidden, and all goes on"] =
        [
            Lobby, Good, """> {"type":"subscribe","id":1,"channel":"player:1"}""", """< {"type":"error","id":1,"code":"forbidden","message":"*","retry":false}""",
            """> {"type":"subscribe","channel":"*"}""", """< {"type":"error","code":"forbidden","message":"*","retry":false}""", SubscribeGames, LiveGames, "+ player:1 1", "+ game:1 1", """< {"type":"update","channel":"game:1","offset":1,"data":1}""", "=",
        ],
        ["What a token does not open is forbidden, and all goes on"] =
        [
            """> {"type":"auth","token":"$players"}""", GoodForAnHour, SubscribeGames, """< {"type":"error","code":"forbidden","message":"*","retry":false}""", SubscribePlayer, LivePlayer, "=",
        ],
        ["What is neither key nor token is told, and closed with 4001"] = ["""> {"type":"auth","id":4,"token":"0123456789abcdef"}""", """< {"type":"error","id":4,"code":"not_authenticated","message":"*","retry":false}""", "x 4001"],
        ["A token of another issuer is told, and closed with 4001"] = ["""> {"type":"auth","token":"$other"}""", Refused, "x 4001"],
        ["A token whose signature does not fit is told, and closed with 4001"] = ["""> {"type":"auth","token":"$broken"}""", Refused, "x 4001"],
        ["A token that has expired is told, and closed with 4001"] = ["""> {"type":"auth","token":"$old"}""", Refused, "x 4001"],
        ["A wrong one ends a connection that had a good one"] = [Desk, Good, SubscribePlayer, LivePlayer, """> {"type":"auth","token":"$broken"}""", Refused, "x 4001"],
        ["No token, or none that is a text, is answered with an error, and all goes on"] =
        [
            """> {"type":"auth","id":4}""", """< {"type":"error","id":4,"code":"bad_request","message":"*","retry":false}""", """> {"type":"auth","token":5}""", """< {"type":"error","code":"bad_request","message":"*","retry":false}""", "=",
        ],
        ["When the token ends so does the connection, with bye and 4201"] = [Minute, GoodForAMinute, SubscribePlayer, LivePlayer, "@ 31", Ping, "@ 29", "=", "@ 4", "=", "@ 1", Expired, "x 4201"],
        ["A new token keeps the connection past the end of the first, and its subscriptions"] =
        [
            Minute, GoodForAMinute, SubscribePlayer, LivePlayer, "@ 31", Ping, """> {"type":"auth","token":"$hour"}""", GoodForAnHour, "@ 31", Ping, "=", "@ 31", Ping, "=",
            "+ player:1 1", """< {"type":"update","channel":"player:1","offset":1,"data":1}""", "=",
        ],
        ["A new token that ends sooner ends the connection sooner"] = ["""> {"type":"auth","token":"$hour"}""", GoodForAnHour, Minute, GoodForAMinute, "@ 31", Ping, "@ 29", "=", "@ 5", Expired, "x 4201"],
        ["A key keeps the connection past the end of the token"] = [Minute, GoodForAMinute, Desk, Good, "@ 31", Ping, "=", "@ 31", Ping, "=", "@ 31", Ping, "="],
        ["What the new one opens besides may be subscribed to"] = [Lobby, Good, SubscribePlayer, """< {"type":"error","code":"forbidden","message":"*","retry":false}""", Desk, Good, SubscribePlayer, LivePlayer],
        ["Subscriptions that the new one does not open end, and that is told"] =
        [
            Desk, Good, SubscribePlayer, LivePlayer, SubscribeGames, LiveGames, Lobby, Good, """< {"type":"error","channel":"player:1","code":"forbidden","message":"*","retry":false}""",
            "+ player:1 1", "=", "+ game:1 1", """< {"type":"update","channel":"game:1","offset":1,"data":1}""", """> {"type":"unsubscribe","channel":"player:1"}""", """< {"type":"error","code":"not_subscribed","message":"*","retry":false}""",
        ],
        ["A pattern that the new one opens in part ends as a whole"] =
        [
            Desk, Good, """> {"type":"subscribe","channel":"*"}""", """< {"type":"subscribed","channel":"*","epoch":"*","mode":"live"}""", Lobby, Good, """< {"type":"error","channel":"*","code":"forbidden","message":"*","retry":false}""", "+ game:1 1", "=",
        ],
        ["What waits for its time is not sent any more when the new one does not open it"] =
        [
            Desk, Good, """> {"type":"subscribe","channel":"player:1","maxRate":0.1}""", LivePlayer, "+ player:1 1", """< {"type":"update","channel":"player:1","offset":1,"data":1}""", "+ player:1 2",
            Lobby, Good, """< {"type":"error","channel":"player:1","code":"forbidden","message":"*","retry":false}""", "@ 11", "=",
        ],
    };

    public static TheoryData<string> Rules => [.. Rows.Keys];

    [Theory]
    [MemberData(nameof(Rules))]
    public Task Authentication(string rule) => TalkAsync(Access, Rows[rule]);

    [Fact]
    public Task What_is_anonymous_is_open_without_key_or_token_and_for_as_long_as_one_likes() => TalkAsync(
        Access with { Anonymous = ["game:*"] },
        SubscribeGames,
        LiveGames,
        SubscribePlayer,
        Refused,
        "@ 31",
        Ping,
        "+ game:1 1",
        """< {"type":"update","channel":"game:1","offset":1,"data":1}""",
        "=");

    private static async Task TalkAsync(ListenerAccessOptions access, params string[] steps)
    {
        var time = new FakeTimeProvider(Tokens.Now);
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { Auth = access, Heartbeat = Duration.Seconds(30) }, time);
        await Talk.RunAsync(server, time, steps, Credentials);
    }
}
