namespace StreamEngine.Benchmarks;

/// <summary>
/// Some of the listeners stop reading for a while and then read again: what the others notice, what it costs the server, and
/// what those get.
/// </summary>
internal sealed class Stopped(FanOutOptions options, FanOutReport report)
{
    private const int UsualStopped = 100;

    private readonly List<Round> rounds = [];

    public void Run()
    {
        var listeners = options.Listeners ?? 1000;
        var stopped = Math.Min(UsualStopped, listeners / 10);
        var rate = options.Rate ?? 200;
        var seconds = options.SecondsOr(60);
        var count = options.RoundsOr(5);
        for (var round = 1; round <= count; round++)
        {
            rounds.Add(Measure(listeners, stopped, rate, seconds, $"{stopped} of {listeners} listeners stop reading, round {round} of {count}"));
        }

        Show(listeners, stopped, rate, seconds);
    }

    private Round Measure(int listeners, int stopped, int rate, int seconds, string what)
    {
        using var server = ServerProcess.StartHub(listeners);
        using var load = new LoadProcess(Turn.Spec(server, listeners) with { Second = stopped });
        server.Publish(rate, 1);
        report.Progress.Say(what + ": all read");
        Thread.Sleep(options.WarmUp);
        load.Mark();
        Thread.Sleep(TimeSpan.FromSeconds(Math.Min(20, seconds)));
        var without = load.Mark();
        var before = Turn.MemoryOf(server.Id);
        report.Progress.Say(what + ": they stop");
        load.StopReading();
        load.Mark();
        using var hiccups = new Hiccups(rate);
        var most = before;
        for (var second = 0; second < seconds; second++)
        {
            Thread.Sleep(TimeSpan.FromSeconds(1));
            most = Math.Max(most, Turn.MemoryOf(server.Id));
        }

        var with = load.Mark();
        var late = hiccups.Stop();
        report.Progress.Say(what + ": they read again");
        load.ReadAgain();
        Thread.Sleep(TimeSpan.FromSeconds(Math.Min(10, seconds)));
        server.Pause();
        Thread.Sleep(TimeSpan.FromSeconds(2));
        return new Round(without, with, load.Mark(), most - before, late);
    }

    private void Show(int listeners, int stopped, int rate, int seconds)
    {
        var table = new TextTable(
            $"{rate}/s, {stopped} of {listeners} listeners stop reading for {seconds} s", "p99 ms before", "p99 ms meanwhile", "timer p99 ms", "gaps of the others", "MB more", "back: lagging frames", "skipped", "slowest ms", "cut off", "with the latest");
        for (var i = 0; i < rounds.Count; i++)
        {
            var round = rounds[i];
            table.Add(
                $"round {i + 1}",
                FanOutReport.Text(round.Without.First.Latency.P99),
                FanOutReport.Text(round.With.First.Latency.P99),
                FanOutReport.Text(round.Hiccups.P99),
                FanOutReport.Text(round.With.First.Missed, "#,0"),
                FanOutReport.Text(round.More),
                FanOutReport.Text(round.Back.Second.Lagging, "#,0"),
                FanOutReport.Text(round.Back.Second.Missed, "#,0"),
                FanOutReport.Text(round.Back.Second.CaughtUp, "#,0"),
                string.Join(", ", new[] { round.With, round.Back }.Where(w => w.Ends.Count > 0).Select(w => w.Ways()).DefaultIfEmpty("none")),
                round.HasLatest(listeners) ? "all" : "NOT ALL");
        }

        report.Add(table);
        var without = FanOutReport.Median(rounds.Select(r => r.Without.First.Latency.P99));
        var with = FanOutReport.Median(rounds.Select(r => r.With.First.Latency.P99));
        report.Targets.Add(Target.AtMost("stopped: p99 of the others (1.5 x or + 10 ms)", Math.Max(without * 1.5, without + 10), with, "ms"));
        report.Targets.Add(Target.AtMost("stopped: most memory more", 64, rounds.Max(r => r.More), "MB"));
        report.Targets.Add(Target.AtMost("stopped: rounds in which not all had the latest state at the end", 0, rounds.Count(r => !r.HasLatest(listeners))));
    }

    private sealed record Round(LoadWindow Without, LoadWindow With, LoadWindow Back, double More, Spread Hiccups)
    {
        /// <summary>Everyone is there, with the same offset and the same value.</summary>
        public bool HasLatest(int listeners) =>
            Back.Open == listeners
            && Back.Second.Behind == 0
            && Back.Second.LowestOffset == Back.First.HighestOffset
            && Back.Second.OldestLast == Back.First.NewestLast;
    }
}
