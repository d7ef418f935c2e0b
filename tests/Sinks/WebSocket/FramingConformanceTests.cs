using System.Text;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Tests;
using static StreamEngine.Tests.ClientFrame;

namespace StreamEngine.Sinks.Tests.WebSocket;

/// <summary>What RFC 6455 demands of a server, one row a rule, against a listener that sends bytes by hand.</summary>
public sealed class FramingConformanceTests(FramingConformanceTests.Shared shared) : IClassFixture<FramingConformanceTests.Shared>
{
    private const int MaxMessage = 4096;
    private const int ProtocolError = 1002;
    private const int InvalidData = 1007;
    private const int TooBig = 1009;
    private const int NoCode = 1005;
    private const string Question = "{\"type\":\"ping\"}";
    private const string Subscribe = "{\"type\":\"subscribe\",\"id\":\"ü€😀\",\"channel\":\"a\"}";

    private static readonly byte[] Letters = Encoding.UTF8.GetBytes(Subscribe);

    private static readonly List<Row> Rows =
    [
        .. Accepted(), .. Closed(), .. Refused(), .. RefusedTexts(), .. RefusedLengths(), .. RefusedCloses(),
    ];

    public static TheoryData<string> Rules => [.. Rows.Select(r => r.Rule)];

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task Framing(string rule)
    {
        var row = Rows.Single(r => r.Rule == rule);
        using var listener = await shared.Server.ConnectRawAsync();
        foreach (var piece in row.Bytewise ? row.Sends.Chunk(1) : [row.Sends])
        {
            await listener.SendAsync(piece);
        }

        foreach (var answer in row.Answers)
        {
            Assert.Equal(answer, (await listener.NextAsync())?.ToString());
        }

        if (row.Codes.Length == 0)
        {
            await listener.SendAsync(Question);
            Assert.Equal("pong", (await listener.NextAsync())?.ToString());
            return;
        }

        var (frames, code) = await listener.UntilClosedAsync();
        Assert.Empty(frames);
        Assert.Contains(code, row.Codes);
    }

    [Fact]
    public async Task Once_both_have_said_that_they_close_the_server_ends_the_connection()
    {
        using var listener = await shared.Server.ConnectRawAsync();
        await listener.SendAsync(OfClose(1000));
        await listener.UntilClosedAsync();
        Assert.Null(await listener.NextAsync());
    }

    [Fact]
    public async Task What_comes_after_the_close_is_not_answered()
    {
        using var listener = await shared.Server.ConnectRawAsync();
        await listener.SendAsync(OfText(Question), OfClose(1000), OfText(Question), new ClientFrame(Ping, []));
        Assert.Equal(["pong"], (await listener.UntilClosedAsync()).Frames);
        Assert.Null(await listener.NextAsync());
    }

    [Fact]
    public async Task A_listener_that_broke_a_rule_or_does_not_answer_the_close_is_let_go()
    {
        var time = new FakeTimeProvider();
        await using var server = await HubServer.StartAsync(new WebSocketSinkOptions { Heartbeat = Duration.Seconds(600) }, time);
        foreach (var sent in (ClientFrame[])[new ClientFrame(Text, Letters) { Mask = null }, new ClientFrame(Binary, [])])
        {
            using var listener = await server.ConnectRawAsync();
            await listener.SendAsync(sent);
            await listener.UntilClosedAsync();
            var end = listener.NextAsync();
            await Wait.UntilAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(1));
                    return end.IsCompleted && server.Hub.Count == 0;
                },
                "the connection ends");
            Assert.Null(await end);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(9)]
    public async Task A_listener_that_breaks_off_in_a_frame_is_forgotten(int bytes)
    {
        await using var server = await HubServer.StartAsync();
        foreach (var reset in (bool[])[false, true])
        {
            using var listener = await server.ConnectRawAsync();
            await listener.SendAsync(OfText(Subscribe));
            Assert.Equal("subscribed ü€😀", (await listener.NextAsync())?.ToString());
            await listener.SendAsync([.. new ClientFrame(Text, "{"u8.ToArray()) { Final = false }.ToBytes(), .. new ClientFrame(Continuation, Letters).ToBytes()[..bytes]]);
            if (reset)
            {
                listener.Reset();
            }
            else
            {
                listener.HangUp();
            }

            await Wait.UntilAsync(() => server.Hub.Count == 0 && server.Hub.Stats.Subscriptions == 0, "forgotten");
        }
    }

    private static IEnumerable<Row> Accepted()
    {
        yield return Alive("A text is answered", [OfText(Question)], "pong");
        yield return Alive("A mask of zeros is a mask", [OfText(Question) with { Mask = 0 }], "pong");
        yield return Alive("Several frames in one piece are answered in their order", [OfText(Question), OfText(Subscribe), OfText("{"), OfText(Question)], "pong", "subscribed ü€😀", "error bad_json", "pong");
        yield return Alive("A frame may come byte by byte", [OfText(Subscribe)], "subscribed ü€😀") with { Bytewise = true };
        yield return Alive("A text of no bytes is a message", [new(Text, [])], "error bad_json");
        yield return Alive("A text may come in two frames", InTwo(Encoding.UTF8.GetBytes(Question), 3), "pong");
        yield return Alive("A text may come in many frames", [new(Text, []) { Final = false }, .. Letters.Select(l => new ClientFrame(Continuation, [l]) { Final = false }), new(Continuation, [])], "subscribed ü€😀");
        yield return Alive("Letters may be cut between frames", InTwo(Letters, Letters.AsSpan().IndexOf("😀"u8) + 2), "subscribed ü€😀");
        yield return Alive(
            "Pings between the frames of a text are answered at once",
            [new(Text, Letters[..9]) { Final = false }, new(Ping, "1"u8.ToArray()), new(Continuation, Letters[9..20]) { Final = false }, new(Ping, "2"u8.ToArray()), new(Pong, []), new(Continuation, Letters[20..])],
            "pong frame 1",
            "pong frame 2",
            "subscribed ü€😀");
        yield return Alive("A ping is answered with what it carries", [new(Ping, "abc"u8.ToArray())], "pong frame abc");
        yield return Alive("A ping of no bytes is answered with none", [new(Ping, [])], "pong frame ");
        yield return Alive("A ping carries up to 125 bytes, of any kind", [new(Ping, [.. Enumerable.Range(131, 125).Select(i => (byte)i)])], "pong frame " + Encoding.Latin1.GetString([.. Enumerable.Range(131, 125).Select(i => (byte)i)]));
        yield return Alive("A pong that nobody asked for is passed over", [new(Pong, "x"u8.ToArray())]);
        yield return Alive("A length of 126 bytes and more takes two more bytes", [OfText(Question.PadRight(126)), OfText(Question.PadRight(300))], "pong", "pong");
        yield return Alive("A message may have as many bytes as the greeting says", [OfText(Question.PadRight(MaxMessage))], "pong");
        yield return Alive("So may one in many frames", [new(Text, Encoding.UTF8.GetBytes(Question)) { Final = false }, .. Enumerable.Repeat(new ClientFrame(Continuation, Encoding.UTF8.GetBytes("".PadRight((MaxMessage - Question.Length) / 3))) { Final = false }, 3), new(Continuation, [])], "pong");
    }

    private static IEnumerable<Row> Closed()
    {
        yield return Fails("A close without a code is answered with a close", [new(Close, [])], 1000, NoCode);
        foreach (var code in (int[])[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])
        {
            yield return Fails($"A close with {code} is answered with a close", [OfClose(code, "ü")], 1000, code);
        }

        yield return Fails("A close has room for a reason of 123 bytes", [OfClose(1000, new string('r', 123))], 1000);
        yield return Fails("A close within the frames of a text is a close", [new(Text, Letters[..9]) { Final = false }, OfClose(1001)], 1000, 1001);
    }

    private static IEnumerable<Row> Refused()
    {
        foreach (var opcode in (int[])[Text, Ping, Close])
        {
            yield return Fails($"A frame of opcode {opcode} without a mask is refused", [new(opcode, [3, 232, .. "reason"u8]) { Mask = null }], ProtocolError);
        }

        yield return Fails("A frame of no bytes without a mask is refused", [new(Ping, []) { Mask = null }], ProtocolError);

        foreach (var bit in (int[])[4, 2, 1])
        {
            yield return Fails($"The reserved bit {bit} is refused in a text", [OfText(Question) with { Reserved = bit }], ProtocolError);
            yield return Fails($"The reserved bit {bit} is refused in a ping", [new(Ping, []) { Reserved = bit }], ProtocolError);
        }

        foreach (var opcode in (int[])[3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
        {
            yield return Fails($"The opcode {opcode}, which nobody knows, is refused", [new(opcode, [])], ProtocolError);
        }

        foreach (var opcode in (int[])[Close, Ping, Pong])
        {
            yield return Fails($"A control frame of opcode {opcode} in pieces is refused", [new(opcode, []) { Final = false }], ProtocolError);
            yield return Fails($"A control frame of opcode {opcode} with 126 bytes is refused", [new(opcode, [3, 232, .. new byte[124]])], ProtocolError);
            yield return Fails($"A control frame of opcode {opcode} with a long length is refused", [new(opcode, [3, 232]) { LengthBytes = 2 }], ProtocolError);
        }

        yield return Fails("A continuation of nothing is refused", [new(Continuation, "{}"u8.ToArray())], ProtocolError);
        yield return Fails("A continuation of nothing is refused, if more shall come too", [new(Continuation, "{}"u8.ToArray()) { Final = false }], ProtocolError);
        yield return Fails("A continuation after the end of a text is refused", [.. InTwo("{\"type\":\"pong\"}"u8.ToArray(), 3), new(Continuation, [])], ProtocolError);
        yield return Fails("A text within a text is refused", [new(Text, "{"u8.ToArray()) { Final = false }, OfText(Question)], ProtocolError);
        yield return Fails("A binary frame within a text is refused", [new(Text, "{"u8.ToArray()) { Final = false }, new(Binary, [])], ProtocolError);
        yield return Fails("What came before a broken rule is answered", [OfText(Question), new(Ping, []) { Reserved = 4 }], ProtocolError) with { Answers = ["pong"] };
        yield return Fails("Binary frames are refused by the contract", [new(Binary, "{}"u8.ToArray())], 4000) with { Answers = ["error binary"] };
        yield return Fails("Binary frames in pieces are refused by the contract", [new(Binary, "{}"u8.ToArray()) { Final = false }], 4000) with { Answers = ["error binary"] };
    }

    private static IEnumerable<Row> RefusedTexts()
    {
        foreach (var (what, bytes) in (IEnumerable<(string, byte[])>)
        [
            ("a byte that begins nothing", [0xFF]), ("a byte that continues nothing", [0x80]), ("half a letter", [0xC3, (byte)'"']), ("a letter that is cut off at the end", [0xE2, 0x82]),
            ("a letter in more bytes than it takes", [0xC0, 0xAF]), ("half a surrogate pair", [0xED, 0xA0, 0x80]), ("a letter past the last one", [0xF4, 0x90, 0x80, 0x80]),
        ])
        {
            byte[] text = [(byte)'"', .. bytes];
            yield return Fails($"A text with {what} is refused", [new(Text, text)], InvalidData);
            yield return Fails($"A text with {what} is refused in two frames", InTwo(text, 2), InvalidData);
        }

        yield return Fails("A text is refused at its first wrong byte, before its end", [new(Text, [(byte)'"', 0xFF]) { Final = false }], InvalidData);
    }

    private static IEnumerable<Row> RefusedLengths()
    {
        yield return Fails("A length in more bytes than it takes is refused (2 for 15)", [OfText(Question) with { LengthBytes = 2 }], ProtocolError);
        yield return Fails("A length in more bytes than it takes is refused (8 for 300)", [OfText(Question.PadRight(300)) with { LengthBytes = 8 }], ProtocolError);
        yield return Fails("A length with its highest bit is refused", [OfText("") with { Length = 1UL << 63 }], ProtocolError);
        yield return Fails("A message of one byte more than the greeting says is refused", [OfText(Question.PadRight(MaxMessage + 1))], TooBig);
        yield return Fails("A message of 70,000 bytes is refused", [OfText(Question.PadRight(70_000))], TooBig);
        yield return Fails("The frames of a message are counted together", [.. Enumerable.Range(0, 5).Select(i => new ClientFrame(i == 0 ? Text : Continuation, Encoding.UTF8.GetBytes("".PadRight(1000))) { Final = false })], TooBig);
        yield return Fails("A length past the bound is refused before its bytes come", [OfText("{") with { Length = MaxMessage + 1 }], TooBig);
        yield return Fails("A length past all memory is refused before its bytes come", [OfText("{") with { Length = long.MaxValue }], TooBig);
    }

    private static IEnumerable<Row> RefusedCloses()
    {
        yield return Fails("A close of one byte is refused", [new(Close, [3])], ProtocolError);
        foreach (var code in (int[])[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
        {
            yield return Fails($"A close with {code}, which nobody may send, is refused", [OfClose(code)], ProtocolError);
        }

        yield return Fails("A close whose reason is no text is refused", [new(Close, [3, 232, 0xFF])], ProtocolError, InvalidData);
    }

    private static Row Alive(string rule, ClientFrame[] sends, params string[] answers) => new(rule, [.. sends.SelectMany(f => f.ToBytes())], answers, []);

    private static Row Fails(string rule, ClientFrame[] sends, params int[] codes) => new(rule, [.. sends.SelectMany(f => f.ToBytes())], [], codes);

    /// <summary>A rule.</summary>
    /// <param name="Rule">What it says.</param>
    /// <param name="Sends">What the listener sends.</param>
    /// <param name="Answers">What it is answered, in this order.</param>
    /// <param name="Codes">The codes with which it may be closed then; none when the connection goes on.</param>
    private sealed record Row(string Rule, byte[] Sends, string[] Answers, int[] Codes)
    {
        public bool Bytewise { get; init; }
    }

    /// <summary>One server for all rows.</summary>
    public sealed class Shared : IAsyncLifetime
    {
        internal HubServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await HubServer.StartAsync(new WebSocketSinkOptions { MaxMessage = new ByteSize(MaxMessage) });

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
