using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sinks.WebSockets.Access;

namespace StreamEngine.Sinks.Tests.WebSocket.Access;

/// <summary>Good tokens, and what they open.</summary>
public sealed class TokenTests
{
    public static TheoryData<string> Kinds => ["HS256", "RS256", "ES256"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_token_of_each_kind_opens_what_its_claim_says_until_it_expires(string kind)
    {
        var (options, key) = Of(kind);
        var grant = Tokens.Access(options).Admit(Tokens.Make(key, new() { ["sub"] = "ann", ["channels"] = new[] { "player:*", "game:mlb:1" } }));

        Assert.Equal(("ann", Tokens.Now.AddHours(1).AddSeconds(30)), (grant.Name, grant.ExpiresAt));
        Assert.True(grant.Allows(Channel("player:nba:*")));
        Assert.True(grant.Allows(Channel("game:mlb:1")));
        Assert.False(grant.Allows(Channel("game:mlb:2")));
        Assert.True(grant.Bytes > 100);
    }

    [Fact]
    public void Channels_may_stand_in_a_text_and_under_another_name()
    {
        var access = Tokens.Access(Tokens.SecretOptions with { ChannelsClaim = "scope" });
        var grant = access.Admit(Tokens.ByHand("""{"alg":"HS256"}""", Tokens.Payload(",\"channels\":[\"*\"],\"scope\":\"openid  player:mlb:* \"")));

        Assert.True(grant.Allows(Channel("player:mlb:*")));
        Assert.True(grant.Allows(Channel("openid")));
        Assert.False(grant.Allows(Channel("player:*")));
    }

    [Fact]
    public void Without_the_claim_the_options_say_what_it_opens()
    {
        var all = Tokens.Access(Tokens.SecretOptions).Admit(Tokens.Make(Tokens.Hs256));
        Assert.True(all.Allows(Channel("*")));
        Assert.Equal(("token", 0), (all.Name, all.Bytes));
        var some = Tokens.Access(Tokens.SecretOptions with { Channels = ["game:*"] }).Admit(Tokens.Make(Tokens.Hs256));
        Assert.True(some.Allows(Channel("game:*")));
        Assert.False(some.Allows(Channel("*")));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"\"")]
    public void A_claim_that_names_nothing_opens_nothing(string claim) =>
        Assert.False(Tokens.Access(Tokens.SecretOptions).Admit(Tokens.ByHand("""{"alg":"HS256"}""", Tokens.Payload($",\"channels\":{claim}"))).Allows(Channel("game:1")));

    [Theory]
    [InlineData("null", "must be a list of channels")]
    [InlineData("true", "must be a list of channels")]
    [InlineData("{\"a\":\"*\"}", "must be a list of channels")]
    [InlineData("[\"*\",1]", "must be a list of channels")]
    [InlineData("[\"\\ud800\"]", "must be a list of channels")]
    [InlineData("[\"player*\"]", "neither a channel nor a pattern")]
    [InlineData("\"* player*\"", "neither a channel nor a pattern")]
    [InlineData("[\"a b\"]", "neither a channel nor a pattern")]
    public void A_claim_that_makes_no_sense_is_told(string claim, string words) =>
        Assert.Contains(words, Tokens.Access(Tokens.SecretOptions).Refuse(Tokens.ByHand("""{"alg":"HS256"}""", Tokens.Payload($",\"channels\":{claim}"))), StringComparison.Ordinal);

    [Fact]
    public void A_token_names_a_bounded_number_of_channels()
    {
        var access = Tokens.Access(Tokens.SecretOptions);
        var channels = Enumerable.Range(0, 257).Select(i => $"c:{i}").ToArray();

        Assert.True(access.Admit(Tokens.Make(Tokens.Hs256, new() { ["channels"] = channels[..256] })).Allows(Channel("c:255")));
        Assert.Contains("more than 256 channels", access.Refuse(Tokens.Make(Tokens.Hs256, new() { ["channels"] = channels })), StringComparison.Ordinal);
    }

    [Fact]
    public void It_begins_and_ends_by_the_clock_that_was_given_with_the_skew_on_both_sides()
    {
        var time = new FakeTimeProvider(Tokens.Now);
        var access = Tokens.Access(Tokens.SecretOptions with { ClockSkew = Duration.Seconds(10) }, time);
        var token = Tokens.Make(Tokens.Hs256, change: t => (t.NotBefore, t.Expires) = (Tokens.Now.UtcDateTime.AddSeconds(11), Tokens.Now.UtcDateTime.AddSeconds(60)));

        Assert.Equal("The token is not valid before 2026-04-01T18:00:11Z ('nbf').", access.Refuse(token));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Tokens.Now.AddSeconds(70), access.Admit(token).ExpiresAt);
        time.Advance(TimeSpan.FromSeconds(68.999));
        Assert.True(access.Admit(token).ExpiresAt > time.GetUtcNow());
        time.Advance(TimeSpan.FromSeconds(0.001));
        Assert.Equal("The token expired at 2026-04-01T18:01:00Z; bring a new one.", access.Refuse(token));
    }

    [Fact]
    public void One_that_lasts_longer_than_time_does_is_admitted()
    {
        var grant = Tokens.Access(Tokens.SecretOptions).Admit(Tokens.ByHand("""{"alg":"HS256"}""", Tokens.Payload(exp: 300_000_000_000)));
        Assert.Equal(DateTimeOffset.MaxValue.Year, grant.ExpiresAt!.Value.Year);
    }

    [Fact]
    public void One_of_several_audiences_suffices() =>
        Tokens.Access(Tokens.SecretOptions).Admit(Tokens.ByHand("""{"alg":"HS256"}""", Tokens.Payload().Replace("\"scores\"", "[\"mail\",\"scores\"]", StringComparison.Ordinal)));

    [Fact]
    public void A_name_for_the_logs_is_short_and_stays_on_its_line()
    {
        var name = Tokens.Access(Tokens.SecretOptions).Admit(Tokens.Make(Tokens.Hs256, new() { ["sub"] = "a\nb\u001b[31m" + new string('x', 200) })).Name;
        Assert.StartsWith("ab[31mxxx", name, StringComparison.Ordinal);
        Assert.Equal(64, name.Length);
    }

    [Fact]
    public void Many_threads_may_share_it() => Parallel.ForEach(Kinds.Select(k => k.Data).SelectMany(k => Enumerable.Repeat(Of(k), 4)), kind =>
    {
        var access = Tokens.Access(kind.Options);
        var (good, bad) = (Tokens.Make(kind.Key), Tokens.Make(kind.Key)[..^6] + "AAAAAA");
        Parallel.For(0, 100, i => Assert.Equal(i % 2 == 0, access.TryAdmit(i % 2 == 0 ? good : bad, out _, out _)));
    });

    private static (ListenerTokenOptions Options, SigningCredentials Key) Of(string kind) => kind switch
    {
        "HS256" => (Tokens.SecretOptions, Tokens.Hs256),
        "RS256" => (Tokens.RsaOptions, Tokens.Rs256),
        _ => (Tokens.CurveOptions, Tokens.Es256),
    };

    private static ChannelName Channel(string text) => ChannelName.Parse(text, out _)!;
}
