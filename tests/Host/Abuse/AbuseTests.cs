using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using StreamEngine.Tests;

namespace StreamEngine.Host.Tests.Abuse;

/// <summary>
/// Listeners that break the protocol, ask for too much or do nothing, at the real program: each is told with the right code, and a listener that
/// behaves loses nothing by it.
/// </summary>
public sealed class AbuseTests(AbuseWorld world) : IClassFixture<AbuseWorld>, IAsyncLifetime
{
    private const int AtOnce = 20;
    private const int MostAbusers = 1000;
    private const string Text = """{"type":"ping"}""";

    /// <summary>Behind the frame that ends a connection comes more, and its close frame arrives all the same.</summary>
    private static readonly byte[] More = [.. Enumerable.Repeat((byte)0xFF, 70_000)];

    private static readonly Dictionary<string, (ClientFrame[] Frames, int Code)> Broken = new()
    {
        ["a message one byte too long"] = ([ClientFrame.OfText(new string('x', AbuseWorld.MaxMessage + 1))], 1009),
        ["a head that tells of 1 TB"] = ([new ClientFrame(ClientFrame.Text, []) { Length = 1UL << 40 }], 1009),
        ["fragments without end"] = ([new ClientFrame(ClientFrame.Text, new byte[100]) { Final = false }, .. Enumerable.Repeat(new ClientFrame(ClientFrame.Continuation, new byte[100]) { Final = false }, 100)], 1009),
        ["no mask"] = ([ClientFrame.OfText(Text) with { Mask = null }], 1002),
        ["a new message inside of another"] = ([new ClientFrame(ClientFrame.Text, [(byte)'x']) { Final = false }, ClientFrame.OfText(Text)], 1002),
        ["nothing to continue"] = ([new ClientFrame(ClientFrame.Continuation, [])], 1002),
        ["a ping in fragments"] = ([new ClientFrame(ClientFrame.Ping, []) { Final = false }], 1002),
        ["a ping that is too long"] = ([new ClientFrame(ClientFrame.Ping, new byte[126])], 1002),
        ["a close code that nobody may send"] = ([ClientFrame.OfClose(1006)], 1002),
        ["no UTF-8"] = ([new ClientFrame(ClientFrame.Text, [0xC3, 0x28])], 1007),
        ["no UTF-8 in a fragment, which goes on"] = ([new ClientFrame(ClientFrame.Text, [(byte)'{', 0xFF]) { Final = false }], 1007),
        ["half a character"] = ([.. ClientFrame.InTwo([(byte)'x', 0xE2, 0x82], 1)], 1007),
        ["a binary frame"] = ([new ClientFrame(ClientFrame.Binary, [1, 2, 3])], 4000),
    };

    static AbuseTests()
    {
        foreach (var bits in (int[])[1, 2, 4, 7])
        {
            Broken[$"reserved bits {bits}"] = ([ClientFrame.OfText(Text) with { Reserved = bits }], 1002);
        }

        foreach (var opcode in (int[])[3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
        {
            Broken[$"reserved opcode {opcode}"] = ([new ClientFrame(opcode, [])], 1002);
        }
    }

    public static TheoryData<string> BrokenNames => [.. Broken.Keys];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await world.BeginAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [MemberData(nameof(BrokenNames))]
    public async Task Who_breaks_the_protocol_is_told_how(string what)
    {
        var (frames, code) = Broken[what];
        var before = await world.ClosesAsync(code);
        await ManyAsync(AtOnce, async _ =>
        {
            using var abuser = await ConnectAsync();
            await abuser.SendAsync(ClientFrame.OfText("""{"type":"subscribe","channel":"play:*"}"""));
            await abuser.SendAsync([.. frames.SelectMany(f => f.ToBytes()), .. More]);
            Assert.Equal(code, (await abuser.UntilClosedAsync()).Code);
        });
        await world.UntilAsync(async () => await world.ClosesAsync(code) >= before + AtOnce, $"all are counted as {code}");
        await world.CheckAsync();
    }

    [Fact]
    public async Task A_flood_of_bad_messages_is_answered_one_by_one()
    {
        const int Each = 100;
        string[] bad = ["", "{", "[]", "null", "{\"type\":1}", "\"x\"", new string('[', 2000), "{\"type\":\"subscribe\",\"channel\":{}}", "{\"type\":\"shout\"}", "{\"type\":\"subscribe\",\"channel\":\"a:*:b\"}"];
        await ManyAsync(AtOnce, async _ =>
        {
            using var abuser = await ConnectAsync();
            await abuser.SendAsync([.. Enumerable.Range(0, Each).Select(i => ClientFrame.OfText(bad[i % bad.Length])), ClientFrame.OfText(Text), ClientFrame.OfClose(1000)]);
            var (frames, code) = await abuser.UntilClosedAsync();
            Assert.Equal(1000, code);
            frames = [.. frames.Where(f => f is not ("connection_established" or "ping"))];
            Assert.Equal("pong", frames[^1]);
            Assert.Equal(Each, frames.Count(f => f is "error bad_json" or "error bad_request" or "error bad_channel" or "error unknown_type"));
        });
        await world.CheckAsync();
    }

    [Fact]
    public async Task Of_a_flood_of_subscriptions_as_many_are_taken_as_may_be()
    {
        const int Asked = 100;
        await ManyAsync(AtOnce, async _ =>
        {
            using var abuser = await ConnectAsync();
            await abuser.SendAsync([.. Enumerable.Range(0, Asked).Select(i => Subscribe($"nothing:{i}")), ClientFrame.OfText(Text)]);
            var frames = await UntilAsync(abuser, "pong");
            Assert.Equal(AbuseWorld.MaxSubscriptions, frames.Count(f => f == "subscribed"));
            Assert.Equal(Asked - AbuseWorld.MaxSubscriptions, frames.Count(f => f == "error too_many_subscriptions"));
        });
        await world.CheckAsync();
    }

    [Fact]
    public async Task Subscriptions_of_many_take_their_part_of_the_memory_and_no_more()
    {
        var abusers = new List<RawListener>();
        try
        {
            // Twenty long names take some 50 KB of 8 MB.
            var refused = false;
            for (var i = 0; i < MostAbusers && !refused; i++)
            {
                var abuser = await ConnectAsync(from: AddressOf(i));
                abusers.Add(abuser);
                await abuser.SendAsync([.. Enumerable.Range(0, AbuseWorld.MaxSubscriptions).Select(n => Subscribe($"nothing:{i}:{n}:{new string('x', 230)}")), ClientFrame.OfText(Text)]);
                var answer = "";
                while (answer is not "pong" && !refused)
                {
                    answer = (await abuser.NextAsync())?.ToString();

                    // A message that comes in two pieces finds no memory either.
                    refused = answer is "error server_full" or "close 1013";
                    Assert.True(refused || answer is "connection_established" or "subscribed" or "pong" or "ping", answer);
                }
            }

            Assert.True(refused);
            await StayForBurstsAsync();
        }
        finally
        {
            abusers.ForEach(a => a.Dispose());
        }

        await world.CheckAsync();
    }

    [Fact]
    public async Task Messages_that_are_never_ended_take_their_part_of_the_memory_and_no_more()
    {
        var before = await world.ClosesAsync(1013);
        var abusers = new List<RawListener>();
        try
        {
            // Each holds a message of almost 8 KB, all together as much as the memory.
            for (var i = 0; i < MostAbusers; i++)
            {
                var abuser = await ConnectAsync(from: AddressOf(i));
                abusers.Add(abuser);
                await abuser.SendAsync(new ClientFrame(ClientFrame.Text, Encoding.ASCII.GetBytes(new string('x', AbuseWorld.MaxMessage - 1))) { Final = false });
            }

            await world.UntilAsync(async () => await world.ClosesAsync(1013) > before, "some are told to come back later");
            await StayForBurstsAsync();
        }
        finally
        {
            abusers.ForEach(a => a.Dispose());
        }

        await world.CheckAsync();
    }

    [Fact]
    public async Task Who_asks_faster_than_it_may_is_read_more_slowly()
    {
        const int Asked = 1000;
        const int PerSecond = 200;
        var watch = Stopwatch.StartNew();
        await ManyAsync(AtOnce, async _ =>
        {
            using var abuser = await ConnectAsync();
            await abuser.SendAsync([.. Enumerable.Repeat(ClientFrame.OfText(Text), Asked), ClientFrame.OfClose(1000)]);
            var (frames, code) = await abuser.UntilClosedAsync();
            Assert.Equal((Asked, 1000), (frames.Count(f => f == "pong"), code));
        });
        Assert.True(watch.Elapsed.TotalSeconds >= (double)(Asked - AbuseWorld.MaxSubscriptions - PerSecond) / PerSecond, $"{watch.Elapsed}");
        await world.CheckAsync();
    }

    [Fact]
    public async Task Floods_by_more_than_there_is_memory_for_end_those_who_flood()
    {
        const int Floods = 120;
        var before = await world.ClosesAsync(4108);
        var abusers = new List<RawListener>();
        try
        {
            for (var i = 0; i < Floods; i++)
            {
                var abuser = await ConnectAsync(from: AddressOf(i));
                abusers.Add(abuser);
                await abuser.SendAsync([.. Enumerable.Repeat(ClientFrame.OfText(Text), 2000)]);
            }

            await world.UntilAsync(async () => await world.ClosesAsync(4108) > before, "some are cut off");
            await StayForBurstsAsync();
        }
        finally
        {
            abusers.ForEach(a => a.Dispose());
        }

        await world.CheckAsync();
    }

    [Theory]
    [InlineData("pongs", ClientFrame.Pong, true)]
    [InlineData("empty fragments", ClientFrame.Continuation, false)]
    public async Task Frames_that_say_nothing_count_too(string what, int opcode, bool final)
    {
        const int Sent = 1500;
        const int PerSecond = 200;

        // So many arrive in one piece, and are read before they are counted.
        const int InOnePiece = 4096 / 6;
        var watch = Stopwatch.StartNew();
        using var abuser = await ConnectAsync();
        var frames = Enumerable.Repeat(new ClientFrame(opcode, []) { Final = final }, Sent);
        await abuser.SendAsync([.. final ? [] : (ClientFrame[])[new ClientFrame(ClientFrame.Text, "{\"type\":"u8.ToArray()) { Final = false }], .. frames, .. final ? [ClientFrame.OfText(Text)] : (ClientFrame[])[new ClientFrame(ClientFrame.Continuation, "\"ping\"}"u8.ToArray())]]);
        await UntilAsync(abuser, "pong");
        Assert.True(watch.Elapsed.TotalSeconds >= (double)(Sent - InOnePiece - AbuseWorld.MaxSubscriptions - PerSecond) / PerSecond, $"{Sent} {what} were read in {watch.Elapsed}");
        abuser.Dispose();
        await world.CheckAsync();
    }

    [Fact]
    public async Task Who_reads_no_events_is_cut_off()
    {
        const int Slow = 5;
        var before = await world.ClosesAsync(4108);
        var abusers = new List<RawListener>();
        try
        {
            for (var i = 0; i < Slow; i++)
            {
                abusers.Add(await ConnectAsync(receiveBuffer: 8192));
                await abusers[i].SendAsync(Subscribe("bulk:*"));
                await UntilAsync(abusers[i], "subscribed");
            }

            world.Feed.IsLarge = true;
            await world.UntilAsync(async () => await world.ClosesAsync(4108) == before + Slow, "all are cut off as too slow");
            foreach (var abuser in abusers)
            {
                // What had left before is in order; the close frame is there if the rest was read in time.
                var last = 0L;
                while (await abuser.NextAsync() is { } frame && frame.Opcode != ClientFrame.Close)
                {
                    if (frame.Opcode == ClientFrame.Text && frame.Json.GetProperty("type").GetString() == "update" && frame.Json.GetProperty("channel").GetString() == "bulk:mlb:0")
                    {
                        var offset = frame.Json.GetProperty("offset").GetInt64();
                        Assert.True(last == 0 || offset == last + 1, $"{offset} after {last}");
                        last = offset;
                    }
                }
            }
        }
        finally
        {
            abusers.ForEach(a => a.Dispose());
        }

        await world.CheckAsync();
    }

    [Fact]
    public async Task Who_reads_states_late_gets_the_latest_ones()
    {
        using var abuser = await ConnectAsync(receiveBuffer: 8192);
        await abuser.SendAsync(Subscribe("page:*"));
        await UntilAsync(abuser, "subscribed");
        world.Feed.IsLarge = true;
        await world.UntilAsync(async () => await world.MetricAsync("streamengine_hub_lagging") > 0, "it is behind");
        world.Feed.IsLarge = false;
        while (await abuser.NextAsync() is { } frame && frame.ToString() != "lagging")
        {
            Assert.True(frame.Opcode is ClientFrame.Text or ClientFrame.Ping, frame.ToString());
        }

        // Each of the four once more at most, then it is up to date.
        await abuser.SendAsync(Text);
        await UntilAsync(abuser, "pong");
        abuser.Dispose();
        await world.CheckAsync();
    }

    [Fact]
    public async Task Who_is_silent_is_given_up()
    {
        const int Silent = 10;
        var before = await world.ClosesAsync(4101);
        var deaf = new List<RawListener>();
        for (var i = 0; i < Silent; i++)
        {
            deaf.Add(await ConnectAsync());
        }

        await ManyAsync(Silent, async _ =>
        {
            using var abuser = await ConnectAsync();
            Assert.Equal(4101, (await abuser.UntilClosedAsync()).Code);
        });
        await world.UntilAsync(async () => await world.ClosesAsync(4101) >= before + (2 * Silent), "all are counted as silent");
        deaf.ForEach(d => d.Dispose());
        await world.CheckAsync();
    }

    [Fact]
    public async Task More_listeners_than_an_address_may_have_are_refused()
    {
        const int TooMany = 30;
        var from = IPAddress.Parse("127.0.7.7");
        var listeners = new List<RawListener>();
        try
        {
            for (var i = 0; i < AbuseWorld.MaxPerAddress; i++)
            {
                listeners.Add(await ConnectAsync(from));
            }

            await world.UntilAsync(async () => (await world.ListenersAsync()).Connected == 1 + AbuseWorld.MaxPerAddress, "all are there");
            await ManyAsync(TooMany, async _ =>
            {
                using var refused = await ConnectAsync(from);
                var (frames, code) = await refused.UntilClosedAsync();
                Assert.Equal((4029, "error too_many_listeners"), (code, Assert.Single(frames)));
            });
            using var other = await ConnectAsync(IPAddress.Parse("127.0.7.8"));
            await other.SendAsync(Text);
            await UntilAsync(other, "pong");
        }
        finally
        {
            listeners.ForEach(l => l.Dispose());
        }

        await world.CheckAsync();
    }

    [Fact]
    public async Task Requests_that_are_never_ended_are_given_up()
    {
        string[] halves =
        [
            "",
            "GET /api/opt",
            $"GET {AbuseWorld.WebSocket} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n",
            $"POST {AbuseWorld.Api}/player-data HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{",
        ];

        // More than half of all connections that there may be.
        await ManyAsync(AbuseWorld.MaxConnections * 6 / 10, async i =>
        {
            var (abuser, head) = await RawListener.AskAsync(world.Address, halves[i % halves.Length]);
            using (abuser)
            {
                Assert.True(head.Length == 0 || head.StartsWith("HTTP/1.1 408 ", StringComparison.Ordinal), head);
            }
        });
        await world.CheckAsync();
    }

    private static ClientFrame Subscribe(string channel) => ClientFrame.OfText(JsonSerializer.Serialize(new { type = "subscribe", channel }));

    /// <summary>Not more from one address than it may have.</summary>
    private static IPAddress AddressOf(int number) => new([127, 0, 8, (byte)(1 + (number / 100))]);

    private static Task ManyAsync(int count, Func<int, Task> act) => Task.WhenAll(Enumerable.Range(0, count).Select(act));

    private Task<RawListener> ConnectAsync(IPAddress? from = null, int? receiveBuffer = null) => RawListener.ConnectAsync(world.Address, AbuseWorld.WebSocket, from, receiveBuffer);

    /// <summary>Reads up to a frame.</summary>
    /// <returns>What came before it.</returns>
    private static async Task<List<string>> UntilAsync(RawListener listener, string last)
    {
        var frames = new List<string>();
        while (true)
        {
            var frame = await listener.NextAsync() ?? throw new InvalidOperationException($"ended before '{last}', after {string.Join(", ", frames.TakeLast(5))}");
            Assert.NotEqual(ClientFrame.Close, frame.Opcode);
            if (frame.ToString() == last)
            {
                return frames;
            }

            frames.Add(frame.ToString());
        }
    }

    /// <summary>The steady listener gets some more bursts of plays, more at once than would wait for anybody while the memory is full.</summary>
    private async Task StayForBurstsAsync()
    {
        var play = world.Feed.Plays + (5 * Feed.PlaysInBurst);
        await world.UntilAsync(() => Task.FromResult(world.Steady.Has(play, []) || world.Steady.Faults.Count > 0), "the steady listener goes on");
        Assert.Empty(world.Steady.Faults);
    }
}
