using System.Text;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Tests;

namespace StreamEngine.Sinks.Tests.WebSocket;

/// <summary>What listeners send, broken in every way.</summary>
public sealed class ClientMessageFuzzTests
{
    private static readonly byte[][] Good =
    [
        .. new[]
        {
            """{"type":"subscribe","id":1,"channel":"player:*"}""",
            """{"type":"subscribe","id":"é\u0041","channel":"player:mlb:660271","since":{"epoch":"mwudu3zh","offset":17}}""",
            """{"type":"subscribe","id":7,"channel":"game:mlb:*","since":{"game:mlb:1":{"epoch":"a","offset":1},"game:mlb:2":{"epoch":"a","offset":9223372036854775807}}}""",
            """{"type":"subscribe","player_id":"660271","sport":"mlb"}""",
            """{"type":"unsubscribe","id":3,"channel":"player:*"}""",
            """{"type":"ping","id":4}""",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public void Messages_are_read_or_refused_with_a_reason() => Fuzz.Run(Good, text =>
        ClientMessage.TryRead(text, () => "mlb", out _, out var error) ? null : Encoding.UTF8.GetString(error.Json));
}
