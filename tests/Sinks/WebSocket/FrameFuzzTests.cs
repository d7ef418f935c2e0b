using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.WebSockets;
using StreamEngine.Tests;

namespace StreamEngine.Sinks.Tests.WebSocket;

/// <summary>
/// Streams of frames, broken in every way and cut into pieces anywhere. Each connection ends, with a word that the protocol knows or with none when
/// the client hung up, and a listener beside it gets every update. <c>tests/fuzz.sh</c> does it at length.
/// </summary>
public sealed class FrameFuzzTests
{
    private const int Pool = 300;
    private static readonly int Workers = Math.Clamp(Environment.ProcessorCount, 2, 8);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Codes with which a connection may be closed whatever the client said; 0 stands for none.</summary>
    private static readonly int[] Codes = [0, 1000, 1002, 1007, 1009, 4000];

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public async Task Streams_in_any_shape_end_their_connection_only()
    {
        var random = new Random(Fuzz.Seed);
        var streams = new ClientStreams(random);
        var sound = Enumerable.Range(0, Pool).Select(_ => streams.Sound()).ToList();
        using var inputs = sound.Select(s => (Bytes(s.Frames), (int?)s.Answers))
            .Concat(Fuzz.Inputs([.. sound.Select(s => Bytes(s.Frames))], Fuzz.Count).Select((bytes, i) => (i % 2 == 0 ? Bytes(streams.Broken()) : bytes, (int?)null)))
            .GetEnumerator();
        var next = 0;
        (int Number, byte[] Bytes, int? Answers)? Next()
        {
            lock (random)
            {
                return inputs.MoveNext() ? (next++, inputs.Current.Item1, inputs.Current.Item2) : null;
            }
        }

        var outcomes = new ConcurrentDictionary<int, int>();
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(() => WorkAsync(Next, outcomes), TestContext.Current.CancellationToken)));
        Assert.Equal(Pool + Fuzz.Count, outcomes.Values.Sum());
        var words = string.Join(", ", outcomes.OrderBy(o => o.Key).Select(o => $"{o.Key}: {o.Value}"));
        TestContext.Current.TestOutputHelper!.WriteLine(words);
        Assert.All(Codes, code => Assert.True(outcomes.GetValueOrDefault(code) >= Fuzz.Count / 1000, words));
    }

    private static async Task WorkAsync(Func<(int Number, byte[] Bytes, int? Answers)?> next, ConcurrentDictionary<int, int> outcomes)
    {
        var (time, log, updates) = (new FakeTimeProvider(), new ListLogger(), 0);
        await using var hub = new ListenerHub(time, new Random(7), log);
        hub.Configure(new WebSocketSinkOptions { MaxMessage = new ByteSize(4096), Heartbeat = Duration.Seconds(600), MaxDelay = new Duration(TimeSpan.Zero) });
        var steady = HubPipe.Connect(hub);
        await steady.SendAsync(ClientFrame.OfText("""{"type":"subscribe","channel":"player:mlb:1"}""").ToBytes());
        await ExpectAsync(steady, "connection_established", null);
        await ExpectAsync(steady, "subscribed", null);
        while (next() is var (number, bytes, answers))
        {
            try
            {
                var (code, heard) = await TalkAsync(hub, time, bytes, new Random(Fuzz.Seed + number));
                Assert.True(Codes.Contains(code) || Says(bytes, code), $"closed with {code}");
                Assert.True(answers is null || (code == 1000 && heard == answers), $"{heard} of {answers} messages were answered, closed with {code}");
                outcomes.AddOrUpdate(code, 1, (_, count) => count + 1);
                await ExpectAsync(steady, "update", ++updates);
                Assert.DoesNotContain(log.Lines, l => l.Contains("failed", StringComparison.Ordinal));
                log.Lines.Clear();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Stream {number} of seed {Fuzz.Seed}: {e.Message}\nas base64: {Convert.ToBase64String(bytes)}", e);
            }
        }

        Assert.Equal(1, hub.Count);
        steady.HangUp();
        await steady.Serving;
    }

    /// <summary>Says it all in pieces, hangs up, and listens until the server has ended.</summary>
    /// <returns>The code with which it closed, and how many messages it answered.</returns>
    private static async Task<(int Code, int Answers)> TalkAsync(ListenerHub hub, FakeTimeProvider time, byte[] bytes, Random random)
    {
        using var limit = new CancellationTokenSource(Longest);
        var pipe = HubPipe.Connect(hub);
        var hearing = HearAsync(pipe, limit.Token);
        for (var at = 0; at < bytes.Length;)
        {
            var piece = Math.Min(bytes.Length - at, random.Next(4) switch { 0 => 1, 1 => random.Next(1, 10), 2 => random.Next(1, 200), _ => bytes.Length });
            await pipe.SendAsync(bytes.AsMemory(at, piece));
            at += piece;
            if (random.Next(8) == 0)
            {
                await Task.Yield();
            }
        }

        hub.Publish("player:mlb:1"u8, "{}"u8);
        pipe.HangUp();
        var heard = await hearing;
        while (!pipe.Serving.IsCompleted)
        {
            // Whatever is waited for then is time.
            time.Advance(Second);
            await Task.WhenAny(pipe.Serving, Task.Delay(1, limit.Token));
            limit.Token.ThrowIfCancellationRequested();
        }

        await pipe.Serving;
        return heard;
    }

    private static async Task<(int Code, int Answers)> HearAsync(HubPipe pipe, CancellationToken cancellationToken)
    {
        var answers = -1;
        while (await ServerFrame.ReadAsync(pipe.Heard, cancellationToken) is { } frame)
        {
            if (frame.Opcode == ClientFrame.Close)
            {
                return (frame.Code, answers);
            }

            answers += frame.Opcode == ClientFrame.Text && frame.Json.GetProperty("type").GetString() != "update" ? 1 : 0;
        }

        return (0, answers);
    }

    private static async Task ExpectAsync(HubPipe steady, string type, int? offset)
    {
        using var limit = new CancellationTokenSource(Longest);
        var frame = await ServerFrame.ReadAsync(steady.Heard, limit.Token);
        while (frame?.Opcode == ClientFrame.Ping || frame?.ToString() == "ping")
        {
            frame = await ServerFrame.ReadAsync(steady.Heard, limit.Token);
        }

        Assert.Equal(type, frame?.ToString());
        Assert.True(offset is null || frame!.Json.GetProperty("offset").GetInt32() == offset, $"the listener beside it missed an update: {frame!.Json}");
    }

    /// <summary>Whether a frame of the client may be a close with that code.</summary>
    private static bool Says(byte[] bytes, int code) => Enumerable.Range(0, Math.Max(0, bytes.Length - 7)).Any(i =>
        (bytes[i] & 0x0F) == ClientFrame.Close && bytes[i + 1] >= 0x82 && (((bytes[i + 6] ^ bytes[i + 2]) << 8) | (bytes[i + 7] ^ bytes[i + 3])) == code);

    private static byte[] Bytes(IEnumerable<ClientFrame> frames) => [.. frames.SelectMany(f => f.ToBytes())];
}
