using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace StreamEngine.Host.Tests.Abuse;

/// <summary>Input at a steady pace: plays, numbered one after the other and spread over a few games, and values of players that only grow.</summary>
/// <remarks>A thread of its own, as those that abuse the host take the thread pool.</remarks>
internal sealed class Feed : IDisposable
{
    public const int Games = 3;
    public const int Players = 20;

    /// <summary>More at once than the host queues for anybody while its memory is full.</summary>
    public const int PlaysInBurst = 60;

    private const int PlaysPerStep = 2;
    private const int LargePerStep = 4;
    private const int StepsPerBurst = 20;

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);
    private static readonly string LargeText = new('x', 4000);

    private readonly long[] writtenAt = new long[1 << 20];
    private readonly long[] values = new long[Players];
    private readonly DateTime start = DateTime.UtcNow;
    private readonly FileStream file;
    private readonly Thread thread;
    private volatile bool isLarge;
    private volatile bool isEnding;
    private long plays;
    private long lines;

    public Feed(string path)
    {
        file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        thread = new Thread(Run) { IsBackground = true, Name = "feed" };
        thread.Start();
    }

    /// <summary>Also writes of channels with large values: events in <c>bulk:*</c>, states in <c>page:*</c>.</summary>
    public bool IsLarge
    {
        get => isLarge;
        set => isLarge = value;
    }

    /// <summary>Plays so far; the last one has this number.</summary>
    public long Plays => Volatile.Read(ref plays);

    /// <summary>The last value of a player.</summary>
    public long Value(int player) => Volatile.Read(ref values[player]);

    /// <summary>When a play was written, as a timestamp.</summary>
    public long WrittenAt(long play) => Volatile.Read(ref writtenAt[play % writtenAt.Length]);

    public void Dispose()
    {
        isEnding = true;
        thread.Join();
        file.Dispose();
    }

    private void Run()
    {
        var text = new StringBuilder();
        var watch = Stopwatch.StartNew();
        for (var step = 1; !isEnding; step++)
        {
            text.Clear();
            var last = plays + (step % StepsPerBurst == 0 ? PlaysInBurst : PlaysPerStep);
            for (var play = plays + 1; play <= last; play++)
            {
                Add(text, "play", play % Games, play, "");
            }

            var player = step % Players;
            Add(text, "player", player, step, "");
            for (var i = 0; isLarge && i < LargePerStep; i++)
            {
                Add(text, "bulk", i, lines, LargeText);
                Add(text, "page", i, lines, LargeText);
            }

            var now = Stopwatch.GetTimestamp();
            for (var play = plays + 1; play <= last; play++)
            {
                Volatile.Write(ref writtenAt[play % writtenAt.Length], now);
            }

            file.Write(Encoding.UTF8.GetBytes(text.ToString()));
            Volatile.Write(ref plays, last);
            Volatile.Write(ref values[player], step);
            if ((step * Step) - watch.Elapsed is { Ticks: > 0 } rest)
            {
                Thread.Sleep(rest);
            }
        }
    }

    private void Add(StringBuilder to, string type, long id, long number, string text) => to.Append(
        CultureInfo.InvariantCulture,
        $$"""{"type":"{{type}}","id":{{id}},"n":{{number}},"text":"{{text}}","at":"{{start.AddTicks(100 * ++lines):yyyy-MM-ddTHH:mm:ss.fffffffZ}}"}""").Append('\n');
}
