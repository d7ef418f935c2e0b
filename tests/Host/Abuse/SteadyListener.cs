using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using StreamEngine.Tests;

namespace StreamEngine.Host.Tests.Abuse;

/// <summary>A listener that behaves: it wants all plays and players, reads whatever comes, answers pings, and notes what it did not get.</summary>
/// <remarks>A thread of its own that reads from the socket itself, so that what it measures is the host's doing.</remarks>
internal sealed class SteadyListener : IDisposable
{
    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 1 << 20 };
    private readonly Lock gate = new();
    private readonly Feed feed;
    private readonly Thread thread;
    private readonly List<string> faults = [];
    private readonly List<double> late = [];
    private readonly (long Offset, long Number)[] games = new (long, long)[Feed.Games];
    private readonly long[] values = new long[Feed.Players];
    private readonly byte[] buffer = new byte[256 << 10];
    private volatile bool isLeaving;
    private int begin;
    private int end;

    public SteadyListener(Uri host, Feed feed)
    {
        this.feed = feed;
        socket.Connect(IPAddress.Loopback, host.Port);
        socket.Send(Encoding.ASCII.GetBytes(RawListener.Request(AbuseWorld.WebSocket)));
        thread = new Thread(Run) { IsBackground = true, Name = "steady listener" };
        thread.Start();
    }

    /// <summary>What should not have been.</summary>
    public IReadOnlyList<string> Faults
    {
        get
        {
            lock (gate)
            {
                return [.. faults];
            }
        }
    }

    /// <summary>Whether it has every play up to a number, and of each player a value that is not older.</summary>
    public bool Has(long play, IReadOnlyList<long> players)
    {
        lock (gate)
        {
            return games.All(g => g.Number > play - Feed.Games) && values.Zip(players).All(v => v.First >= v.Second);
        }
    }

    /// <summary>How late it got each play since this was last asked, in milliseconds, sorted.</summary>
    public IReadOnlyList<double> TakeLatencies()
    {
        lock (gate)
        {
            double[] taken = [.. late.Order()];
            late.Clear();
            return taken;
        }
    }

    public void Dispose()
    {
        isLeaving = true;
        socket.Dispose();
        thread.Join();
    }

    private void Run()
    {
        try
        {
            int head;
            while ((head = buffer.AsSpan(0, end).IndexOf("\r\n\r\n"u8)) < 0)
            {
                Receive();
            }

            begin = head + 4;
            Send(ClientFrame.OfText("""{"type":"subscribe","channel":"play:*"}"""));
            Send(ClientFrame.OfText("""{"type":"subscribe","channel":"player:*"}"""));
            while (Read())
            {
            }
        }
        catch (Exception e)
        {
            if (!isLeaving)
            {
                Fault(e.Message);
            }
        }
    }

    /// <returns>False when it was the last one.</returns>
    private bool Read()
    {
        Fill(2);
        var (opcode, length, head) = (buffer[begin] & 0x0F, buffer[begin + 1] & 0x7F, 2);
        if (length == 126)
        {
            Fill(4);
            (length, head) = (BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(begin + 2)), 4);
        }

        Fill(head + length);
        var payload = buffer.AsSpan(begin + head, length);
        begin += head + length;
        switch (opcode)
        {
            case ClientFrame.Ping:
                Send(new ClientFrame(ClientFrame.Pong, payload.ToArray()));
                return true;
            case ClientFrame.Text:
                Note(JsonElement.Parse(payload));
                return true;
            default:
                Fault($"frame of type {opcode}: {(length < 2 ? "" : BinaryPrimitives.ReadUInt16BigEndian(payload))} {Encoding.UTF8.GetString(payload[Math.Min(2, length)..])}");
                return false;
        }
    }

    private void Note(JsonElement frame)
    {
        switch (frame.GetProperty("type").GetString())
        {
            case "update":
                var number = frame.GetProperty("data").GetProperty("fields").GetProperty("n").GetInt64();
                var channel = frame.GetProperty("channel").GetString()!.Split(':');
                var id = int.Parse(channel[2], provider: null);
                lock (gate)
                {
                    if (channel[0] == "play")
                    {
                        Play(id, frame.GetProperty("offset").GetInt64(), number);
                    }
                    else
                    {
                        values[id] = number;
                    }
                }

                break;
            case "ping" or "connection_established" or "subscribed":
                break;
            default:
                Fault(frame.GetRawText());
                break;
        }
    }

    private void Play(int game, long offset, long number)
    {
        if (games[game] is { Offset: > 0 } last && (offset, number) != (last.Offset + 1, last.Number + Feed.Games))
        {
            faults.Add($"play {number} at {offset} after {last}");
        }

        games[game] = (offset, number);
        late.Add(Stopwatch.GetElapsedTime(feed.WrittenAt(number)).TotalMilliseconds);
    }

    private void Fault(string words)
    {
        lock (gate)
        {
            faults.Add(words);
        }
    }

    private void Send(ClientFrame frame) => socket.Send(frame.ToBytes());

    private void Fill(int length)
    {
        while (end - begin < length)
        {
            if (begin > 0)
            {
                buffer.AsSpan(begin, end - begin).CopyTo(buffer);
                (begin, end) = (0, end - begin);
            }

            Receive();
        }
    }

    private void Receive()
    {
        var read = socket.Receive(buffer.AsSpan(end));
        end += read > 0 ? read : throw new EndOfStreamException("the connection ended without a close frame");
    }
}
