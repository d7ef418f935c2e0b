using System.Diagnostics;
using System.Runtime;

namespace StreamEngine.Benchmarks;

/// <summary>One who does the work.</summary>
/// <param name="Name">As the table calls it.</param>
/// <param name="Round">One run.</param>
/// <param name="Little">One run with so little work that many don't take long; null when there is no such.</param>
internal sealed record Contestant(string Name, Func<Measured> Round, Func<Measured>? Little = null);

/// <summary>
/// Lets contestants run in turn, round after round: what disturbs the machine for a while disturbs all of them. Each is
/// warmed up before.
/// </summary>
internal sealed class Contest(IReadOnlyList<Contestant> contestants)
{
    private const int AtLeast = 2;
    private const int FewestWarmUps = 4;
    private const int MostWarmUps = 12;

    /// <summary>A method is compiled for good when it was called 30 times, and 30 times more with counters: what a run calls once too.</summary>
    private const int LittleWarmUps = 75;

    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    /// <summary>Runs the rounds.</summary>
    /// <param name="rounds">The most rounds.</param>
    /// <param name="limit">No round is begun after so long; two are in any case.</param>
    /// <param name="progress">Told each run.</param>
    /// <returns>What each contestant's rounds cost, by name.</returns>
    public IReadOnlyDictionary<string, Rounds> Run(int rounds, TimeSpan limit, Progress progress)
    {
        var results = contestants.ToDictionary(c => c.Name, _ => new Rounds());
        foreach (var contestant in contestants)
        {
            progress.Say($"warm-up: {contestant.Name}");
            if (contestant.Little is { } little)
            {
                WarmUp(little, LittleWarmUps, LittleWarmUps);
            }

            WarmUp(contestant.Round, contestant.Little is null ? FewestWarmUps : 0, MostWarmUps);
        }

        WaitForCompiler(progress);
        var began = progress.Elapsed;
        for (var round = 1; round <= rounds && (round <= AtLeast || progress.Elapsed - began < limit); round++)
        {
            foreach (var contestant in contestants)
            {
                progress.Say($"round {round} of {rounds}: {contestant.Name}");
                results[contestant.Name].Add(contestant.Round());
            }
        }

        return results;
    }

    /// <summary>Warming up leaves thousands of methods to be compiled for good, in the background: whoever runs meanwhile has a core less.</summary>
    private static void WaitForCompiler(Progress progress)
    {
        progress.Say("waiting for the compiler");
        var began = Stopwatch.GetTimestamp();
        long before;
        do
        {
            before = JitInfo.GetCompiledMethodCount();
            Thread.Sleep(Quiet);
        }
        while (JitInfo.GetCompiledMethodCount() != before && Stopwatch.GetElapsedTime(began) < LongestWait);
    }

    /// <summary>
    /// The first rounds run code that is not optimised yet, and the compiler shares the cores with them: rounds until one is no
    /// longer a tenth faster than the one before. Whoever takes long for a round is warm after it.
    /// </summary>
    private static void WarmUp(Func<Measured> round, int fewest, int most)
    {
        var began = Stopwatch.GetTimestamp();
        var before = double.MaxValue;
        for (var i = 1; i <= most && Stopwatch.GetElapsedTime(began) < LongestWarmUp; i++)
        {
            var wall = round().Wall;
            if (i > fewest && wall > before * 0.9)
            {
                return;
            }

            before = wall;
        }
    }
}
