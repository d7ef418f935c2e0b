namespace StreamEngine.Benchmarks;

/// <summary>Updates go to a hundred channels in turn, each listener listens to ten of them, and every delivery is counted.</summary>
internal sealed class OverChannels(FanOutOptions options, FanOutReport report)
{
    private const int Channels = 100;
    private const int PerListener = 10;

    public void Run()
    {
        var listeners = options.Listeners ?? 1000;
        var rate = options.Rate ?? 1000;
        var rounds = options.RoundsOr(3);
        var turns = new List<Turn>();
        using var server = ServerProcess.StartHub(listeners);
        for (var round = 1; round <= rounds; round++)
        {
            report.Progress.Say($"{rate}/s over {Channels} channels, round {round} of {rounds}");
            var spec = Turn.Spec(server, listeners) with { Channels = Channels, PerListener = PerListener };
            turns.Add(Turn.Measure(server, spec, rate, options.WarmUp, options.SecondsOr(60)));
        }

        var table = new TextTable(
            $"{rate} updates/s over {Channels} channels, {listeners} listeners on {PerListener} each", "deliveries", "lost", "gaps", "repeated", "cores", "CPU µs/delivery", "p50 ms", "p99 ms", "max ms", "timer p99 ms");
        for (var i = 0; i < turns.Count; i++)
        {
            var turn = turns[i];
            var latency = turn.Window.First.Latency;
            table.Add(
                $"round {i + 1}",
                FanOutReport.Text(turn.Delivered, "#,0"),
                FanOutReport.Text(turn.Expected - turn.Delivered, "#,0"),
                FanOutReport.Text(turn.Missed, "#,0"),
                FanOutReport.Text(turn.Repeated, "#,0"),
                FanOutReport.Text(turn.Cores, "0.00"),
                FanOutReport.Text(turn.Cpu, "0.00"),
                FanOutReport.Text(latency.P50),
                FanOutReport.Text(latency.P99),
                FanOutReport.Text(latency.Max),
                FanOutReport.Text(turn.Hiccups.P99));
        }

        report.Add(table);
        report.AddEnds(new() { [server.Name] = turns });
        report.Targets.Add(Target.AtMost("channels: deliveries lost, out of order or repeated in all rounds", 0, turns.Sum(t => Math.Abs(t.Expected - t.Delivered) + t.Missed + t.Repeated)));
        report.Targets.Add(Target.AtMost("channels: cores", 1, FanOutReport.Median(turns.Select(t => t.Cores))));
    }
}
