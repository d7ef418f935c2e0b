namespace StreamEngine.Benchmarks;

/// <summary>What the load generator saw since it was last asked.</summary>
/// <param name="ServerCpu">Processor time of the server, in nanoseconds.</param>
/// <param name="OwnCpu">Processor time of the load generator, in nanoseconds.</param>
/// <param name="Seconds">How long that was.</param>
/// <param name="Open">Connections open now.</param>
/// <param name="First">Listeners that always read.</param>
/// <param name="Second">Listeners that may have stopped reading for a while.</param>
/// <param name="Ends">How connections ended, and how many so.</param>
/// <param name="Error">The first error frame.</param>
internal sealed record LoadWindow(double ServerCpu, double OwnCpu, double Seconds, int Open, GroupWindow First, GroupWindow Second, IReadOnlyDictionary<string, int> Ends, string? Error)
{
    public long Deliveries => First.Deliveries + Second.Deliveries;

    /// <summary>How connections ended, in words.</summary>
    public string Ways() => Ends.Count == 0 ? "none ended" : string.Join(", ", Ends.OrderByDescending(e => e.Value).Select(e => $"{e.Value} x {e.Key}"));
}

/// <summary>What a group of listeners got.</summary>
/// <param name="Deliveries">Updates, each listener's counted.</param>
/// <param name="Missed">Offsets that were left out.</param>
/// <param name="Repeated">Offsets that didn't grow.</param>
/// <param name="Lagging">Frames that told of conflated updates.</param>
/// <param name="Latency">From the time an update was due.</param>
/// <param name="OldestLast">Of the last update that each has, the oldest time; microseconds since 1970.</param>
/// <param name="NewestLast">And the newest.</param>
/// <param name="LowestOffset">Of the last offset that each has in its first channel, the lowest.</param>
/// <param name="HighestOffset">And the highest.</param>
/// <param name="Behind">Listeners that read again and have not caught up.</param>
/// <param name="CaughtUp">How long the slowest needed to get an update less than a second old, in milliseconds.</param>
internal sealed record GroupWindow(
    long Deliveries,
    long Missed,
    long Repeated,
    long Lagging,
    Spread Latency,
    long OldestLast,
    long NewestLast,
    long LowestOffset,
    long HighestOffset,
    int Behind,
    double CaughtUp);
