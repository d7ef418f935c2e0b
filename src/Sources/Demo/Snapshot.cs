namespace StreamEngine.Sources.Demo;

/// <summary>One player's figures at one second: of the season, and of the game that is on.</summary>
internal struct Figures
{
    public int AtBats;
    public int Hits;
    public int HomeRuns;
    public int Rbi;
    public int Outs;
    public int StrikeOuts;
    public int AtBatsToday;
    public int HitsToday;

    /// <summary>Pitches of this game: thrown by a pitcher, seen by a batter.</summary>
    public int PitchesToday;
}

/// <summary>One club's figures at one second.</summary>
internal struct Standing
{
    public int Wins;
    public int Losses;
    public int RunsScored;
    public int RunsAllowed;
}

/// <summary>One game at one second.</summary>
internal struct Game
{
    /// <summary>Its MLB id; simulated games have ids no real one has.</summary>
    public int Id;

    /// <summary>Index of the home club; the other one is away.</summary>
    public int Home;
    public bool Final;
    public int Inning;
    public bool Top;
    public int HomeRuns;
    public int AwayRuns;
    public int HomeHits;
    public int AwayHits;
    public int Balls;
    public int Strikes;
    public int Outs;
    public int Pitches;

    /// <summary>Who bats, as an index in the roster.</summary>
    public int Batter;

    /// <summary>Who pitches, as an index in the roster.</summary>
    public int Pitcher;

    /// <summary>What happened last, in words.</summary>
    public string LastPlay;

    /// <summary>Second of the first pitch.</summary>
    public int Started;

    /// <summary>Second of the last pitch of a final game.</summary>
    public int Ended;

    /// <summary>Index of the away club.</summary>
    public readonly int Away => 1 - Home;
}

/// <summary>All there is to know at one second since the start.</summary>
/// <param name="Second">Which one.</param>
/// <param name="Games">The one that is on, and before it the last one while it is still news.</param>
/// <param name="Players">By index in the roster.</param>
/// <param name="Clubs">By index in the roster.</param>
/// <param name="PlayersChanged">The last second at which season figures changed.</param>
/// <param name="GamesChanged">The last second at which a game's score, inning or state changed, or one left the list.</param>
internal sealed record Snapshot(int Second, Game[] Games, Figures[] Players, Standing[] Clubs, int PlayersChanged, int GamesChanged);
