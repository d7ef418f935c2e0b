using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Tests;

namespace StreamEngine.Sinks.Tests.WebSocket;

/// <summary>
/// What the protocol says of messages, one row a rule; a row is a <see cref="Talk"/>. The rest of the protocol: frames and their limits in
/// <see cref="FramingConformanceTests"/>, the handshake in the host's tests, keys and tokens in <see cref="AuthenticationRulesTests"/>, limits and ends of
/// connections in <see cref="ConnectionRulesTests"/>, slow listeners and no holes between snapshot and stream in <see cref="DeliveryTests"/>, restarts in
/// <see cref="Journal.CleanStateTests"/> and <see cref="Journal.EventLogTests"/>, crashes in the host's tests, what <c>data</c> has in the host's
/// tests of schemas.
/// </summary>
public sealed class ProtocolConformanceTests
{
    private const string Subscribe = """> {"type":"subscribe","channel":"a:1"}""";
    private const string Live = """< {"type":"subscribed","channel":"a:1","epoch":"$epoch","offset":0,"mode":"live"}""";
    private const string Ping = """< {"type":"ping"}""";
    private const string LivePattern = """< {"type":"subscribed","channel":"a:*","epoch":"$epoch","mode":"live"}""";

    private static readonly Dictionary<string, string[]> Rows = new()
    {
        ["The greeting tells the connection, the version and the limits"] = [],
        ["A channel without a value begins at offset 0, live"] = [Subscribe, Live, "+ a:1 {}", """< {"type":"update","channel":"a:1","offset":1,"data":{}}"""],
        ["The id of a message comes back as it was"] =
        [
            """> {"type":"subscribe","id":7,"channel":"a:1"}""", """< {"type":"subscribed","id":7,"channel":"a:1","epoch":"*","offset":0,"mode":"live"}""",
            """> {"type":"unsubscribe","id":"x\"ü","channel":"a:1"}""", """< {"type":"unsubscribed","id":"x\"ü","channel":"a:1"}""",
        ],
        ["After the answer comes the current value, then what is new, with no hole and no repetition"] =
        [
            "+ a:1 1", "+ a:1 2", Subscribe, """< {"type":"subscribed","channel":"a:1","epoch":"$epoch","offset":2,"mode":"snapshot"}""",
            """< {"type":"update","channel":"a:1","offset":2,"data":2}""", "+ a:1 3", """< {"type":"update","channel":"a:1","offset":3,"data":3}""", "=",
        ],
        ["Offsets grow by one with each value and each end"] =
        [
            Subscribe, Live, "+ a:1 1", """< {"type":"update","channel":"a:1","offset":1,"data":1}""", "- a:1", """< {"type":"removed","channel":"a:1","offset":2}""",
            "- a:1 b:1", """< {"type":"alias","channel":"a:1","now":"b:1","offset":3}""", "+ a:1 2", """< {"type":"update","channel":"a:1","offset":4,"data":2}""",
        ],
        ["A channel that has ended has no value for who comes later"] = ["+ a:1 1", "- a:1", Subscribe, """< {"type":"subscribed","channel":"a:1","epoch":"*","offset":2,"mode":"live"}""", "="],
        ["Other channels are not heard"] = [Subscribe, Live, "+ a:2 1", "+ a 1", "+ a:1:1 1", "="],
        ["After unsubscribe nothing more comes"] =
        [
            Subscribe, Live, """> {"type":"unsubscribe","channel":"a:1"}""", """< {"type":"unsubscribed","channel":"a:1"}""", "+ a:1 1", "=",
            """> {"type":"unsubscribe","id":2,"channel":"a:1"}""", """< {"type":"error","id":2,"code":"not_subscribed","message":"*","retry":false}""",
        ],
        ["A player's id and sport are short for the channel"] =
        [
            """> {"type":"subscribe","player_id":"7","sport":"mlb"}""", """< {"type":"subscribed","channel":"player:mlb:7","epoch":"*","offset":0,"mode":"live"}""",
            "+ player:mlb:7 1", """< {"type":"update","channel":"player:mlb:7","offset":1,"data":1}""",
            """> {"type":"subscribe","player_id":8}""", """< {"type":"subscribed","channel":"player:mlb:8","epoch":"*","offset":0,"mode":"live"}""",
        ],
        ["A player whose sport nobody can know yet may be asked for later"] =
        [
            """> {"type":"subscribe","id":1,"player_id":7}""", """< {"type":"error","id":1,"code":"bad_channel","message":"*","retry":true}""",
            "+ player:nhl:8 1", """> {"type":"subscribe","player_id":7}""", """< {"type":"subscribed","channel":"player:nhl:7","epoch":"*","offset":0,"mode":"live"}""",
        ],
        ["The names of channels are read in small and capital letters"] =
        [
            "+ a:1 1", """> {"type":"subscribe","channel":"A:1"}""", """< {"type":"subscribed","channel":"a:1","epoch":"*","offset":1,"mode":"snapshot"}""", """< {"type":"update","channel":"a:1","offset":1,"data":1}""",
            "+ A:1 2", """< {"type":"update","channel":"a:1","offset":2,"data":2}""", """> {"type":"unsubscribe","channel":"a:1"}""", """< {"type":"unsubscribed","channel":"*"}""", "+ a:1 3", "=",
        ],
        ["An id is a number or a short text, and no other comes back"] =
        [
            .. ((string[])["{}", "[1]", "true", $"\"{new string('i', 63)}\""]).SelectMany(i => new[] { $$"""> {"type":"ping","id":{{i}}}""", """< {"type":"error","code":"bad_request","message":"*","retry":false}""" }),
            $$"""> {"type":"shout","id":"{{new string('i', 62)}}"}""", $$"""< {"type":"error","id":"{{new string('i', 62)}}","code":"unknown_type","message":"*","retry":false}""", "=",
        ],
        ["Where nothing is guarded any token is good"] = ["""> {"type":"auth","id":4,"token":"x"}""", """< {"type":"authenticated","id":4}""", Subscribe, Live],
        ["Unknown fields are passed over"] = ["""> {"future":{"a":[1]},"type":"subscribe","channel":"a:1","more":null}""", Live],
        ["Unknown types are answered with an error, and all goes on"] = ["""> {"type":"shout","id":1}""", """< {"type":"error","id":1,"code":"unknown_type","message":"*","retry":false}""", "="],
        ["What is no JSON is answered with an error, and all goes on"] = ["> {", """< {"type":"error","code":"bad_json","message":"*","retry":false}""", "="],
        ["What is no object, or has no type, is answered with an error, and all goes on"] =
        [
            "> []", """< {"type":"error","code":"bad_request","message":"*","retry":false}""", """> {"id":1}""", """< {"type":"error","id":1,"code":"bad_request","message":"*","retry":false}""", "=",
        ],
        ["A channel that can't be is answered with an error, and all goes on"] = ["""> {"type":"subscribe","id":1,"channel":"a:*:1"}""", """< {"type":"error","id":1,"code":"bad_channel","message":"*","retry":false}""", "="],
        ["A place that can't be is answered with an error, and all goes on"] = ["""> {"type":"subscribe","id":1,"channel":"a:1","since":5}""", """< {"type":"error","id":1,"code":"bad_request","message":"*","retry":false}""", "+ a:1 1", "="],
        ["A ping is answered with a pong, a pong with nothing"] = ["""> {"type":"ping"}""", """< {"type":"pong"}""", """> {"type":"pong"}""", "="],
        ["A pattern brings the values of all its channels, and is answered without an offset"] =
        [
            "+ a:1 1", "+ b:1 1", """> {"type":"subscribe","id":1,"channel":"a:*"}""", """< {"type":"subscribed","id":1,"channel":"a:*","epoch":"$epoch","mode":"snapshot"}""",
            """< {"type":"update","channel":"a:1","offset":1,"data":1}""", "=", "+ a:2:x 2", """< {"type":"update","channel":"a:2:x","offset":1,"data":2}""", "+ b:1 2", "+ a 2", "=",
        ],
        ["A pattern without channels is live"] = ["""> {"type":"subscribe","channel":"a:*"}""", LivePattern, "+ a:1 1", """< {"type":"update","channel":"a:1","offset":1,"data":1}"""],
        ["However many subscriptions match, a frame comes once"] =
        [
            """> {"type":"subscribe","channel":"a:*"}""", LivePattern, Subscribe, Live, """> {"type":"subscribe","channel":"*"}""", """< {"type":"subscribed","channel":"*","epoch":"$epoch","mode":"live"}""",
            "+ a:1 1", """< {"type":"update","channel":"a:1","offset":1,"data":1}""", "=",
        ],
        ["Since the current place nothing comes again"] =
        [
            Subscribe, Live, "+ a:1 1", """< {"type":"update","channel":"a:1","offset":1,"data":1}""",
            """> {"type":"subscribe","channel":"a:1","since":{"epoch":"$epoch","offset":1}}""", """< {"type":"subscribed","channel":"a:1","epoch":"$epoch","offset":1,"mode":"recovered"}""", "=",
        ],
        ["Since another epoch the current value comes"] =
        [
            "+ a:1 1", """> {"type":"subscribe","channel":"a:1","since":{"epoch":"other","offset":1}}""",
            """< {"type":"subscribed","channel":"a:1","epoch":"*","offset":1,"mode":"snapshot"}""", """< {"type":"update","channel":"a:1","offset":1,"data":1}""", "=",
        ],
        ["Since a place that was never reached the current value comes"] =
        [
            Subscribe, Live, "+ a:1 1", """< {"type":"update","channel":"a:1","offset":1,"data":1}""", """> {"type":"subscribe","channel":"a:1","since":{"epoch":"$epoch","offset":5}}""",
            """< {"type":"subscribed","channel":"a:1","epoch":"$epoch","offset":1,"mode":"snapshot"}""", """< {"type":"update","channel":"a:1","offset":1,"data":1}""", "=",
        ],
        ["Since an earlier place in the same epoch, what was missed comes again and nothing else"] =
        [
            Subscribe, Live, """> {"type":"unsubscribe","channel":"a:1"}""", """< {"type":"unsubscribed","channel":"a:1"}""", "+ a:1 1", "+ a:1 2", "+ a:1 3",
            """> {"type":"subscribe","channel":"a:1","since":{"epoch":"$epoch","offset":1}}""", """< {"type":"subscribed","channel":"a:1","epoch":"$epoch","offset":3,"mode":"recovered"}""",
            """< {"type":"update","channel":"a:1","offset":2,"data":2}""", """< {"type":"update","channel":"a:1","offset":3,"data":3}""", "=",
        ],
        ["Since before the end of a channel, its end comes again"] =
        [
            Subscribe, Live, "+ a:1 1", """< {"type":"update","channel":"a:1","offset":1,"data":1}""", "- a:1", """< {"type":"removed","channel":"a:1","offset":2}""",
            """> {"type":"subscribe","channel":"a:1","since":{"epoch":"$epoch","offset":1}}""", """< {"type":"subscribed","channel":"a:1","epoch":"$epoch","offset":2,"mode":"recovered"}""",
            """< {"type":"removed","channel":"a:1","offset":2}""", "=",
        ],
        ["Since before its entity went on in another channel, that is told again"] =
        [
            Subscribe, Live, "+ a:1 1", """< {"type":"update","channel":"a:1","offset":1,"data":1}""", "- a:1 b:1", """< {"type":"alias","channel":"a:1","now":"b:1","offset":2}""",
            """> {"type":"subscribe","channel":"a:1","since":{"epoch":"$epoch","offset":1}}""", """< {"type":"subscribed","channel":"a:1","epoch":"$epoch","offset":2,"mode":"recovered"}""",
            """< {"type":"alias","channel":"a:1","now":"b:1","offset":2}""", "=",
        ],
        ["Since before more than history brings, the current value comes"] =
        [
            Subscribe, Live, """> {"type":"unsubscribe","channel":"a:1"}""", """< {"type":"unsubscribed","channel":"a:1"}""", "+ a:1 1", "+ a:1 2", "+ a:1 3", "+ a:1 4",
            """> {"type":"subscribe","channel":"a:1","since":{"epoch":"$epoch","offset":0}}""", """< {"type":"subscribed","channel":"a:1","epoch":"$epoch","offset":4,"mode":"snapshot"}""",
            """< {"type":"update","channel":"a:1","offset":4,"data":4}""", "=",
        ],
        ["Since before history begins, the current value comes"] =
        [
            Subscribe, Live, """> {"type":"unsubscribe","channel":"a:1"}""", """< {"type":"unsubscribed","channel":"a:1"}""", "+ a:1 1", "+ a:1 2", "@ 21", "+ a:1 3",
            """> {"type":"subscribe","channel":"a:1","since":{"epoch":"$epoch","offset":1}}""", """< {"type":"subscribed","channel":"a:1","epoch":"$epoch","offset":3,"mode":"snapshot"}""",
            """< {"type":"update","channel":"a:1","offset":3,"data":3}""", "=",
        ],
        ["Since of a pattern from another epoch is a snapshot"] =
        [
            "+ a:1 1", """> {"type":"subscribe","channel":"a:*","since":{"a:1":{"epoch":"other","offset":1}}}""", """< {"type":"subscribed","channel":"a:*","epoch":"*","mode":"snapshot"}""",
            """< {"type":"update","channel":"a:1","offset":1,"data":1}""", "=",
        ],
        ["Since of a pattern is a map, and channels that are not in it bring their value"] =
        [
            """> {"type":"subscribe","channel":"a:*"}""", LivePattern, "+ a:1 1", """< {"type":"update","channel":"a:1","offset":1,"data":1}""", "+ a:2 1", """< {"type":"update","channel":"a:2","offset":1,"data":1}""",
            """> {"type":"subscribe","channel":"a:*","since":{"a:1":{"epoch":"$epoch","offset":1}}}""", """< {"type":"subscribed","channel":"a:*","epoch":"$epoch","mode":"*"}""",
            """< {"type":"update","channel":"a:2","offset":1,"data":1}""", "=",
        ],
        ["Since of a pattern brings what was missed channel by channel"] =
        [
            """> {"type":"subscribe","channel":"a:*"}""", LivePattern, """> {"type":"unsubscribe","channel":"a:*"}""", """< {"type":"unsubscribed","channel":"a:*"}""", "+ a:1 1", "+ a:1 2", "+ a:1 3",
            """> {"type":"subscribe","channel":"a:*","since":{"a:1":{"epoch":"$epoch","offset":1}}}""", """< {"type":"subscribed","channel":"a:*","epoch":"$epoch","mode":"recovered"}""",
            """< {"type":"update","channel":"a:1","offset":2,"data":2}""", """< {"type":"update","channel":"a:1","offset":3,"data":3}""", "=",
        ],
        ["Subscriptions of a connection are limited"] =
        [
            Subscribe, Live, """> {"type":"subscribe","channel":"a:*"}""", LivePattern, """> {"type":"subscribe","channel":"*"}""", """< {"type":"subscribed","channel":"*","epoch":"$epoch","mode":"live"}""",
            """> {"type":"subscribe","id":1,"channel":"b"}""", """< {"type":"error","id":1,"code":"too_many_subscriptions","message":"*","retry":false}""", Subscribe, Live,
        ],
        ["A most rate may be given with a subscription"] = ["""> {"type":"subscribe","channel":"a:*","maxRate":5}""", LivePattern, "+ a:1 1", """< {"type":"update","channel":"a:1","offset":1,"data":1}"""],
        ["A most rate must be a number above 0"] = [.. ((string[])["0", "-1", "\"5\""]).SelectMany(r => new[] { $$"""> {"type":"subscribe","channel":"a:*","maxRate":{{r}}}""", """< {"type":"error","code":"bad_request","message":"*","retry":false}""" }), "+ a:1 1", "="],
        ["With a most rate values in between are left out, never the last one"] =
        [
            """> {"type":"subscribe","channel":"a:1","maxRate":1}""", Live, "+ a:1 1", """< {"type":"update","channel":"a:1","offset":1,"data":1}""", "+ a:1 2", "+ a:1 3", "+ a:1 4", "=",
            "@ 2", """< {"type":"update","channel":"a:1","offset":4,"data":4}""", "=",
        ],
        ["A most rate holds for each channel of a pattern"] =
        [
            """> {"type":"subscribe","channel":"a:*","maxRate":1}""", LivePattern, "+ a:1 1", """< {"type":"update","channel":"a:1","offset":1,"data":1}""", "+ a:2 1", """< {"type":"update","channel":"a:2","offset":1,"data":1}""",
            "+ a:1 2", "=", "@ 2", """< {"type":"update","channel":"a:1","offset":2,"data":2}""", "=",
        ],
        ["Events are never left out, with a most rate too"] =
        [
            """> {"type":"subscribe","channel":"play:1","maxRate":1}""", """< {"type":"subscribed","channel":"play:1","epoch":"*","offset":0,"mode":"live"}""", "+ play:1 1", "+ play:1 2", "+ play:1 3",
            .. Enumerable.Range(1, 3).Select(i => $$"""< {"type":"update","channel":"play:1","offset":{{i}},"data":{{i}}}"""), "=",
        ],
        ["Of what nothing was heard for long it is told, and when it is fresh again"] =
        [
            "+ a:1 1", "+ play:1 1", """> {"type":"subscribe","channel":"*"}""", """< {"type":"subscribed","channel":"*","epoch":"*","mode":"snapshot"}""",
            """< {"type":"update","channel":"*","offset":1,"data":1}""", """< {"type":"update","channel":"*","offset":1,"data":1}""",
            "@ 25", """< {"type":"status","channel":"a:1","stale":true,"asOf":"2000-01-01T00:00:00.000Z"}""", "=",
            "+ a:1 2", """< {"type":"status","channel":"a:1","stale":false,"asOf":"2000-01-01T00:00:25.000Z"}""", """< {"type":"update","channel":"a:1","offset":2,"data":2}""", "=",
        ],
        ["A value that is stale comes with that"] =
        [
            "+ a:1 1", "@ 25", Subscribe, """< {"type":"subscribed","channel":"a:1","epoch":"*","offset":1,"mode":"snapshot"}""", """< {"type":"update","channel":"a:1","offset":1,"data":1}""",
            """< {"type":"status","channel":"a:1","stale":true,"asOf":"2000-01-01T00:00:00.000Z"}""", "=",
        ],
        ["Who hears nothing for a heartbeat gets a ping, and needs not answer it"] = ["@ 31", Ping, "@ 31", Ping, "="],
        ["A listener that answers no ping of the WebSocket is closed with 4101"] = ["@ 31", Ping, "=", "@ 31", Ping, "@ 31", Ping, "@ 31", Ping, "@ 31", Ping, "@ 29", "x 4101"],
        ["A shutdown brings what is queued, says bye and closes with 4200"] =
        [
            Subscribe, Live, "+ a:1 1", "+ a:1 2", "stop", """< {"type":"update","channel":"a:1","offset":1,"data":1}""", """< {"type":"update","channel":"a:1","offset":2,"data":2}""",
            """< {"type":"bye","code":4200,"retryAfter":"*"}""", "x 4200",
        ],
    };

    public static TheoryData<string> Rules => [.. Rows.Keys];

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task Protocol(string rule)
    {
        var time = new FakeTimeProvider();
        var options = new WebSocketSinkOptions
        {
            MaxSubscriptions = 3,
            Heartbeat = Duration.Seconds(30),
            History = Duration.Seconds(20),
            HistoryCount = 3,
            StaleAfter = Duration.Seconds(25),
            Events = ["play:*"],
        };
        await using var server = await HubServer.StartAsync(options, time);
        await Talk.RunAsync(server, time, Rows[rule]);
    }

    [Fact]
    public async Task An_update_is_the_same_bytes_for_all_who_get_it()
    {
        await using var server = await HubServer.StartAsync();
        var frames = new List<string>();
        server.Publish("a:1", "{\"n\": 1.50}");
        foreach (var message in (string[])["""{"type":"subscribe","id":1,"channel":"a:1"}""", """{"type":"subscribe","channel":"a:*"}""", """{"type":"subscribe","channel":"*","since":{}}"""])
        {
            using var listener = await server.ConnectRawAsync();
            await listener.SendAsync(message);
            await listener.NextAsync();
            frames.Add(Encoding.UTF8.GetString((await listener.NextAsync())!.Payload));
        }

        Assert.Equal("{\"type\":\"update\",\"channel\":\"a:1\",\"offset\":1,\"data\":{\"n\": 1.50}}", Assert.Single(frames.Distinct()));
    }
}
