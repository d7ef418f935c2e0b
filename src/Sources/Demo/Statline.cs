using System.Globalization;
using System.Text.Json;

namespace StreamEngine.Sources.Demo;

/// <summary>
/// The rate-limited one: nested, ids of its own (<c>sl-17</c>), numbers as text where that looks nicer, and a 429 for
/// whoever asks too often, and now and then for one who didn't.
/// </summary>
internal sealed class Statline(int seed, Season season, DateTimeOffset start, TimeProvider time)
    : DemoProvider("statline", seed, season, start, time)
{
    /// <inheritdoc/>
    protected override int Rhythm => 2;

    /// <inheritdoc/>
    protected override bool Insists => true;

    /// <inheritdoc/>
    protected override Fate FateOf(double chance, TimeSpan at) => chance < 0.04 ? Fate.TooManyRequests : Fate.Answered;

    /// <inheritdoc/>
    protected override TimeSpan Latency(double chance) => TimeSpan.FromMilliseconds(20 + (60 * chance));

    /// <inheritdoc/>
    protected override bool Write(string path, Snapshot seen, Utf8JsonWriter json)
    {
        if (path is not ("/v2/squads" or "/v2/games"))
        {
            return false;
        }

        json.WriteStartObject();
        json.WriteStartObject("meta");
        json.WriteString("asOf", TimeOf(seen.Second).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        json.WriteEndObject();
        if (path == "/v2/squads")
        {
            Squads(seen, json);
        }
        else
        {
            Games(seen, json);
        }

        json.WriteEndObject();
        return true;
    }

    private static void Squads(Snapshot seen, Utf8JsonWriter json)
    {
        json.WriteStartArray("squads");
        for (var club = 0; club < Roster.Clubs.Count; club++)
        {
            json.WriteStartObject();
            json.WriteStartObject("club");
            json.WriteString("abbr", Roster.Clubs[club].Code);
            json.WriteString("title", Roster.Clubs[club].Name);
            json.WriteEndObject();
            json.WriteStartObject("runs");
            json.WriteNumber("for", seen.Clubs[club].RunsScored);
            json.WriteNumber("against", seen.Clubs[club].RunsAllowed);
            json.WriteEndObject();
            json.WriteStartArray("members");
            for (var i = club * Roster.Size; i < (club + 1) * Roster.Size; i++)
            {
                Member(Roster.Players[i], seen.Players[i], json);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Member(Player player, in Figures figures, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id", string.Create(CultureInfo.InvariantCulture, $"sl-{player.Statline}"));
        json.WriteStartObject("bio");
        json.WriteString("display", player.Name);
        json.WriteString("pos", player.Position);
        json.WriteEndObject();
        json.WriteStartObject("season");
        if (player.Pitches)
        {
            json.WriteStartObject("pitching");
            json.WriteString("ip", string.Create(CultureInfo.InvariantCulture, $"{figures.Outs / 3}.{figures.Outs % 3}"));
            json.WriteNumber("so", figures.StrikeOuts);
        }
        else
        {
            json.WriteStartObject("batting");
            json.WriteNumber("ab", figures.AtBats);
            json.WriteNumber("h", figures.Hits);
            json.WriteNumber("rbi", figures.Rbi);
            var average = (figures.Hits * 1000 + (figures.AtBats / 2)) / figures.AtBats;
            json.WriteString("avg", string.Create(CultureInfo.InvariantCulture, $".{average:000}"));
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Games(Snapshot seen, Utf8JsonWriter json)
    {
        json.WriteStartArray("games");
        foreach (var game in seen.Games)
        {
            json.WriteStartObject();
            json.WriteString("id", string.Create(CultureInfo.InvariantCulture, $"slg-{game.Id - Season.FirstGame + 1}"));
            json.WriteStartObject("refs");
            json.WriteString("mlb", game.Id.ToString(CultureInfo.InvariantCulture));
            json.WriteEndObject();
            json.WriteString("status", game.Final ? "Final" : "In Progress");
            json.WriteStartObject("inning");
            json.WriteNumber("number", game.Inning);
            json.WriteString("half", game.Top ? "Top" : "Bottom");
            json.WriteEndObject();
            json.WriteStartObject("tally");
            json.WriteNumber("pitches", game.Pitches);
            json.WriteEndObject();
            json.WriteStartObject("sides");
            Side("home", Roster.Clubs[game.Home].Code, game.HomeRuns, game.HomeHits, json);
            Side("away", Roster.Clubs[game.Away].Code, game.AwayRuns, game.AwayHits, json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Side(string side, string club, int runs, int hits, Utf8JsonWriter json)
    {
        json.WriteStartObject(side);
        json.WriteString("abbr", club);
        json.WriteString("runs", runs.ToString(CultureInfo.InvariantCulture));
        json.WriteString("hits", hits.ToString(CultureInfo.InvariantCulture));
        json.WriteEndObject();
    }
}
