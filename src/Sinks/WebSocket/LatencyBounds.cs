namespace StreamEngine.Sinks.WebSockets;

/// <summary>The buckets of the histogram of broadcast latency.</summary>
internal static class LatencyBounds
{
    private static readonly double[] Bounds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.1, 0.25, 0.5, 1, 5];

    /// <summary>Upper bounds, in seconds.</summary>
    public static IReadOnlyList<double> Seconds => Bounds;

    /// <summary>How many there are.</summary>
    public static int Count => Bounds.Length;

    /// <summary>The bucket of a latency.</summary>
    public static int IndexOf(TimeSpan latency)
    {
        var seconds = latency.TotalSeconds;
        var i = 0;
        while (i < Bounds.Length && seconds > Bounds[i])
        {
            i++;
        }

        return i;
    }
}
