namespace StreamEngine.Benchmarks;

/// <summary>The verbs <c>quick</c> and <c>full</c>: the comparison table.</summary>
internal static class Comparison
{
    /// <summary>A smaller input and fewer rounds, in under three minutes.</summary>
    public static int Quick(IReadOnlyList<string> args) => Run(args, Lines.Quick, rounds: 3, TimeSpan.FromSeconds(60));

    /// <summary>The real thing: a million updates, medians of seven.</summary>
    public static int Full(IReadOnlyList<string> args) => Run(args, Lines.Full, rounds: 7, TimeSpan.MaxValue);

    private static int Run(IReadOnlyList<string> args, int count, int rounds, TimeSpan limit)
    {
        using var scratch = new Scratch(args);
        var progress = new Progress();
        progress.Say("input");
        var race = new FileRace(count, scratch.Path);
        race.Check(progress);
        var results = race.Run(rounds, limit, progress);
        var targets = FileRace.Targets(results).ToList();
        progress.End();
        Console.WriteLine(Machine.Line(string.Join(' ', args), scratch.Path));
        Console.WriteLine();
        Console.WriteLine(FileRace.Table(results));
        Console.WriteLine();
        Console.WriteLine(Target.Table(targets));
        return 0;
    }
}
