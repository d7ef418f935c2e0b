using System.Diagnostics;

namespace StreamEngine.Benchmarks;

/// <summary>One who does the work.</summary>
/// <param name="Name">As the table calls it.</param>
/// <param name="Round">One run.</param>
internal sealed record Contestant(string Name, Func<Measured> Round);

/// <summary>
/// Lets contestants run in turn, round after round: what disturbs the machine for a while disturbs all of them. Each is
/// warmed up before.
/// </summary>
internal sealed class Contest(IReadOnlyList<Contestant> contestants)
{
    private const int AtLeast = 2;
    private const int FewestWarmUps = 4;
    private const int MostWarmUps = 12;

    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(4);

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
            WarmUp(contestant.Round);
        }

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

    /// <summary>
    /// The first rounds run code that is not optimised yet, and the compiler shares the cores with them: rounds until one is no
    /// longer a tenth faster than the one before. Whoever takes long for a round is warm after it.
    /// </summary>
    public static void WarmUp(Func<Measured> round)
    {
        var began = Stopwatch.GetTimestamp();
        var before = double.MaxValue;
        for (var i = 1; i <= MostWarmUps && Stopwatch.GetElapsedTime(began) < LongestWarmUp; i++)
        {
            var wall = round().Wall;
            if (i > FewestWarmUps && wall > before * 0.9)
            {
                return;
            }

            before = wall;
        }
    }
}
