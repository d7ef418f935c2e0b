namespace StreamEngine.Benchmarks;

/// <summary>One measurement: listeners connect to a server, it publishes for a while, of which the end is measured, and everything is counted.</summary>
/// <param name="Window">What was measured.</param>
/// <param name="Hiccups">How late a thread woke that had to keep the same time.</param>
/// <param name="Expected">Deliveries that there should have been, the warm-up's included.</param>
/// <param name="Delivered">And were.</param>
/// <param name="Missed">Offsets that were left out, the warm-up's included.</param>
/// <param name="Repeated">Offsets that came twice.</param>
/// <param name="Megabytes">The server's memory at the end.</param>
internal sealed record Turn(LoadWindow Window, Spread Hiccups, long Expected, long Delivered, long Missed, long Repeated, double Megabytes)
{
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    /// <summary>Processor time of the server per delivery, in microseconds.</summary>
    public double Cpu => Window.ServerCpu / Math.Max(1, Window.Deliveries) / 1e3;

    /// <summary>Processor time of the load generator per delivery, in microseconds.</summary>
    public double LoadCpu => Window.OwnCpu / Math.Max(1, Window.Deliveries) / 1e3;

    /// <summary>Cores that the server kept busy.</summary>
    public double Cores => Window.ServerCpu / Window.Seconds / 1e9;

    public static LoadSpec Spec(IFanOutServer server, int listeners) => new(server.Id, server.Port, server.Path, server.Dialect, listeners);

    public static Turn Measure(IFanOutServer server, LoadSpec spec, double rate, TimeSpan warmUp, int seconds)
    {
        using var load = new LoadProcess(spec);
        Thread.Sleep(Settling);
        load.Mark();
        server.Publish(rate, spec.Channels);
        Thread.Sleep(warmUp);
        var before = load.Mark();
        using var hiccups = new Hiccups(rate);
        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        var window = load.Mark();
        var late = hiccups.Stop();
        var published = server.Pause();
        LoadWindow[] all = [before, window, .. load.Drain()];
        return new Turn(
            window,
            late,
            spec.Expected(published),
            all.Sum(w => w.Deliveries),
            all.Sum(w => w.First.Missed),
            all.Sum(w => w.First.Repeated),
            MemoryOf(server.Id));
    }

    /// <summary>Memory that a process occupies, in megabytes.</summary>
    public static double MemoryOf(int process)
    {
        var line = File.ReadLines($"/proc/{process}/smaps_rollup").First(l => l.StartsWith("Rss:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan("Rss:".Length, line.Length - "Rss:".Length - "kB".Length).Trim(), System.Globalization.CultureInfo.InvariantCulture) * 1024 / 1e6;
    }
}
