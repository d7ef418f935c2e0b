namespace StreamEngine.Pipeline.Runtime;

/// <summary>The last durations of something; tells percentiles without keeping everything. Any thread may add.</summary>
internal sealed class LatencyRing
{
    private readonly double[] last = new double[512];
    private long count;

    public void Add(double milliseconds)
    {
        last[(Interlocked.Increment(ref count) - 1) % last.Length] = milliseconds;
    }

    /// <summary>The value that 99 of 100 don't exceed, in milliseconds; 0 when there is none.</summary>
    public double P99()
    {
        var have = (int)Math.Min(Volatile.Read(ref count), last.Length);
        if (have == 0)
        {
            return 0;
        }

        var sorted = last.AsSpan(0, have).ToArray();
        Array.Sort(sorted);
        return sorted[(int)Math.Ceiling(have * 0.99) - 1];
    }
}

/// <summary>Records per second over the last seconds, sampled once a second.</summary>
internal sealed class RateMeter
{
    private const double Smoothing = 0.3;
    private long lastTotal;
    private double rate;

    public double Rate => Volatile.Read(ref rate);

    /// <summary>Takes a sample.</summary>
    /// <param name="total">Records so far; fewer than before when the books were begun anew.</param>
    /// <param name="elapsed">Time since the last sample.</param>
    public void Sample(long total, TimeSpan elapsed)
    {
        if (elapsed > TimeSpan.Zero)
        {
            Volatile.Write(ref rate, rate + (Smoothing * (((total < lastTotal ? total : total - lastTotal) / elapsed.TotalSeconds) - rate)));
            lastTotal = total;
        }
    }
}
