namespace StreamEngine.Benchmarks;

/// <summary>Listeners with one channel each to which nothing is published: what they take of memory and time.</summary>
internal sealed class Idle(FanOutOptions options, FanOutReport report)
{
    private const int WarmingListeners = 500;

    /// <summary>Longer than a heartbeat, so that what follows is as it always will be.</summary>
    private const int SettlingSeconds = 35;

    public void Run()
    {
        var listeners = options.Listeners ?? (options.Quick ? 1000 : 10_000);
        var seconds = options.SecondsOr(60);
        var rounds = options.RoundsOr(3);
        var (settled, collected, cores) = (new List<double>(), new List<double>(), new List<double>());
        var table = new TextTable($"{listeners} idle listeners", "MB before", "MB with them", "KB each", "KB each after a collection", "% of a core", "still open");
        for (var round = 1; round <= rounds; round++)
        {
            report.Progress.Say($"{listeners} idle listeners, round {round} of {rounds}");
            using var server = (ChildServer)ServerProcess.StartHub(listeners);
            new LoadProcess(Spec(server, Math.Min(listeners, WarmingListeners))).Dispose();
            Thread.Sleep(TimeSpan.FromSeconds(1));
            server.Collect();
            Thread.Sleep(TimeSpan.FromSeconds(2));
            var before = Turn.MemoryOf(server.Id);
            using var load = new LoadProcess(Spec(server, listeners));
            Thread.Sleep(TimeSpan.FromSeconds(options.Quick ? 5 : SettlingSeconds));
            var with = Turn.MemoryOf(server.Id);
            load.Mark();
            Thread.Sleep(TimeSpan.FromSeconds(seconds));
            var window = load.Mark();
            server.Collect();
            settled.Add((with - before) * 1e3 / listeners);
            collected.Add((Turn.MemoryOf(server.Id) - before) * 1e3 / listeners);
            cores.Add(window.ServerCpu / window.Seconds / 1e7);
            table.Add(
                $"round {round}",
                FanOutReport.Text(before),
                FanOutReport.Text(with),
                FanOutReport.Text(settled[^1]),
                FanOutReport.Text(collected[^1]),
                FanOutReport.Text(cores[^1], "0.00"),
                FanOutReport.Text(window.Open, "#,0"));
        }

        report.Add(table);
        report.Targets.Add(Target.AtMost("idle: server memory of a listener", 20, FanOutReport.Median(settled), "KB"));
        report.Targets.Add(Target.AtMost("idle: CPU of all of them", 2, FanOutReport.Median(cores), "% of a core"));
    }

    private static LoadSpec Spec(IFanOutServer server, int listeners) => Turn.Spec(server, listeners) with { Channels = listeners };
}
