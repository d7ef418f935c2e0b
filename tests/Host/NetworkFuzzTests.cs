using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using StreamEngine.Tests;

namespace StreamEngine.Host.Tests;

/// <summary>
/// What comes over the network to the real program on a real port, broken in every way: handshakes, WebSocket frames, REST requests. Each
/// connection ends in time and with a word that the protocol knows, and a listener that behaves notices nothing.
/// </summary>
/// <remarks>A connection costs more than a call: there is one with several frames for each <see cref="PerConnection"/> inputs that a parser gets, so that CI spends seconds.</remarks>
public sealed class NetworkFuzzTests(DefaultPipelineFixture fixture) : IClassFixture<DefaultPipelineFixture>
{
    private const int PerConnection = 10;
    private const int AtOnce = 16;
    /// <summary>Thousands of connections that broke a rule are kept for a second, so that they can read why.</summary>
    private const long MostGrowth = 512L << 20;
    private const string Api = "/api/optimized-realtime";
    private const int Text = 1;
    private const int Close = 8;
    private const int Ping = 9;
    private const int Pong = 10;
    private const int Final = 0x80;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);
    private static readonly int[] Closings = [1000, 1001, 1002, 1007, 1009, 4000, 4029];

    private static readonly byte[] Handshake = Encoding.ASCII.GetBytes($"GET {Api}/ws/player-updates HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: streamengine.v1\r\n\r\n");

    private static readonly byte[] Filler = [.. Enumerable.Repeat((byte)0xFF, 70_000)];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public Task Frames_in_any_shape_end_their_connection_only() => WhileOneListensAsync(async () =>
    {
        byte[][] good =
        [
            [.. Frame(Final | Text, "{\"type\":\"subscribe\",\"id\":1,\"channel\":\"player:*\"}"u8), .. Frame(Final | Ping, "abc"u8), .. Frame(Final | Text, "{\"type\":\"ping\",\"id\":2}"u8), .. Frame(Final | Close, [0x03, 0xE8])],
            [.. Frame(Text, "{\"type\":\"subs"u8), .. Frame(Final | Pong, ""u8), .. Frame(0, "cribe\",\"channel\":\""u8), .. Frame(Final, "game:*\"}"u8), .. Frame(Final | Text, "{\"type\":\"unsubscribe\",\"channel\":\"game:*\"}"u8)],
            [.. Frame(Final | Text, Encoding.UTF8.GetBytes("{\"type\":\"subscribe\",\"channel\":\"player:é" + new string('x', 300) + "\"}")), .. Frame(Final | Text, "{\"type\":\"subscribe\",\"player_id\":\"660271\"}"u8), .. Frame(Final | 2, "{}"u8)],
        ];
        var codes = new HashSet<int>();
        var unsaid = 0;
        await ForEachAsync(Fuzz.Inputs(good, Fuzz.Count / PerConnection), async (bytes, token) =>
        {
            // Half of them end in the middle; to the others comes more than any frame may still want.
            var hangUp = bytes.Length % 2 == 0;
            var code = await FramesAsync(hangUp ? bytes : [.. bytes, .. Filler], hangUp, token);
            Assert.True(code == 0 || Closings.Contains(code), $"closed with {code}");
            lock (codes)
            {
                codes.Add(code);
                unsaid += code == 0 && !hangUp ? 1 : 0;
            }
        });

        // Under load a few in a thousand end without their close frame: a reset has overtaken it.
        Assert.InRange(unsaid, 0, 3 + (Fuzz.Count / PerConnection / 100));
        Assert.Superset(new HashSet<int> { 0, 1000, 1002, 1007 }, codes);
    });

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public Task A_handshake_is_taken_or_refused_with_a_status() => WhileOneListensAsync(async () =>
    {
        var refused = 0;
        await ForEachAsync(Fuzz.Inputs([Handshake], Fuzz.Count / PerConnection), async (bytes, token) =>
        {
            var answer = await AskAsync(bytes, token);
            refused += IsSound(answer, 101) ? 0 : 1;
        });
        Assert.InRange(refused, Fuzz.Count / PerConnection / 10, Fuzz.Count);
    });

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public Task A_request_is_answered_or_refused_with_a_status() => WhileOneListensAsync(async () =>
    {
        const string Body = "{\"player_id\":\"660271\",\"sport\":\"mlb\",\"x\":[1,2.5e3,\"\\u00e9\"]}";
        byte[][] good =
        [
            .. new[]
            {
                $"GET {Api}/player-data/660271?sport=mlb&x=%C3%A9&y=a+b HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n",
                $"POST {Api}/player-data HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{Body}",
                $"GET {Api}/pipeline?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
                $"GET {Api}/rate-limits/status HTTP/1.0\r\nHost: localhost\r\n\r\n",
            }.Select(Encoding.UTF8.GetBytes),
        ];
        var refused = 0;
        await ForEachAsync(Fuzz.Inputs(good, Fuzz.Count / PerConnection), async (bytes, token) =>
        {
            var answer = await AskAsync(bytes, token);
            refused += IsSound(answer, 200) ? 0 : 1;
        });
        Assert.InRange(refused, Fuzz.Count / PerConnection / 10, Fuzz.Count);
    });

    /// <summary>Whether it has that status. Any other is a client's fault, and no answer at all is one to bytes that are no request.</summary>
    private static bool IsSound(string answer, int status)
    {
        if (answer.Length == 0)
        {
            return false;
        }

        Assert.Matches(@"^HTTP/1\.[01] \d{3} ", answer);
        var code = int.Parse(answer.AsSpan(9, 3), provider: null);
        Assert.True(code == status || code is >= 200 and < 500 or 505 or 101, answer);
        return code == status;
    }

    private static byte[] Frame(int first, ReadOnlySpan<byte> payload)
    {
        // A mask of zeros is one too, and lets mutations hit the text.
        byte[] length = payload.Length < 126 ? [(byte)(0x80 | payload.Length)] : [0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length];
        if (payload.Length > ushort.MaxValue)
        {
            length = [0x80 | 127, .. new byte[8]];
            BinaryPrimitives.WriteInt64BigEndian(length.AsSpan(1), payload.Length);
        }

        return [(byte)first, .. length, 0, 0, 0, 0, .. payload];
    }

    /// <summary>Checks that all frames of the server are as the protocol wants them.</summary>
    /// <returns>The code of the close frame; 0 when the connection ended without one.</returns>
    private static int ClosedWith(ReadOnlySpan<byte> received)
    {
        for (var rest = received; rest.Length >= 2;)
        {
            var (opcode, length, head) = (rest[0] & 0x0F, rest[1] & 0x7F, 2);
            Assert.Equal(Final, rest[0] & 0xF0);
            Assert.Equal(0, rest[1] & 0x80);
            if (length >= 126)
            {
                head = length == 126 ? 4 : 10;
                if (rest.Length < head)
                {
                    return 0;
                }

                length = length == 126 ? BinaryPrimitives.ReadUInt16BigEndian(rest[2..]) : checked((int)BinaryPrimitives.ReadInt64BigEndian(rest[2..]));
            }

            if (rest.Length < head + length)
            {
                return 0;
            }

            var payload = rest.Slice(head, length);
            rest = rest[(head + length)..];
            switch (opcode)
            {
                case Text:
                    Assert.NotEqual("", JsonElement.Parse(payload).GetProperty("type").GetString());
                    break;
                case Close:
                    // The framework closes by itself when a rule is broken; an update that was being sent then may follow, and a client reads no further.
                    return length == 0 ? 1005 : BinaryPrimitives.ReadUInt16BigEndian(payload);
                default:
                    Assert.Contains(opcode, new[] { Ping, Pong });
                    break;
            }
        }

        return 0;
    }

    /// <summary>Asks for the upgrade, sends frames when it is granted, and reads until the server says that it closes, or ends.</summary>
    /// <returns>The code of the close frame; 0 when there was none.</returns>
    private async Task<int> FramesAsync(byte[] frames, bool hangUp, CancellationToken token)
    {
        using var connection = await ConnectAsync(token);
        connection.Send(Handshake, hangUp: false);
        Assert.StartsWith("HTTP/1.1 101 ", await connection.HeadAsync(token), StringComparison.Ordinal);
        connection.Send(frames, hangUp);
        do
        {
            if (ClosedWith(connection.Rest) is > 0 and var code)
            {
                return code;
            }
        }
        while (await connection.MoreAsync(token));

        return 0;
    }

    /// <summary>Sends a request and what fills up whatever it says is still to come.</summary>
    /// <returns>The head of the answer; empty when there was none.</returns>
    private async Task<string> AskAsync(byte[] request, CancellationToken token)
    {
        using var connection = await ConnectAsync(token);
        connection.Send([.. request, .. Filler, .. "\r\n\r\n"u8], hangUp: false);
        return await connection.HeadAsync(token);
    }

    private async Task<Connection> ConnectAsync(CancellationToken token)
    {
        // It hangs up at once: closed ports that wait would run out.
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new LingerOption(enable: true, seconds: 0) };
        await socket.ConnectAsync(IPAddress.Loopback, fixture.Client.BaseAddress!.Port, token);
        return new Connection(socket);
    }

    private static Task ForEachAsync(IEnumerable<byte[]> inputs, Func<byte[], CancellationToken, Task> act) => Parallel.ForEachAsync(
        inputs.Select((bytes, i) => (bytes, i)),
        new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = Cancel },
        async (input, token) =>
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
            limit.CancelAfter(Longest);
            try
            {
                await act(input.bytes, limit.Token);
            }
            catch (Exception e) when (!token.IsCancellationRequested)
            {
                var reason = e is OperationCanceledException ? $"the connection did not end within {Longest.TotalSeconds} s" : e.Message;
                throw new InvalidOperationException($"Input {input.i} of seed {Fuzz.Seed}: {reason}\nas base64: {Convert.ToBase64String(input.bytes)}", e);
            }
        });

    /// <summary>Runs it while a listener gets updates, and looks at what it left behind.</summary>
    private async Task WhileOneListensAsync(Func<Task> act)
    {
        using var listener = await Listener.ConnectAsync(fixture.Client.BaseAddress!);
        await listener.SendAsync("{\"type\":\"subscribe\",\"channel\":\"player:*\"}");
        await listener.NextAsync("update");
        var before = Memory();
        var acting = act();
        var updates = 0;
        do
        {
            await listener.NextAsync("update");
            updates++;
        }
        while (!acting.IsCompleted);

        await acting;
        Assert.True(updates > 0);
        await fixture.WaitForAsync($"{Api}/health", h => h.GetProperty("health_data").GetProperty("listeners").GetProperty("connected").GetInt32() == 1);
        var metrics = await fixture.WaitForAsync($"{Api}/metrics", _ => true);
        Assert.Equal(0, metrics.GetProperty("service_metrics").GetProperty("unobserved_exceptions").GetInt64());
        // Warnings tell of what the demo providers do wrong.
        Assert.DoesNotMatch(@"(?m)^\S+ (error|crit)", fixture.Host.Error);
        Assert.InRange(Memory() - before, long.MinValue, MostGrowth);
    }

    private long Memory()
    {
        using var process = Process.GetProcessById(fixture.Host.Id);
        return process.WorkingSet64;
    }

    /// <summary>A connection's bytes as they are.</summary>
    private sealed class Connection(Socket socket) : IDisposable
    {
        private readonly byte[] buffer = new byte[16 * 1024];
        private readonly MemoryStream received = new();
        private int head;

        /// <summary>What came behind the head.</summary>
        public ReadOnlySpan<byte> Rest => received.GetBuffer().AsSpan(head, (int)received.Length - head);

        public void Dispose() => socket.Dispose();

        /// <summary>Begins to send; the other side may hang up meanwhile.</summary>
        public void Send(byte[] bytes, bool hangUp) => _ = SendAsync(bytes, hangUp);

        /// <summary>Reads the head of an answer.</summary>
        public async Task<string> HeadAsync(CancellationToken token)
        {
            int end;
            while ((end = Rest.IndexOf("\r\n\r\n"u8)) < 0)
            {
                if (!await MoreAsync(token))
                {
                    return Encoding.Latin1.GetString(Rest);
                }
            }

            var text = Encoding.Latin1.GetString(Rest[..end]);
            head += end + 4;
            return text;
        }

        /// <summary>Waits for more.</summary>
        /// <returns>False at the end.</returns>
        public async Task<bool> MoreAsync(CancellationToken token)
        {
            try
            {
                var read = await socket.ReceiveAsync(buffer, token);
                received.Write(buffer, 0, read);
                return read > 0;
            }
            catch (SocketException)
            {
                return false;
            }
        }

        private async Task SendAsync(byte[] bytes, bool hangUp)
        {
            try
            {
                await socket.SendAsync(bytes);
                if (hangUp)
                {
                    socket.Shutdown(SocketShutdown.Send);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // What it has said until then is read.
            }
        }
    }
}
