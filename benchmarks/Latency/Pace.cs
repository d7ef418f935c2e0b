using System.Diagnostics;

namespace StreamEngine.Benchmarks;

/// <summary>
/// An open loop: when each update is due was settled before, whatever became of those before it, and its latency counts from
/// then. So an engine that stalls pays for every update that fell due meanwhile.
/// </summary>
internal sealed class Pace
{
    /// <summary>Room that a line needs.</summary>
    public const int MaxLine = 512;

    private const double Settling = 0.2;

    /// <summary>From so many a second on they come sooner one after the other than a sleep lasts.</summary>
    private const double Dense = 10_000;

    private readonly Schedule schedule;
    private readonly bool isDense;
    private readonly byte[][] lines;
    private readonly int[] times;
    private readonly long[] late;
    private int arrived;

    /// <param name="input">Whose good lines are sent, over and over, each with a time of its own.</param>
    /// <param name="perSecond">How many are due in a second.</param>
    /// <param name="seconds">For how long.</param>
    public Pace(string input, double perSecond, double seconds)
    {
        schedule = new Schedule(perSecond);
        isDense = perSecond >= Dense && OperatingSystem.IsLinux();
        Count = (int)(perSecond * seconds);
        lines = [.. File.ReadLines(input).Take(100_000).Where(IsGood).Select(System.Text.Encoding.UTF8.GetBytes)];
        times = [.. lines.Select(l => l.AsSpan().IndexOf("\"at\":\""u8) + 6)];
        late = new long[Count];
        Start();

        // Else a collection in the middle of the run would have all these lines to move.
        GC.Collect();
    }

    /// <summary>How many updates there are.</summary>
    public int Count { get; }

    /// <summary>From now on time counts.</summary>
    public void Start()
    {
        schedule.Start();
        arrived = 0;
    }

    /// <summary>When an update is due.</summary>
    public long Due(int index) => schedule.Due(index);

    /// <summary>
    /// Waits for an update's time. Where updates come apart it does not sleep for the last two milliseconds: a sleep may last one too
    /// long. Where they come close after each other it sleeps, as whoever sends so many would, and leaves its core to others; some are
    /// late then, which counts.
    /// </summary>
    /// <returns>The time then.</returns>
    public long WaitFor(int index)
    {
        if (isDense)
        {
            schedule.SleepUntil(index);
            return Stopwatch.GetTimestamp();
        }

        var due = Due(index);
        while (true)
        {
            var now = Stopwatch.GetTimestamp();
            if (now >= due)
            {
                return now;
            }

            Thread.Sleep(due - now > Stopwatch.Frequency / 500 ? 1 : 0);
        }
    }

    /// <summary>Writes an update's line.</summary>
    /// <returns>Its length.</returns>
    public int Write(int index, Span<byte> to)
    {
        var line = index % lines.Length;
        lines[line].CopyTo(to);
        OutputBuffer.WriteTime(Lines.Now(index).Ticks, to[times[line]..]);
        return lines[line].Length;
    }

    /// <summary>An update that was due at some time has come out. Not for two threads at once.</summary>
    public void Arrived(long due)
    {
        if (arrived < late.Length)
        {
            late[arrived++] = Stopwatch.GetTimestamp() - due;
        }
    }

    /// <summary>The latencies in microseconds, those of the first fifth left out.</summary>
    public Latencies Latencies() => new([.. late.AsSpan((int)(arrived * Settling)..arrived).ToArray().Select(t => t * 1e6 / Stopwatch.Frequency).Order()]);

    private static bool IsGood(string line) => line.StartsWith("{\"id\":", StringComparison.Ordinal) && line.EndsWith('}')
        && line.Contains("\"at\":\"2025-", StringComparison.Ordinal) && !line.Contains(":,", StringComparison.Ordinal) && !line.Contains('\uFFFD', StringComparison.Ordinal);
}

/// <summary>Latencies in microseconds, sorted.</summary>
internal sealed class Latencies(double[] sorted)
{
    public int Count => sorted.Length;

    public double Max => sorted is [] ? double.PositiveInfinity : sorted[^1];

    /// <summary>The latency that so large a share of the updates kept within.</summary>
    public double At(double share) => sorted is [] ? double.PositiveInfinity : sorted[(int)Math.Min(sorted.Length - 1, Math.Ceiling(share * sorted.Length) - 1)];
}
