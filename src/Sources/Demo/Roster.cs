namespace StreamEngine.Sources.Demo;

/// <summary>A club as the season ended: the figures the demo goes on from.</summary>
/// <param name="Code">Its abbreviation, which all three providers use.</param>
/// <param name="Name">Its full name.</param>
/// <param name="Venue">Where it plays at home.</param>
/// <param name="Wins">Games won.</param>
/// <param name="Losses">Games lost.</param>
/// <param name="RunsScored">Runs of the season.</param>
/// <param name="RunsAllowed">Runs of its opponents.</param>
internal sealed record Club(string Code, string Name, string Venue, int Wins, int Losses, int RunsScored, int RunsAllowed);

/// <summary>A player as the season ended.</summary>
/// <param name="Mlb">The id MLB gave him.</param>
/// <param name="Statline">The number in the statline provider's id, <c>sl-17</c>.</param>
/// <param name="Livewire">The livewire provider's id.</param>
/// <param name="Club">Index of his club in <see cref="Roster.Clubs"/>.</param>
/// <param name="Name">His full name.</param>
/// <param name="Position">Where he plays; <c>P</c> is a pitcher, who doesn't bat.</param>
/// <param name="AtBats">At-bats of the season; 0 for a pitcher.</param>
/// <param name="Hits">Hits of the season.</param>
/// <param name="HomeRuns">Home runs of the season.</param>
/// <param name="Rbi">Runs batted in.</param>
/// <param name="Outs">Outs a pitcher got in the season.</param>
/// <param name="StrikeOuts">Batters a pitcher struck out.</param>
internal sealed record Player(
    int Mlb,
    int Statline,
    int Livewire,
    int Club,
    string Name,
    string Position,
    int AtBats,
    int Hits,
    int HomeRuns,
    int Rbi,
    int Outs = 0,
    int StrikeOuts = 0)
{
    /// <summary>Whether he pitches.</summary>
    public bool Pitches => Position == "P";
}

/// <summary>Who plays: the two clubs of the 2024 World Series with their regular season figures.</summary>
internal static class Roster
{
    /// <summary>Batters per club; they come first, in batting order, then the pitcher.</summary>
    public const int Batters = 9;

    /// <summary>Players per club.</summary>
    public const int Size = Batters + 1;

    /// <summary>The clubs.</summary>
    public static readonly IReadOnlyList<Club> Clubs =
    [
        new("LAD", "Los Angeles Dodgers", "Dodger Stadium", 98, 64, 842, 686),
        new("NYY", "New York Yankees", "Yankee Stadium", 94, 68, 815, 668),
    ];

    /// <summary>The players, club by club.</summary>
    public static readonly IReadOnlyList<Player> Players =
    [
        new(660271, 17, 50113, 0, "Shohei Ohtani", "DH", 636, 197, 54, 130),
        new(605141, 50, 50126, 0, "Mookie Betts", "RF", 450, 130, 19, 75),
        new(518692, 5, 50139, 0, "Freddie Freeman", "1B", 542, 153, 22, 89),
        new(606192, 37, 50152, 0, "Teoscar Hernández", "LF", 589, 160, 33, 99),
        new(571970, 13, 50165, 0, "Max Muncy", "3B", 237, 55, 15, 48),
        new(669257, 16, 50178, 0, "Will Smith", "C", 476, 118, 20, 75),
        new(666158, 9, 50191, 0, "Gavin Lux", "2B", 439, 110, 10, 50),
        new(571771, 8, 50204, 0, "Enrique Hernández", "CF", 362, 83, 12, 42),
        new(669242, 25, 50217, 0, "Tommy Edman", "SS", 139, 33, 6, 20),
        new(808967, 18, 50230, 0, "Yoshinobu Yamamoto", "P", 0, 0, 0, 0, 270, 105),
        new(650402, 125, 50243, 1, "Gleyber Torres", "2B", 587, 151, 15, 63),
        new(665742, 122, 50256, 1, "Juan Soto", "RF", 576, 166, 41, 109),
        new(592450, 199, 50269, 1, "Aaron Judge", "CF", 559, 180, 58, 144),
        new(519317, 127, 50282, 1, "Giancarlo Stanton", "DH", 417, 97, 27, 72),
        new(665862, 113, 50295, 1, "Jazz Chisholm Jr.", "3B", 562, 144, 24, 73),
        new(519203, 148, 50308, 1, "Anthony Rizzo", "1B", 337, 77, 8, 35),
        new(683011, 111, 50321, 1, "Anthony Volpe", "SS", 637, 155, 12, 60),
        new(669224, 128, 50334, 1, "Austin Wells", "C", 349, 80, 13, 55),
        new(657077, 124, 50347, 1, "Alex Verdugo", "LF", 559, 130, 13, 61),
        new(543037, 145, 50360, 1, "Gerrit Cole", "P", 0, 0, 0, 0, 285, 99),
    ];
}
