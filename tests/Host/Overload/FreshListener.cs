using System.Diagnostics;
using System.Text.Json;

namespace StreamEngine.Host.Tests.Overload;

/// <summary>Listens to one player, and measures how long it is left without news.</summary>
internal sealed class FreshListener : FrameReader
{
    private readonly Lock gate = new();
    private long last = Stopwatch.GetTimestamp();
    private TimeSpan longest;
    private long number = -1;
    private long pings;
    private long frames;

    /// <summary>The player's last number.</summary>
    public long Number => Interlocked.Read(ref number);

    /// <summary>Heartbeats so far.</summary>
    public long Pings => Interlocked.Read(ref pings);

    public static async Task<FreshListener> ConnectAsync(Uri host, int player)
    {
        var listener = new FreshListener();
        await listener.StartAsync(host, $"player:mlb:{player}");
        return listener;
    }

    /// <summary>Begins to measure anew.</summary>
    public void Restart()
    {
        lock (gate)
        {
            (longest, last, frames) = (TimeSpan.Zero, Stopwatch.GetTimestamp(), 0);
        }
    }

    /// <summary>The longest time without news, up to now, and how many there were.</summary>
    public (TimeSpan Longest, long Updates) Measure()
    {
        lock (gate)
        {
            var now = Stopwatch.GetElapsedTime(last);
            return (now > longest ? now : longest, frames);
        }
    }

    protected override void Note(JsonElement frame)
    {
        switch (frame.GetProperty("type").GetString())
        {
            case "ping":
                Interlocked.Increment(ref pings);
                break;
            case "update":
                var found = frame.GetProperty("data").GetProperty("fields").GetProperty("atBats").GetInt64();
                Assert.True(found >= Number, $"{found} after {Number}");
                Interlocked.Exchange(ref number, found);
                lock (gate)
                {
                    var gap = Stopwatch.GetElapsedTime(last);
                    longest = gap > longest ? gap : longest;
                    last = Stopwatch.GetTimestamp();
                    frames++;
                }

                break;
        }
    }
}
