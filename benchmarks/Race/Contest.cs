namespace StreamEngine.Benchmarks;

/// <summary>One who does the work.</summary>
/// <param name="Name">As the table calls it.</param>
/// <param name="Round">One run.</param>
internal sealed record Contestant(string Name, Func<Measured> Round);

/// <summary>
/// Lets contestants run in turn, round after round: what disturbs the machine for a while disturbs all of them. The first
/// round is not counted; everything is compiled then.
/// </summary>
internal sealed class Contest(IReadOnlyList<Contestant> contestants)
{
    /// <summary>Runs the rounds.</summary>
    /// <param name="rounds">The most rounds.</param>
    /// <param name="limit">No round is begun after so long; two are in any case.</param>
    /// <param name="progress">Told each run.</param>
    /// <returns>What each contestant's rounds cost, by name.</returns>
    public IReadOnlyDictionary<string, Rounds> Run(int rounds, TimeSpan limit, Progress progress)
    {
        var results = contestants.ToDictionary(c => c.Name, _ => new Rounds());
        var began = progress.Elapsed;
        for (var round = 0; round <= rounds && (round < 3 || progress.Elapsed - began < limit); round++)
        {
            foreach (var contestant in contestants)
            {
                progress.Say(round == 0 ? $"warm-up: {contestant.Name}" : $"round {round} of {rounds}: {contestant.Name}");
                var measured = contestant.Round();
                if (round > 0)
                {
                    results[contestant.Name].Add(measured);
                }
            }
        }

        return results;
    }
}
