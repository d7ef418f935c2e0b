using CsCheck;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Sinks.WebSockets.Access;

namespace StreamEngine.Sinks.Tests.WebSocket.Access;

public sealed class ChannelScopeTests
{
    [Theory]
    [InlineData("*", "*", true)]
    [InlineData("*", "anything", true)]
    [InlineData("player:*", "player:mlb:1", true)]
    [InlineData("player:*", "player:mlb:*", true)]
    [InlineData("player:*", "player:*", true)]
    [InlineData("Player:*", "pLAYER:mlb:1", true)]
    [InlineData("player:*", "*", false)]
    [InlineData("player:*", "player", false)]
    [InlineData("player:*", "players:1", false)]
    [InlineData("player:mlb:*", "player:*", false)]
    [InlineData("player:mlb:*", "player:mlb", false)]
    [InlineData("player:mlb:1", "player:MLB:1", true)]
    [InlineData("player:mlb:1", "player:mlb:11", false)]
    [InlineData("player:mlb:1", "player:mlb:1:x", false)]
    [InlineData("player:mlb:1", "player:mlb:*", false)]
    [InlineData("player:", "player:*", false)]
    [InlineData("player:", "player:1", false)]
    public void A_pattern_needs_all_that_it_can_match(string scope, string channel, bool covered) =>
        Assert.Equal(covered, ChannelScope.Of([scope]).Covers(ChannelName.Parse(channel, out _)!));

    [Fact]
    public void Whatever_a_covered_pattern_matches_is_covered_and_what_is_not_covered_was_not_given()
    {
        var segment = Gen.Int[0, 4].Select(i => ((string[])["a", "A", "b", "", "aa"])[i]);
        var channel = segment.Array[1, 4].Select(s => string.Join(':', s)).Where(t => t.Length > 0);
        var pattern = segment.Array[0, 3].Select(s => string.Concat(s.Select(p => p + ":")) + "*");
        Gen.Select(Gen.OneOf(channel, pattern).Array[0, 4], Gen.OneOf(channel, pattern), segment).Sample((scope, asked, more) =>
        {
            var isPattern = asked.EndsWith('*');
            var expected = scope.Any(s => s.EndsWith('*')
                ? asked.TrimEnd('*').StartsWith(s[..^1], StringComparison.OrdinalIgnoreCase)
                : !isPattern && s.Equals(asked, StringComparison.OrdinalIgnoreCase));
            var covers = ChannelScope.Of(scope);
            var one = isPattern ? asked[..^1] + more + ":x" : asked;
            return covers.Covers(ChannelName.Parse(asked, out _)!) == expected && (!expected || covers.Covers(ChannelName.Parse(one, out _)!));
        });
    }

    [Fact]
    public void What_it_takes_of_memory_grows_with_its_channels()
    {
        Assert.True(ChannelScope.Of([]).Bytes > 0);
        Assert.True(ChannelScope.Of([.. Enumerable.Range(0, 256).Select(i => $"player:mlb:{i}")]).Bytes is > 256 * 60 and < 256 * 200);
    }
}
