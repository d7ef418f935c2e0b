using System.Globalization;

namespace StreamEngine.Benchmarks;

/// <summary>The verbs <c>quick</c> and <c>full</c>: the comparison tables and the targets.</summary>
internal sealed class Comparison
{
    private readonly List<string> tables = [];
    private readonly List<Target> targets = [];
    private readonly Progress progress = new();
    private readonly string folder;

    private Comparison(string folder) => this.folder = folder;

    /// <summary>A smaller input and fewer rounds, in under three minutes.</summary>
    public static int Quick(IReadOnlyList<string> args) => Run(args, Lines.Quick, rounds: 3, limit: TimeSpan.FromSeconds(40), seconds: 3, requests: 20_000);

    /// <summary>The real thing: a million updates, medians of seven.</summary>
    public static int Full(IReadOnlyList<string> args) => Run(args, Lines.Full, rounds: 7, limit: TimeSpan.MaxValue, seconds: 20, requests: 100_000);

    private static int Run(IReadOnlyList<string> args, int count, int rounds, TimeSpan limit, double seconds, int requests)
    {
        using var scratch = new Scratch(args);
        var comparison = new Comparison(scratch.Path);
        comparison.progress.Say("input");
        var machine = Machine.Line(string.Join(' ', args), scratch.Path);
        var rate = comparison.Files(count, rounds, limit);
        comparison.Parts(count, rounds);
        comparison.Latency(rate, seconds);
        comparison.Http(rounds, requests);
        comparison.progress.End();
        Console.WriteLine(machine);
        foreach (var table in (string[])[.. comparison.tables, Target.Table(comparison.targets)])
        {
            Console.WriteLine();
            Console.WriteLine(table);
        }

        return 0;
    }

    /// <returns>Updates a second that the engine takes from file to file.</returns>
    private double Files(int count, int rounds, TimeSpan limit)
    {
        var race = new FileRace(count, folder);
        race.Check(progress);
        var results = race.Run(rounds, limit, progress);
        tables.Add(FileRace.Table(results));
        targets.AddRange(FileRace.Targets(results));
        return 1e9 / results[FileRace.Engine].Wall;
    }

    private void Parts(int count, int rounds)
    {
        progress.Say("steps");
        tables.Add(StepTable(count));
        tables.Add(HopTable(rounds));
        progress.Say("memory of a million keys");
        targets.Add(Target.AtMost("deduplication's window of a million keys", 24, DedupeMemory.Megabytes(folder), "MB"));
        progress.Say("memory of 100,000 players");
        targets.Add(Target.AtMost("100,000 players of 1 KB in the memory tier", 200, StoreMemory.Measure() / 1e6, "MB"));
        progress.Say("allocations");
        targets.Add(Target.AtMost("allocated per update in steady state", 8, AllocationGate.SteadyState(folder), "bytes"));
    }

    private void Latency(double rate, double seconds)
    {
        var latency = new LatencyRun(folder, seconds);
        tables.Add(latency.Run(rate, progress));
        targets.AddRange(latency.Targets);
    }

    private void Http(int rounds, int requests)
    {
        progress.Say("cache hits over HTTP");
        var result = HttpHit.RunAsync(rounds, requests).GetAwaiter().GetResult();
        var table = new TextTable("cache hit over HTTP", "requests/s", "B/request");
        table.Add("bare Kestrel endpoint, same bytes", Text(result.BarePerSecond), Text(result.BareBytes));
        table.Add("GET player-data/{id}", Text(result.HitsPerSecond), Text(result.HitBytes));
        tables.Add(table.ToString());
        targets.Add(Target.AtLeast("cache hit against a bare Kestrel endpoint", 0.7, result.Ratio));
    }

    private string StepTable(int count)
    {
        var table = new TextTable("one step on one core", "ns/update", "B/update", "by hand ns/update", "by hand: what");
        string[] byHand = ["loop A's typed reading", "a dictionary of line hashes", "the formula alone", "copying the bytes"];
        var steps = new StepRun(folder, count);
        steps.Run();
        foreach (var step in steps.Run())
        {
            var hand = step.Name switch { "normalize" => byHand[0], "deduplicate" => byHand[1], "score" => byHand[2], "encode" => byHand[3], _ => "" };
            table.Add(step.Name, Text(step.Nanoseconds), Text(step.Bytes), hand.Length > 0 ? Text(step.ByHandNanoseconds) : "", hand);
        }

        return table.ToString();
    }

    private string HopTable(int rounds)
    {
        var hops = new HopRun(folder, 10_000);
        var results = new Contest([new("engine's links", hops.Engine), new("bare Dataflow blocks", hops.Bare)]).Run(rounds, TimeSpan.FromSeconds(20), progress);
        var table = new TextTable("two hops of a batch of 256", "ns/batch", "ns/update", "CPU ns/batch", "B/batch");
        foreach (var (name, cost) in results)
        {
            table.Add(name, Text(cost.Wall), Text(cost.Wall / HopRun.Rows), Text(cost.Cpu), Text(cost.Bytes));
        }

        return table.ToString();
    }

    private static string Text(double value) => value.ToString("#,0.0", CultureInfo.InvariantCulture);
}
