namespace StreamEngine.Benchmarks;

/// <summary>Each update goes to all listeners: the hub beside the peers that are installed, in turn.</summary>
internal sealed class ToAll(FanOutOptions options, FanOutReport report, string scratch)
{
    private readonly Dictionary<string, List<Turn>> turns = [];

    public void Run(int usualRate)
    {
        var listeners = options.Listeners ?? 1000;
        var rate = options.Rate ?? usualRate;
        var seconds = options.SecondsOr(10);
        var rounds = options.RoundsOr(3);
        string?[] missing = [Nchan.Missing, NodeWs.Missing(options.Ws)];
        var servers = new List<IFanOutServer>();
        try
        {
            servers.Add(ServerProcess.StartHub(listeners));
            servers.AddRange(missing[0] is null ? [Nchan.Start(scratch)] : []);
            servers.Add(ServerProcess.StartSignalR());
            servers.AddRange(missing[1] is null ? [NodeWs.Start(options.Ws, scratch)] : []);
            for (var round = 1; round <= rounds; round++)
            {
                foreach (var server in servers)
                {
                    report.Progress.Say($"{rate}/s to {listeners} listeners, round {round} of {rounds}: {server.Name}");
                    var turn = Turn.Measure(server, Turn.Spec(server, listeners), rate, options.WarmUp, seconds);
                    turns.TryAdd(server.Name, []);
                    turns[server.Name].Add(turn);
                }
            }

            Show(rate, listeners, servers);
        }
        finally
        {
            servers.ForEach(s => s.Dispose());
        }

        foreach (var peer in missing.OfType<string>())
        {
            report.Add(peer);
        }
    }

    private void Show(int rate, int listeners, List<IFanOutServer> servers)
    {
        static string Text(double value) => FanOutReport.Text(value);
        var table = new TextTable(
            $"{rate} updates/s to each of {listeners} listeners", "CPU µs/delivery", "min..max", "x Nchan", "p50 ms", "p99 ms", "max ms", "delivered", "cores", "MB", "load µs/delivery");
        foreach (var (name, all) in turns)
        {
            table.Add(
                name,
                FanOutReport.Text(Median(name, t => t.Cpu), "0.00"),
                FanOutReport.Text(all.Min(t => t.Cpu), "0.00") + ".." + FanOutReport.Text(all.Max(t => t.Cpu), "0.00"),
                turns.ContainsKey("Nchan") ? FanOutReport.Text(Ratio(name, "Nchan"), "0.00") : "",
                Text(Median(name, t => t.Window.First.Latency.P50)),
                Text(Median(name, t => t.Window.First.Latency.P99)),
                Text(all.Max(t => t.Window.First.Latency.Max)),
                FanOutReport.Text(all.Sum(t => t.Delivered) * 100.0 / all.Sum(t => t.Expected), "0.00") + "%",
                FanOutReport.Text(Median(name, t => t.Cores), "0.00"),
                FanOutReport.Text(Median(name, t => t.Megabytes), "0"),
                FanOutReport.Text(Median(name, t => t.LoadCpu), "0.00"));
        }

        var every = turns.Values.SelectMany(t => t).ToList();
        table.Add(
            "nothing (how late a timer wakes)",
            "",
            "",
            "",
            Text(FanOutReport.Median(every.Select(t => t.Hiccups.P50))),
            Text(FanOutReport.Median(every.Select(t => t.Hiccups.P99))),
            Text(every.Max(t => t.Hiccups.Max)),
            "",
            "",
            "",
            "");
        report.Add(table);
        report.AddEnds(turns);
        var own = servers[0].Name;
        var title = $"{rate}/s to all: ";
        if (turns.ContainsKey("Nchan"))
        {
            report.Targets.Add(Target.AtMost(title + "CPU per delivery against Nchan's", rate > 100 ? 0.35 : 1.5, Ratio(own, "Nchan")));
        }

        report.Targets.Add(Target.AtMost(title + "CPU per delivery against SignalR's", 1, Ratio(own, "SignalR")));
        report.Targets.Add(Target.AtMost(title + "p99 publish to receive", 60, Median(own, t => t.Window.First.Latency.P99), "ms"));
    }

    private double Median(string name, Func<Turn, double> of) => FanOutReport.Median(turns[name].Select(of));

    /// <summary>The median of each round's own ratio: a busy machine slows all of a round.</summary>
    private double Ratio(string name, string to) => FanOutReport.Median(turns[name].Zip(turns[to], (a, b) => a.Cpu / b.Cpu));
}
