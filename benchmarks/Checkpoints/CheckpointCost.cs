using System.Globalization;

namespace StreamEngine.Benchmarks;

/// <summary>
/// The verb <c>checkpoints</c>: what a checkpoint every second costs, in processor time per update, while deduplication holds a full window.
/// Runs with and without take turns. And while merge holds a million records of which few change;
/// <c>checkpoints paced</c> is that alone, <c>checkpoints window</c> the first row alone.
/// </summary>
internal static class CheckpointCost
{
    private const int Pairs = 9;
    private const int Updates = 12_000_000;
    private const int PacedPairs = 5;
    private const int PerSecond = 20_000;
    private const int SettlingSeconds = 4;
    private const int MeasuredSeconds = 15;

    public static int Run(IReadOnlyList<string> args)
    {
        using var scratch = new Scratch(args);
        var progress = new Progress();
        var machine = Machine.Line(string.Join(' ', args), scratch.Path);
        var table = new TextTable("a million keys, a checkpoint every second", "CPU ns/update without", "with", "more", "checkpoints a run", "MB each");
        var (isWindow, isPaced) = (args.Contains("window"), args.Contains("paced"));
        var deduplicated = isPaced ? null : Measure(scratch.Path, merges: false, progress);
        var merged = isPaced || isWindow ? null : Measure(scratch.Path, merges: true, progress);
        var paced = isWindow ? null : MeasurePaced(scratch.Path, progress);
        progress.End();
        Add(table, "normalize, deduplicate, score twice", deduplicated);
        Add(table, "normalize, deduplicate, score, merge", merged);
        Add(table, "the same, 20,000 updates/s", paced);
        Console.WriteLine(machine);
        Console.WriteLine();
        Console.WriteLine(table);
        if (deduplicated is not null)
        {
            Console.WriteLine();
            Console.WriteLine(Target.Table([Target.AtMost("a checkpoint every second with a full window of a million keys", 5, deduplicated.More, "% of CPU per update")]));
        }

        return 0;
    }

    private static void Add(TextTable table, string name, Result? result)
    {
        if (result is not null)
        {
            table.Add(name, Text(result.Without, "0"), Text(result.With, "0"), Text(result.More, "0.0") + "%", Text(result.Checkpoints, "0.0"), Text(result.Megabytes, "0.0"));
        }
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static Result Measure(string folder, bool merges, Progress progress)
    {
        var (with, without) = (new Rounds(), new Rounds());
        var ratios = new List<double>();
        var (checkpoints, bytes) = (0.0, 0.0);
        for (var pair = 0; pair <= Pairs; pair++)
        {
            progress.Say($"{(merges ? "with merge" : "without merge")}: pair {pair} of {Pairs}");
            var bare = Measured.Of(() => Once(folder, merges, false), Updates);
            (long Id, long Bytes) last = default;
            var kept = Measured.Of(() => last = Once(folder, merges, true), Updates);
            if (pair == 0)
            {
                // Warm-up.
                continue;
            }

            without.Add(bare);
            with.Add(kept);
            ratios.Add(kept.Cpu / bare.Cpu);
            checkpoints += last.Id / (double)Pairs;
            bytes += last.Bytes / (double)Pairs;
        }

        return new Result(without.Cpu, with.Cpu, (ratios.Order().ElementAt(Pairs / 2) - 1) * 100, checkpoints, bytes / 1e6);
    }

    /// <summary>The source takes the time while the table is full and nothing but the few updates goes on.</summary>
    private static Result MeasurePaced(string folder, Progress progress)
    {
        var (with, without, ratios) = (new List<double>(), new List<double>(), new List<double>());
        var (checkpoints, bytes) = (0.0, 0.0);
        for (var pair = 0; pair < PacedPairs; pair++)
        {
            progress.Say($"paced: pair {pair + 1} of {PacedPairs}");
            var bare = new CpuMeter(SettlingSeconds * PerSecond, (SettlingSeconds + MeasuredSeconds) * PerSecond);
            var kept = new CpuMeter(SettlingSeconds * PerSecond, (SettlingSeconds + MeasuredSeconds) * PerSecond);
            Once(folder, true, false, bare);
            var last = Once(folder, true, true, kept);
            without.Add(bare.PerUpdate);
            with.Add(kept.PerUpdate);
            ratios.Add(kept.PerUpdate / bare.PerUpdate);
            checkpoints += last.Id / (double)PacedPairs;
            bytes += last.Bytes / (double)PacedPairs;
        }

        return new Result(Median(without), Median(with), (Median(ratios) - 1) * 100, checkpoints, bytes / 1e6);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static (long Id, long Bytes) Once(string folder, bool merges, bool keeps, CpuMeter? paced = null)
    {
        var state = Path.Combine(folder, "state");
        if (Directory.Exists(state))
        {
            Directory.Delete(state, recursive: true);
        }

        var job = new Job(Lines.Ensure(1000), folder, "checkpoints", Lines.Now(Updates));
        var updates = paced is null ? Updates : DedupeMemory.Keys + ((SettlingSeconds + MeasuredSeconds + 1) * PerSecond);
        var source = string.Create(CultureInfo.InvariantCulture, $$"""{ "type": "keys", "updates": {{updates}}, "keys": {{DedupeMemory.Keys}}, "perSecond": {{(paced is null ? 0 : PerSecond)}} }""");
        var definition = EngineRun.Load(
            job,
            source,
            """{ "type": "none", "from": ["trusted"] }""",
            [$"transforms.trusted.type={(merges ? "merge" : "score")}", $"checkpoint.path={(keeps ? state : "")}", "checkpoint.every=1s"]);
        var status = EngineRun.RunAsync(definition, TimeProvider.System, paced is null ? null : new Services(paced)).GetAwaiter().GetResult();
        return (status.Checkpoint?.Id ?? 0, status.Checkpoint?.Bytes ?? 0);
    }

    /// <param name="Without">CPU nanoseconds per update without checkpoints.</param>
    /// <param name="With">The same with them.</param>
    /// <param name="More">How much more that is: the median of the pairs, in percent.</param>
    /// <param name="Checkpoints">How many a run made.</param>
    /// <param name="Megabytes">How large the last ones were.</param>
    private sealed record Result(double Without, double With, double More, double Checkpoints, double Megabytes);
}
