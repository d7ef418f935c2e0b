using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Keys;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sinks.WebSockets.Access;

namespace StreamEngine.Sinks.Tests.WebSocket.Access;

/// <summary>Keys, and what holds without any.</summary>
public sealed class ListenerAccessTests
{
    private const string Desk = "0123456789abcdef-desk";
    private const string Lobby = "0123456789abcdef-lobby";

    private static readonly ListenerAccessOptions TwoKeys = new()
    {
        Keys = new Dictionary<string, ListenerKeyOptions>
        {
            ["desk"] = new() { Key = Desk },
            ["lobby"] = new() { Key = Lobby, Channels = ["game:*"] },
        },
    };

    [Fact]
    public void Without_auth_everybody_reads_everything_and_any_credential_will_do()
    {
        foreach (var access in (ListenerAccess[])[ListenerAccess.Open, new ListenerAccess(null, TimeProvider.System)])
        {
            Assert.True(access.IsOpen);
            Assert.Equal(Timeout.InfiniteTimeSpan, access.Anonymous.Within);
            Assert.True(access.Anonymous.Allows(Channel("*")));
            Assert.True(access.Admit(new string('x', 100_000)).Allows(Channel("*")));
            Assert.Null(access.Admit("").ExpiresAt);
        }
    }

    [Fact]
    public void A_key_opens_its_channels_and_no_others_and_never_ends()
    {
        var access = new ListenerAccess(TwoKeys, TimeProvider.System);

        Assert.False(access.IsOpen);
        Assert.Equal(("desk", null), (access.Admit(Desk).Name, access.Admit(Desk).ExpiresAt));
        Assert.True(access.Admit(Desk).Allows(Channel("*")));
        var lobby = access.Admit(Lobby);
        Assert.Equal(("lobby", null, 0), (lobby.Name, lobby.ExpiresAt, lobby.Bytes));
        Assert.True(lobby.Allows(Channel("game:mlb:1")));
        Assert.False(lobby.Allows(Channel("player:mlb:1")));
        Assert.False(lobby.Allows(Channel("*")));
    }

    [Fact]
    public void What_everybody_may_read_a_key_opens_too()
    {
        var lobby = new ListenerAccess(TwoKeys with { Anonymous = ["news:*"] }, TimeProvider.System).Admit(Lobby);
        Assert.True(lobby.Allows(Channel("news:1")));
        Assert.True(lobby.Allows(Channel("game:mlb:1")));
        Assert.False(lobby.Allows(Channel("player:mlb:1")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0123456789abcdef-des")]
    [InlineData("0123456789abcdef-desk ")]
    [InlineData("0123456789abcdef-Desk")]
    [InlineData("0123456789abcdef-\ud800")]
    [InlineData("eyJhbGciOiJub25lIn0.e30.")]
    public void What_is_no_key_opens_nothing(string credential) => new ListenerAccess(TwoKeys, TimeProvider.System).Refuse(credential);

    [Fact]
    public void A_key_opens_its_channels_beside_tokens_too()
    {
        var access = new ListenerAccess(TwoKeys with { Jwt = Tokens.SecretOptions }, new FakeTimeProvider(Tokens.Now));

        Assert.Equal("desk", access.Admit(Desk).Name);
        Assert.Equal("ann", access.Admit(Tokens.Make(Tokens.Hs256, new() { ["sub"] = "ann" })).Name);
        Assert.StartsWith("This is neither a key", access.Refuse(Desk + "x"), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_credential_only_what_is_anonymous_may_be_read()
    {
        var closed = new ListenerAccess(TwoKeys with { Within = Duration.Seconds(3) }, TimeProvider.System);
        Assert.Equal(TimeSpan.FromSeconds(3), closed.Anonymous.Within);
        Assert.False(closed.Anonymous.Allows(Channel("game:mlb:1")));

        var ajar = new ListenerAccess(TwoKeys with { Anonymous = ["game:*", "news"] }, TimeProvider.System);
        Assert.Equal(Timeout.InfiniteTimeSpan, ajar.Anonymous.Within);
        Assert.True(ajar.Anonymous.Allows(Channel("GAME:mlb:1")));
        Assert.True(ajar.Anonymous.Allows(Channel("news")));
        Assert.False(ajar.Anonymous.Allows(Channel("player:*")));
    }

    [Fact]
    public void What_a_request_brings_stands_in_either_header()
    {
        Assert.Equal([Desk, Lobby], Brought(("Authorization", $"bearer  {Desk} "), ("X-API-Key", Lobby)));
        Assert.Equal([Lobby], Brought(("Authorization", "Basic YTpi"), ("X-API-Key", Lobby)));
        Assert.Empty(Brought(("Authorization", "Bearer ")));
    }

    private static IEnumerable<string> Brought(params (string Name, string Value)[] headers)
    {
        var request = new DefaultHttpContext().Request;
        foreach (var (name, value) in headers)
        {
            request.Headers[name] = value;
        }

        return Credentials.Of(request);
    }

    private static ChannelName Channel(string text) => ChannelName.Parse(text, out _)!;
}
