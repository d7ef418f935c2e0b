using System.Globalization;
using System.Text.Json;

namespace StreamEngine.Sources.Demo;

/// <summary>
/// The slow but accurate one: official figures under MLB ids, posted every five seconds, with entity tags so that whoever
/// has seen them gets a 304.
/// </summary>
internal sealed class Scorebook(int seed, Season season, DateTimeOffset start, TimeProvider time)
    : DemoProvider("scorebook", seed, season, start, time)
{
    /// <inheritdoc/>
    protected override int Rhythm => 5;

    /// <inheritdoc/>
    protected override TimeSpan Latency(double chance) => TimeSpan.FromSeconds(1 + (1.5 * chance));

    /// <inheritdoc/>
    protected override int? ChangedAt(string path, Snapshot seen) => path switch
    {
        "/official/players.json" => seen.PlayersChanged,
        "/official/games.json" => seen.GamesChanged,
        _ => null,
    };

    /// <inheritdoc/>
    protected override bool Write(string path, Snapshot seen, Utf8JsonWriter json)
    {
        if (ChangedAt(path, seen) is not { } changed)
        {
            return false;
        }

        json.WriteStartObject();
        json.WriteStartObject("header");
        json.WriteString("stamp", TimeOf(changed).UtcDateTime.ToString("yyyyMMdd_HHmmss", CultureInfo.InvariantCulture));
        json.WriteEndObject();
        if (path == "/official/players.json")
        {
            Clubs(seen, json);
        }
        else
        {
            Games(seen, json);
        }

        json.WriteEndObject();
        return true;
    }

    private static void Clubs(Snapshot seen, Utf8JsonWriter json)
    {
        json.WriteStartObject("clubs");
        for (var club = 0; club < Roster.Clubs.Count; club++)
        {
            json.WriteStartObject(Roster.Clubs[club].Code);
            json.WriteString("name", Roster.Clubs[club].Name);
            json.WriteStartObject("record");
            json.WriteNumber("won", seen.Clubs[club].Wins);
            json.WriteNumber("lost", seen.Clubs[club].Losses);
            json.WriteEndObject();
            json.WriteStartObject("players");
            for (var i = club * Roster.Size; i < (club + 1) * Roster.Size; i++)
            {
                json.WriteStartObject(Roster.Players[i].Mlb.ToString(CultureInfo.InvariantCulture));
                Line(Roster.Players[i], seen.Players[i], json);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Line(Player player, in Figures figures, Utf8JsonWriter json)
    {
        json.WriteString("fullName", player.Name);
        json.WriteString("fieldPosition", player.Position);
        if (player.Pitches)
        {
            json.WriteStartObject("pitching");
            json.WriteNumber("outs", figures.Outs);
            json.WriteNumber("strikeOuts", figures.StrikeOuts);
        }
        else
        {
            json.WriteStartObject("hitting");
            json.WriteNumber("atBats", figures.AtBats);
            json.WriteNumber("hits", figures.Hits);
            json.WriteNumber("homeRuns", figures.HomeRuns);
            json.WriteNumber("runsBattedIn", figures.Rbi);
        }

        json.WriteEndObject();
    }

    private void Games(Snapshot seen, Utf8JsonWriter json)
    {
        json.WriteStartObject("games");
        foreach (var game in seen.Games)
        {
            json.WriteStartObject(game.Id.ToString(CultureInfo.InvariantCulture));
            json.WriteString("status", game.Final ? "final" : "live");
            json.WriteString("venue", Roster.Clubs[game.Home].Venue);
            json.WriteString("firstPitch", TimeOf(game.Started).UtcDateTime.ToString("yyyyMMdd_HHmmss", CultureInfo.InvariantCulture));
            json.WriteNumber("inning", game.Inning);
            json.WriteString("half", game.Top ? "top" : "bottom");
            json.WriteStartObject("clubs");
            Side("home", Roster.Clubs[game.Home].Code, game.HomeRuns, json);
            Side("away", Roster.Clubs[game.Away].Code, game.AwayRuns, json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Side(string side, string club, int runs, Utf8JsonWriter json)
    {
        json.WriteStartObject(side);
        json.WriteString("code", club);
        json.WriteNumber("runs", runs);
        json.WriteEndObject();
    }
}
