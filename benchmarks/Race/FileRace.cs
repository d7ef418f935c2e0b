using System.Globalization;

namespace StreamEngine.Benchmarks;

/// <summary>The whole pipeline from file to file: the engine, both hand-written loops and the per-message peers.</summary>
internal sealed class FileRace(int count, string folder)
{
    public const string Engine = "engine by config, all cores";
    public const string EngineToNull = "engine by config, all cores, no output";
    public const string EngineOnOne = "engine by config, one core, no output";
    public const string FanOut = "engine by config, to cache, websocket hub and file";
    public const string AOne = "hand-written A (Utf8JsonReader), one core";
    public const string ATwo = "hand-written A, two independent halves";
    public const string BOne = "hand-written B (own tokenizer), one core";
    public const string BTwo = "hand-written B, two independent halves";
    public const string Naive = "per-message TPL Dataflow";
    public const string Akka = "per-message Akka.Streams";
    public const string Bare = "bare Utf8JsonReader over all tokens, one core";

    private readonly string input = Lines.Ensure(count);

    /// <summary>Who is compared with whom, and how each is started.</summary>
    public static IReadOnlyList<(string Name, string File, Action<Job> Run)> Runners { get; } =
    [
        (Engine, "engine", EngineRun.Run),
        (ATwo, "a2", HandWritten.RunHalves),
        (BTwo, "b2", HandTokenized.RunHalves),
        (AOne, "a", HandWritten.Run),
        (BOne, "b", HandTokenized.Run),
        (Naive, "dataflow", NaiveDataflow.Run),
        (Akka, "akka", AkkaStreams.Run),
        (FanOut, "fanout", EngineRun.RunFanOut),
        (EngineToNull, "none", EngineRun.RunToNull),
        (Bare, "tokens", BareTokens.Run),
    ];

    /// <summary>Runs each once and compares the outputs with the engine's on one lane.</summary>
    /// <exception cref="InvalidOperationException">Somebody does other work.</exception>
    public void Check(Progress progress)
    {
        if (Compare(progress).FirstOrDefault(d => d.Difference is not null) is { Difference: { } difference, Name: var name })
        {
            throw new InvalidOperationException($"{name}: {difference}");
        }
    }

    /// <summary>The verb <c>check</c>: whether all do the same work, told like tests.</summary>
    public static int Check(IReadOnlyList<string> args)
    {
        using var scratch = new Scratch(args);
        var progress = new Progress();
        var results = new FileRace(Lines.Check, scratch.Path).Compare(progress).ToList();
        progress.End();
        foreach (var (name, difference) in results)
        {
            Console.WriteLine($"{(difference is null ? "same output" : "OTHER OUTPUT")}: {name}{(difference is null ? "" : $": {difference}")}");
        }

        var failed = results.Count(r => r.Difference is not null);
        return TestTotals.Print(results.Count, failed);
    }

    private IEnumerable<(string Name, string? Difference)> Compare(Progress progress)
    {
        var expected = Job("expected");
        progress.Say("check: engine, in order");
        EngineRun.Run(expected, "parallelism=1");
        foreach (var (name, file, run) in Runners.Where(r => r.Name is Engine or AOne or BOne or Naive or Akka))
        {
            progress.Say($"check: {name}");
            var job = Job(file);
            run(job);
            yield return (name, Outputs.Difference(expected, job, ordered: name != Engine));
            Clear(job);
        }

        Clear(expected);
    }

    /// <summary>Lets all run in turn.</summary>
    public IReadOnlyDictionary<string, Rounds> Run(int rounds, TimeSpan limit, Progress progress)
    {
        using var pinned = PinnedEngine.IsSupported ? new PinnedEngine(count, folder) : null;
        var little = new FileRace(Lines.Little, folder);
        var contestants = Runners.Select(r => new Contestant(r.Name, () => Round(Job(r.File), r.Run), () => little.Round(little.Job(r.File), r.Run))).ToList();
        if (pinned is not null)
        {
            contestants.Add(new Contestant(EngineOnOne, pinned.Run, pinned.RunLittle));
        }

        return new Contest(contestants).Run(rounds, limit, progress);
    }

    /// <summary>The results as a table.</summary>
    public static string Table(IReadOnlyDictionary<string, Rounds> results)
    {
        var table = new TextTable("file to file", "ns/update", "min..max", "updates/s", "CPU ns/update", "B/update", "x A on two", "x B on two");
        foreach (var (name, rounds) in results)
        {
            table.Add(
                name,
                Text(rounds.Wall),
                $"{Text(rounds.MinWall)}..{Text(rounds.MaxWall)}",
                Text(1e9 / rounds.Wall),
                Text(rounds.Cpu),
                rounds.Bytes.ToString("0.0", CultureInfo.InvariantCulture),
                Ratio(results[ATwo].Wall / rounds.Wall),
                Ratio(results[BTwo].Wall / rounds.Wall));
        }

        return table.ToString();
    }

    /// <summary>What was promised and what was measured.</summary>
    public static IEnumerable<Target> Targets(IReadOnlyDictionary<string, Rounds> results)
    {
        double Faster(string than) => results[than].Wall / results[Engine].Wall;
        yield return Target.AtLeast("engine against A, both on two cores", 1.5, Faster(ATwo));
        yield return Target.AtLeast("engine against B, both on two cores", 0.7, Faster(BTwo));
        yield return Target.AtLeast("engine against per-message TPL Dataflow", 2, Faster(Naive));
        yield return Target.AtLeast("engine against Akka.Streams", 3, Faster(Akka));
        yield return Target.AtMost("A against bare tokenising, one core (CPU time)", 3.2, results[AOne].Cpu / results[Bare].Cpu);
        if (results.TryGetValue(EngineOnOne, out var one))
        {
            yield return Target.AtLeast("engine on two cores against itself on one, no output", 1.5, one.Wall / results[EngineToNull].Wall);
        }
    }

    private static string Text(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Ratio(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static void Clear(Job job)
    {
        foreach (var file in Directory.EnumerateFiles(job.Folder, job.Name + ".*"))
        {
            File.Delete(file);
        }
    }

    private Job Job(string name) => new(input, folder, name, Lines.Now(count));

    /// <summary>Outputs go before the next one runs: all of them together would crowd the memory.</summary>
    private Measured Round(Job job, Action<Job> run)
    {
        Clear(job);
        var measured = Measured.Of(() => run(job), count);
        Clear(job);
        return measured;
    }
}
