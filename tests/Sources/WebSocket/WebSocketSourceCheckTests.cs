using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;
using StreamEngine.Sources.WebSockets;

namespace StreamEngine.Sources.Tests.WebSockets;

public sealed class WebSocketSourceCheckTests
{
    private static CheckList Check(WebSocketSourceOptions options, string address = "wss://stream.example")
    {
        var check = new CheckList("live", new PipelineOptions
        {
            Providers = new Dictionary<string, ProviderOptions> { ["p"] = new() { BaseUrl = address } },
            Sources = new Dictionary<string, SourceOptions> { ["live"] = options },
        });
        SourceTypes.All.Single(t => t.Name == "websocket").Check(options with { Provider = "p" }, check);
        return check;
    }

    [Fact]
    public void What_is_right_is_not_complained_about()
    {
        var check = Check(new WebSocketSourceOptions
        {
            Request = "/v1?day={today:America/New_York}",
            Subscribe = SocketBench.Messages("\"SUB { x\"", """{"a":["{today}","{sequence}"]}"""),
            When = "type == 'update' and not exists(error)",
            Heartbeat = new HeartbeatOptions { Every = Duration.Seconds(30), Send = SocketBench.Json("\"ping\"") },
            Reply = [new ReplyOptions { When = "@ == 'ping'", Send = SocketBench.Json("""{"id":"{$.id}"}""") }],
            Sequence = new SequenceOptions { Path = "$.meta.n" },
            Resume = new ResumeOptions { Send = SocketBench.Messages("""["{sequence}"]"""), Refused = "exists(error)" },
        });

        Assert.Empty(check.Errors);
        Assert.Empty(check.Warnings);
    }

    [Fact]
    public void Paths_that_never_find_anything_are_told_where_they_stand()
    {
        const string Never = "$.a[?@.b < true]";
        var check = Check(new WebSocketSourceOptions { When = $"exists({Never})", Sequence = new SequenceOptions { Path = Never } });
        Assert.Empty(check.Errors);
        Assert.Equal(["sequence.path", "when"], check.Warnings.Select(w => w[..w.IndexOf(": ", StringComparison.Ordinal)]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_is_asked_after_a_gap_are_http_sources()
    {
        var options = new WebSocketSourceOptions { Provider = "p", Resync = ["snapshot", "games", "live"] };
        var check = new CheckList("live", new PipelineOptions
        {
            Providers = new Dictionary<string, ProviderOptions> { ["p"] = new() { BaseUrl = "wss://stream.example", Auth = new AuthOptions { Token = new TokenOptions() } } },
            Sources = new Dictionary<string, SourceOptions> { ["live"] = options, ["games"] = new HttpSourceOptions() },
        });
        SourceTypes.All.Single(t => t.Name == "websocket").Check(options, check);

        Assert.Equal(
            ["resync[0]: there is no source 'snapshot'; name one of 'games'", "resync[2]: source 'live' is not of type http, and only those can be asked; name one of 'games'"],
            check.Errors);
    }

    [Fact]
    public void Everything_that_is_wrong_is_reported_at_once()
    {
        var check = Check(
            new WebSocketSourceOptions
            {
                Request = "/v1/{gamePk}",
                Subscribe = SocketBench.Messages("""{"a":"{channel}"}""", """["{today"]""", """{"a":"{today:Mars}"}"""),
                When = "type = 'update'",
                Heartbeat = new HeartbeatOptions { Every = Duration.Seconds(90), Send = SocketBench.Json("""{"a":"{id}"}""") },
                Reply = [new ReplyOptions { When = "^.type == 'ping'", Send = SocketBench.Json("""{"id":"{a..}"}""") }, new ReplyOptions { When = "x ==", Send = SocketBench.Json("""{"id":"{@key}"}""") }],
                Sequence = new SequenceOptions { Path = "n[", Key = "@key" },
                Resume = new ResumeOptions { Send = SocketBench.Messages("""{"a":"{x}"}""") },
            },
            "demo:livewire");

        Assert.Equal(
            [
                "request", "provider", "subscribe[0]", "subscribe[1]", "subscribe[2]", "resume.send", "when",
                "reply[0].when", "reply[0].send", "reply[1].when", "reply[1].send", "heartbeat.send", "sequence.path", "sequence.key", "sequence.key",
            ],
            check.Errors.Select(e => e[..e.IndexOf(':')]));
        Assert.Contains("subscribe[0]: '{channel}' is not known; known: {today}, {sequence}", check.Errors);
        Assert.Contains("provider: 'p' is a built-in demo provider, which has no WebSocket; name another one", check.Errors);
        Assert.StartsWith("silence: a heartbeat is sent every 90s and the connection is given up after 1m without", Assert.Single(check.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_whole_url_and_a_resume_without_a_sequence_are_refused()
    {
        var check = Check(new WebSocketSourceOptions { Request = "wss://other.example/v1", Resume = new ResumeOptions { Send = SocketBench.Messages("[]") } });

        Assert.Equal(["request", "resume"], check.Errors.Select(e => e[..e.IndexOf(':')]));
    }

    [Theory]
    [InlineData("http://h.example:81/base/", "/v1?x=1", "ws://h.example:81/base/v1?x=1")]
    [InlineData("https://h.example", "v1", "wss://h.example/v1")]
    [InlineData("ws://h.example/base", "", "ws://h.example/base")]
    [InlineData("wss://h.example", "", "wss://h.example/")]
    public void Http_addresses_stand_for_websockets(string address, string request, string expected) =>
        Assert.Equal(expected, WebSocketConnection.UrlOf(address, new RequestTemplate(request), DateTimeOffset.UtcNow).AbsoluteUri);
}
