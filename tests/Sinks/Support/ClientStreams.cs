using System.Text;
using StreamEngine.Tests;

namespace StreamEngine.Sinks.Tests.Support;

/// <summary>What a client may send on a connection, by chance: as it should be, or with broken frames.</summary>
internal sealed class ClientStreams(Random random)
{
    private static readonly byte[][] Messages =
    [
        .. new[]
        {
            """{"type":"ping"}""",
            """{"type":"subscribe","id":1,"channel":"player:mlb:*"}""",
            """{"type":"subscribe","id":"é€😀","channel":"player:mlb:1","since":{"epoch":"k3","offset":118}}""",
            """{"type":"subscribe","channel":"game:*","since":{"game:1":{"epoch":"k3","offset":1}}}""",
            """{"type":"subscribe","player_id":"660271","sport":"mlb"}""",
            """{"type":"unsubscribe","id":3,"channel":"player:mlb:*"}""",
            """{"type":"shout"}""",
            "no json",
            "",
            "\"" + new string('ü', 1000) + "\"",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] NoText = [[0xFF], [0x80], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]];
    private static readonly ulong[] Lengths = [0, 1, 125, 126, 127, 128, 4096, 4097, 65535, 65536, 1UL << 31, 1UL << 32, long.MaxValue, 1UL << 63, ulong.MaxValue];
    private static readonly int[] Codes = [0, 999, 1000, 1001, 1004, 1005, 1006, 1011, 1015, 2000, 3000, 4000, 4999, 5000];

    /// <summary>A conversation that breaks no rule, and how many of its messages are answered.</summary>
    public (List<ClientFrame> Frames, int Answers) Sound()
    {
        var frames = new List<ClientFrame>();
        var count = random.Next(1, 8);
        for (var i = 0; i < count; i++)
        {
            Say(frames, Messages[random.Next(Messages.Length)]);
            Maybe(frames);
        }

        frames.Add(new ClientFrame(ClientFrame.Close, [3, 232]) { Mask = Mask() });
        return (frames, count);
    }

    /// <summary>A conversation with some broken frames.</summary>
    public List<ClientFrame> Broken()
    {
        var frames = Sound().Frames;
        for (var times = random.Next(1, 4); times > 0 && frames.Count > 0; times--)
        {
            var at = random.Next(frames.Count);
            var frame = frames[at];
            switch (random.Next(13))
            {
                case 0:
                    frames[at] = frame with { Final = !frame.Final };
                    break;
                case 1:
                    frames[at] = frame with { Opcode = random.Next(2) == 0 ? ClientFrame.Binary : random.Next(16) };
                    break;
                case 2:
                    frames[at] = frame with { Reserved = random.Next(8) };
                    break;
                case 3:
                    frames[at] = frame with { Mask = null };
                    break;
                case 4:
                    frames[at] = frame with { LengthBytes = random.Next(3) switch { 0 => 0, 1 => 2, _ => 8 } };
                    break;
                case 5:
                    frames[at] = frame with { Length = random.Next(3) == 0 ? (ulong)Math.Max(0, frame.Payload.Length + random.Next(-1, 2)) : Lengths[random.Next(Lengths.Length)] };
                    break;
                case 6:
                    frames.RemoveAt(at);
                    break;
                case 7:
                    frames.Insert(at, frame);
                    break;
                case 8:
                    frames.Add(frame);
                    frames.RemoveAt(at);
                    break;
                case 9:
                    frames.Insert(at, new ClientFrame(random.Next(8, 16), new byte[random.Next(131)]));
                    break;
                case 10:
                    frames.Insert(at, ClientFrame.OfClose(Codes[random.Next(Codes.Length)], new string('r', random.Next(130))));
                    break;
                case 11:
                    var cut = random.Next(frame.Payload.Length + 1);
                    frames[at] = frame with { Payload = [.. frame.Payload[..cut], .. NoText[random.Next(NoText.Length)], .. frame.Payload[cut..]] };
                    break;
                default:
                    frames[at] = frame with { Payload = [.. frame.Payload, .. Enumerable.Repeat((byte)' ', random.Next(6000))] };
                    break;
            }
        }

        return frames;
    }

    /// <summary>One message, in as many frames as it happens.</summary>
    private void Say(List<ClientFrame> frames, byte[] text)
    {
        var from = 0;
        while (random.Next(3) == 0)
        {
            var to = random.Next(from, text.Length + 1);
            Add(text[from..to], isFinal: false);
            Maybe(frames);
            from = to;
        }

        Add(text[from..], isFinal: true);

        void Add(byte[] part, bool isFinal) =>
            frames.Add(new ClientFrame(frames.FindLast(f => f.Opcode < ClientFrame.Close) is { Final: false } ? ClientFrame.Continuation : ClientFrame.Text, part) { Final = isFinal, Mask = Mask() });
    }

    private void Maybe(List<ClientFrame> frames)
    {
        if (random.Next(4) == 0)
        {
            var payload = new byte[random.Next(126)];
            random.NextBytes(payload);
            frames.Add(new ClientFrame(random.Next(2) == 0 ? ClientFrame.Ping : ClientFrame.Pong, payload) { Mask = Mask() });
        }
    }

    /// <summary>A mask of zeros is one too, and lets mutations of bytes hit the text.</summary>
    private uint Mask() => random.Next(2) == 0 ? 0 : (uint)random.NextInt64(uint.MaxValue + 1L);
}
