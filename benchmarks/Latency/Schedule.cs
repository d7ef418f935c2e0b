using System.Diagnostics;

namespace StreamEngine.Benchmarks;

/// <summary>When things fall due that happen at a fixed rate.</summary>
/// <param name="perSecond">How many in a second.</param>
internal sealed class Schedule(double perSecond)
{
    private readonly double interval = Stopwatch.Frequency / perSecond;
    private long start;

    /// <summary>From now on time counts; the first is due in a tenth of a second.</summary>
    public void Start() => start = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 10);

    /// <summary>When one is due, as a time of <see cref="Stopwatch"/>.</summary>
    public long Due(long index) => start + (long)(index * interval);

    /// <summary>
    /// Sleeps until one is due and never spins: where the processor time of the process is measured, that would be counted
    /// too. Linux only.
    /// </summary>
    /// <returns>How late it is then, in microseconds.</returns>
    public long SleepUntil(long index)
    {
        while (true)
        {
            var left = Due(index) - Stopwatch.GetTimestamp();
            if (left <= 0)
            {
                return -left * 1_000_000 / Stopwatch.Frequency;
            }

            Libc.Sleep(left * 1_000_000_000 / Stopwatch.Frequency);
        }
    }
}
