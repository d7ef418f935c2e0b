namespace StreamEngine.Benchmarks;

/// <summary>Counts latencies in steps of 10 µs; from two seconds on they count as the longest one.</summary>
internal sealed class Histogram
{
    private const int Step = 10;
    private const int Steps = 2_000_000 / Step;

    private readonly int[] counts = new int[Steps + 1];
    private long longest;

    public long Count { get; private set; }

    public void Add(long microseconds)
    {
        counts[Math.Clamp(microseconds / Step, 0, Steps)]++;
        longest = Math.Max(longest, microseconds);
        Count++;
    }

    public void Clear()
    {
        Array.Clear(counts);
        (Count, longest) = (0, 0);
    }

    public Spread Spread => new(Milliseconds(0.5), Milliseconds(0.99), longest / 1e3);

    private double Milliseconds(double share)
    {
        var left = (long)Math.Ceiling(share * Count);
        for (var step = 0; step < Steps; step++)
        {
            left -= counts[step];
            if (left <= 0)
            {
                return Math.Min(longest, (step + 1) * Step) / 1e3;
            }
        }

        return longest / 1e3;
    }
}

/// <summary>Latencies in milliseconds; zeros when there were none.</summary>
internal sealed record Spread(double P50, double P99, double Max);
