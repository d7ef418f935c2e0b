using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace StreamEngine.Benchmarks;

/// <content>What the suite asks of it.</content>
internal sealed partial class LoadGenerator
{
    private readonly StringBuilder input = new();
    private bool returns;
    private long markedAt;
    private long serverCpu;
    private TimeSpan ownCpu;

    protected override void OnInput()
    {
        Span<byte> bytes = stackalloc byte[256];
        var read = Libc.Read(0, bytes);
        ended = read == 0;
        input.Append(Encoding.ASCII.GetString(bytes[..Math.Max(0, read)]));
        while (input.ToString().IndexOf('\n', StringComparison.Ordinal) is >= 0 and var end)
        {
            var line = input.ToString(0, end);
            input.Remove(0, end + 1);
            Console.WriteLine(line == "mark" ? JsonSerializer.Serialize(Mark()) : Turn(line == "read"));
        }
    }

    private string Turn(bool reads)
    {
        returns |= reads;
        second.ReadsSince = Clock();
        foreach (var listener in listeners.Where(l => l.Group == second))
        {
            listener.IsBehind = reads;
            if (listener.State == ConnectionState.Open)
            {
                Read(listener, reads);
            }
            else if (reads)
            {
                Return(listener);
            }
        }

        return "done";
    }

    /// <summary>As a client does that was cut off, but once only.</summary>
    private void Return(Connection listener)
    {
        if (!listener.HasReturned)
        {
            listener.HasReturned = true;
            listener.Subscribed = 0;
            Connect(listener);
        }
    }

    private LoadWindow Mark()
    {
        var (now, server, own) = (Stopwatch.GetTimestamp(), Libc.CpuOf(spec.Server), Environment.CpuUsage.TotalTime);
        var open = listeners.Where(l => l.State == ConnectionState.Open).ToLookup(l => l.Group);
        var window = new LoadWindow(
            server - serverCpu,
            (own - ownCpu).TotalNanoseconds,
            Stopwatch.GetElapsedTime(markedAt, now).TotalSeconds,
            open.Sum(g => g.Count()),
            first.Take([.. open[first]]),
            second.Take([.. open[second]]),
            new Dictionary<string, int>(ends),
            error);
        (markedAt, serverCpu, ownCpu, error) = (now, server, own, null);
        ends.Clear();
        return window;
    }
}
