using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using StreamEngine.Tests;

namespace StreamEngine.Host.Tests.Abuse;

/// <summary>What one of a storm's connections does from its connect to its end, and what the host should say to it.</summary>
/// <param name="Name">In a few words.</param>
/// <param name="Weight">How many of a hundred do it.</param>
/// <param name="Request">The bytes that it begins with.</param>
/// <param name="Frames">What it sends when it has got its WebSocket; null when it asks for none.</param>
/// <param name="Answer">How the host ends it.</param>
internal sealed record Visit(string Name, int Weight, byte[] Request, byte[]? Frames, string Answer)
{
    /// <summary>The connection ended without a word.</summary>
    public const string Nothing = "nothing";

    /// <summary>It was the visitor that broke off.</summary>
    public const string BrokeOff = "subscribed, broke off";

    private const string Gone = "broke off";
    private const string TooMany = "4029";
    private const string Busy = "HTTP 503";

    private static readonly byte[] Handshake = Encoding.ASCII.GetBytes(RawListener.Request(AbuseWorld.WebSocket));
    private static readonly ClientFrame Subscribe = ClientFrame.OfText("""{"type":"subscribe","channel":"player:mlb:1"}""");
    private static readonly ClientFrame Leave = ClientFrame.OfClose(1000);

    public static IReadOnlyList<Visit> All { get; } =
    [
        Socket("subscribes, says goodbye", 40, "1000", Subscribe, Leave),
        Socket("subscribes, breaks off", 20, BrokeOff, Subscribe),
        Socket("message too long", 5, "1009", ClientFrame.OfText(new string('x', AbuseWorld.MaxMessage + 1))),
        Socket("no mask", 4, "1002", Subscribe with { Mask = null }),
        Socket("reserved opcode", 4, "1002", new ClientFrame(5, [])),
        Socket("no UTF-8", 4, "1007", new ClientFrame(ClientFrame.Text, [0xC3, 0x28])),
        Socket("binary", 4, "4000", new ClientFrame(ClientFrame.Binary, [1])),
        Socket("5 of bad JSON", 4, "1000 after 5 errors", [.. Enumerable.Repeat(ClientFrame.OfText("{"), 5), Leave]),
        Socket("25 subscriptions", 4, "1000 after 5 errors", [.. Enumerable.Range(0, AbuseWorld.MaxSubscriptions + 5).Select(i => ClientFrame.OfText($$"""{"type":"subscribe","channel":"nothing:{{i}}"}""")), Leave]),
        new Visit("half a request, breaks off", 3, Handshake[..^20], null, Gone),
        new Visit("WebSocket of another version", 4, Encoding.ASCII.GetBytes(RawListener.Request(AbuseWorld.WebSocket, "Sec-WebSocket-Version: 12")), null, "HTTP 426"),
        new Visit("plain request", 4, Encoding.ASCII.GetBytes($"GET {AbuseWorld.Api}/channels HTTP/1.1\r\nHost: localhost\r\n\r\n"), null, "HTTP 200"),
    ];

    /// <summary>Whether it may be answered so: as it should, or refused because too many are there.</summary>
    public bool Allows(string answer) => answer == Answer || answer == Busy || (Frames is not null && answer == TooMany);

    /// <summary>Makes the visit.</summary>
    /// <param name="server">Where to.</param>
    /// <param name="from">The address that it comes from.</param>
    /// <param name="stay">How long it stays before it says or does what ends it.</param>
    /// <param name="cancellationToken">Ends it anyway.</param>
    /// <returns>What it was answered.</returns>
    public async Task<string> MakeAsync(Uri server, IPAddress from, TimeSpan stay, CancellationToken cancellationToken)
    {
        // It hangs up at once: ports that wait would run out.
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new LingerOption(enable: true, seconds: 0) };
        var received = new Received(socket);
        try
        {
            socket.Bind(new IPEndPoint(from, 0));
            await socket.ConnectAsync(IPAddress.Loopback, server.Port, cancellationToken);
            await socket.SendAsync(Request, cancellationToken);
            if (Answer == Gone)
            {
                await Task.Delay(stay, cancellationToken);
                return Gone;
            }

            var status = await received.StatusAsync(cancellationToken);
            if (status != 101 || Frames is null)
            {
                return $"HTTP {status}";
            }

            await Task.Delay(stay, cancellationToken);
            await socket.SendAsync(Frames, cancellationToken);
            return await EndAsync(received, cancellationToken);
        }
        catch (Exception e) when (e is SocketException or EndOfStreamException)
        {
            return received.Code is > 0 and var code ? Words(code, received.Errors) : Nothing;
        }
    }

    private static Visit Socket(string name, int weight, string answer, params ClientFrame[] frames) =>
        new(name, weight, Handshake, [.. frames.SelectMany(f => f.ToBytes())], answer);

    private static string Words(int code, int errors) => code switch
    {
        1000 when errors > 0 => $"1000 after {errors} errors",
        _ => code.ToString(provider: null),
    };

    private async Task<string> EndAsync(Received received, CancellationToken cancellationToken)
    {
        while (await received.NextAsync(cancellationToken))
        {
            if (Answer == BrokeOff && received.IsSubscribed)
            {
                return BrokeOff;
            }
        }

        return Words(received.Code, received.Errors);
    }

    /// <summary>What came.</summary>
    private sealed class Received(Socket socket)
    {
        private byte[] buffer = new byte[2048];
        private int begin;
        private int end;

        /// <summary>Of the close frame; 0 while there is none.</summary>
        public int Code { get; private set; }

        public int Errors { get; private set; }

        public bool IsSubscribed { get; private set; }

        /// <summary>Reads the head of the answer.</summary>
        public async ValueTask<int> StatusAsync(CancellationToken cancellationToken)
        {
            int head;
            while ((head = buffer.AsSpan(0, end).IndexOf("\r\n\r\n"u8)) < 0)
            {
                await MoreAsync(cancellationToken);
            }

            begin = head + 4;
            return int.Parse(buffer.AsSpan("HTTP/1.1 ".Length, 3), provider: null);
        }

        /// <summary>Reads the next frame.</summary>
        /// <returns>False when it is a close frame.</returns>
        public async ValueTask<bool> NextAsync(CancellationToken cancellationToken)
        {
            await FillAsync(2, cancellationToken);
            var (opcode, length, head) = (buffer[begin] & 0x0F, buffer[begin + 1] & 0x7F, 2);
            if (length == 126)
            {
                await FillAsync(4, cancellationToken);
                (length, head) = (BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(begin + 2)), 4);
            }

            await FillAsync(head + length, cancellationToken);
            var payload = buffer.AsMemory(begin + head, length);
            begin += head + length;
            if (opcode == ClientFrame.Text)
            {
                var type = JsonElement.Parse(payload.Span).GetProperty("type").GetString();
                Errors += type == "error" ? 1 : 0;
                IsSubscribed |= type == "subscribed";
            }
            else if (opcode == ClientFrame.Close)
            {
                Code = length < 2 ? 1005 : BinaryPrimitives.ReadUInt16BigEndian(payload.Span);
            }

            return opcode != ClientFrame.Close;
        }

        private async ValueTask FillAsync(int length, CancellationToken cancellationToken)
        {
            while (end - begin < length)
            {
                await MoreAsync(cancellationToken);
            }
        }

        private async ValueTask MoreAsync(CancellationToken cancellationToken)
        {
            if (end == buffer.Length)
            {
                Array.Resize(ref buffer, 2 * buffer.Length);
            }

            var read = await socket.ReceiveAsync(buffer.AsMemory(end), cancellationToken);
            end += read > 0 ? read : throw new EndOfStreamException();
        }
    }
}
