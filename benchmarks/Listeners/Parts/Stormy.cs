using System.Text.Json;

namespace StreamEngine.Benchmarks;

/// <summary>Connections come and go by the thousand while others listen: what those notice, and what becomes of each.</summary>
internal sealed class Stormy(FanOutOptions options, FanOutReport report)
{
    private const int UpdatesPerSecond = 200;
    private const int CalmSeconds = 10;

    private readonly List<(LoadWindow Calm, LoadWindow Storm, Spread Hiccups, StormResult Result, long Lost, double More)> rounds = [];

    public void Run()
    {
        var listeners = options.Listeners ?? 100;
        var rate = options.Rate ?? 2000;
        var count = options.RoundsOr(3);
        for (var round = 1; round <= count; round++)
        {
            report.Progress.Say($"{rate} connects/s beside {listeners} listeners, round {round} of {count}");
            Measure(listeners, rate, options.SecondsOr(30));
        }

        ShowListeners(listeners, rate);
        ShowOutcomes(rate);
        var calm = FanOutReport.Median(rounds.Select(r => r.Calm.First.Latency.P99));
        var storm = FanOutReport.Median(rounds.Select(r => r.Storm.First.Latency.P99));
        report.Targets.Add(Target.AtMost("storm: p99 of those who stay (1.5 x or + 10 ms)", Math.Max(calm * 1.5, calm + 10), storm, "ms"));
        report.Targets.Add(Target.AtMost("storm: deliveries that they lost", 0, rounds.Sum(r => r.Lost)));
        report.Targets.Add(Target.AtMost("storm: connections that ended without a code", 0, Outcomes().Where(o => !IsAnswer(o.Key)).Sum(o => o.Count)));
    }

    private void Measure(int listeners, int rate, int seconds)
    {
        using var server = ServerProcess.StartHub(listeners);
        using var load = new LoadProcess(Turn.Spec(server, listeners));
        load.Mark();
        server.Publish(UpdatesPerSecond, 1);
        Thread.Sleep(options.WarmUp);
        var warm = load.Mark();
        Thread.Sleep(TimeSpan.FromSeconds(Math.Min(seconds, CalmSeconds)));
        var calm = load.Mark();
        var before = Turn.MemoryOf(server.Id);
        using var hiccups = new Hiccups(UpdatesPerSecond);
        using var child = new Child("the storm", OwnProcess.With(Storm.Verb, JsonSerializer.Serialize(new StormSpec(server.Port, server.Path, rate, seconds))));
        var result = JsonSerializer.Deserialize<StormResult>(child.Read())!;
        var storm = load.Mark();
        var late = hiccups.Stop();
        var more = Turn.MemoryOf(server.Id) - before;
        var published = server.Pause();
        LoadWindow[] all = [warm, calm, storm, .. load.Drain()];
        rounds.Add((calm, storm, late, result, Math.Abs(load.Spec.Expected(published) - all.Sum(w => w.Deliveries)) + all.Sum(w => w.First.Missed + w.First.Repeated), more));
    }

    private void ShowListeners(int listeners, int rate)
    {
        var table = new TextTable($"{listeners} listeners, {UpdatesPerSecond} updates/s, {rate} connects/s", "p99 ms before", "p99 ms meanwhile", "timer p99 ms", "max ms", "lost", "cores", "MB more", "connects/s", "to the subscription, p50 ms", "p99 ms");
        for (var i = 0; i < rounds.Count; i++)
        {
            var (calm, storm, late, result, lost, more) = rounds[i];
            table.Add(
                $"round {i + 1}",
                FanOutReport.Text(calm.First.Latency.P99),
                FanOutReport.Text(storm.First.Latency.P99),
                FanOutReport.Text(late.P99),
                FanOutReport.Text(storm.First.Latency.Max),
                FanOutReport.Text(lost, "#,0"),
                FanOutReport.Text(storm.ServerCpu / storm.Seconds / 1e9, "0.00"),
                FanOutReport.Text(more),
                FanOutReport.Text(result.Outcomes.Values.Sum() / result.Seconds, "#,0"),
                FanOutReport.Text(result.Subscribing.P50),
                FanOutReport.Text(result.Subscribing.P99));
        }

        report.Add(table);
    }

    private void ShowOutcomes(int rate)
    {
        var outcomes = Outcomes().ToList();
        var table = new TextTable($"what became of {rate} connects/s, all rounds", "connections", "share");
        foreach (var (outcome, number) in outcomes)
        {
            table.Add(outcome, FanOutReport.Text(number, "#,0"), FanOutReport.Text(number * 100.0 / outcomes.Sum(o => o.Count), "0.00") + "%");
        }

        report.Add(table);
    }

    private IEnumerable<(string Key, int Count)> Outcomes() =>
        rounds.SelectMany(r => r.Result.Outcomes).GroupBy(o => o.Key, (key, all) => (key, all.Sum(o => o.Value))).OrderByDescending(o => o.Item2);

    /// <summary>Served, or refused with a code.</summary>
    private static bool IsAnswer(string outcome) =>
        outcome is Storm.Goodbye or Storm.BrokeOff || outcome.StartsWith("close ", StringComparison.Ordinal) || outcome.StartsWith("refused", StringComparison.Ordinal);
}
