using System.Text.Json;

namespace StreamEngine.Sources.Demo;

/// <summary>
/// The flaky one: flat rows with short names, up to the second and pitch by pitch, but with errors, hangs, cut-off JSON and
/// regular outages.
/// </summary>
internal sealed class Livewire(int seed, Season season, DateTimeOffset start, TimeProvider time)
    : DemoProvider("livewire", seed, season, start, time)
{
    /// <summary>Start of the first outage.</summary>
    public static readonly TimeSpan FirstOutage = TimeSpan.FromSeconds(40);

    /// <summary>Time from one outage's start to the next.</summary>
    public static readonly TimeSpan OutageEvery = TimeSpan.FromMinutes(4);

    /// <summary>Long enough for five failures in a row, which open a breaker.</summary>
    public static readonly TimeSpan OutageLength = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    protected override int Rhythm => 1;

    /// <inheritdoc/>
    protected override Fate FateOf(double chance, TimeSpan at) => chance switch
    {
        _ when IsOut(at) => Fate.Outage,
        < 0.10 => Fate.ServerError,
        < 0.14 => Fate.Hang,
        < 0.18 => Fate.BrokenJson,
        _ => Fate.Answered,
    };

    /// <inheritdoc/>
    protected override int OutagesBy(TimeSpan at) => at < FirstOutage ? 0 : (int)((at - FirstOutage) / OutageEvery) + 1;

    /// <inheritdoc/>
    protected override bool Write(string path, Snapshot seen, Utf8JsonWriter json)
    {
        if (path is not ("/players" or "/games"))
        {
            return false;
        }

        var at = TimeOf(seen.Second).ToUnixTimeMilliseconds();
        json.WriteStartArray();
        if (path == "/players")
        {
            Players(seen, at, json);
        }
        else
        {
            Games(seen, at, json);
        }

        json.WriteEndArray();
        return true;
    }

    private static bool IsOut(TimeSpan at) =>
        at >= FirstOutage && TimeSpan.FromTicks((at - FirstOutage).Ticks % OutageEvery.Ticks) < OutageLength;

    private static void Players(Snapshot seen, long at, Utf8JsonWriter json)
    {
        for (var i = 0; i < Roster.Players.Count; i++)
        {
            var player = Roster.Players[i];
            ref readonly var figures = ref seen.Players[i];
            json.WriteStartObject();
            json.WriteNumber("pid", player.Livewire);
            json.WriteString("nm", player.Name);
            json.WriteString("tm", Roster.Clubs[player.Club].Code);
            if (player.Pitches)
            {
                json.WriteNumber("thrown", figures.PitchesToday);
            }
            else
            {
                json.WriteNumber("atb", figures.AtBats);
                json.WriteNumber("hit", figures.Hits);
                json.WriteNumber("hrs", figures.HomeRuns);
                json.WriteNumber("atbToday", figures.AtBatsToday);
                json.WriteNumber("hitToday", figures.HitsToday);
                json.WriteNumber("seen", figures.PitchesToday);
            }

            json.WriteNumber("ts", at);
            json.WriteEndObject();
        }
    }

    private static void Games(Snapshot seen, long at, Utf8JsonWriter json)
    {
        foreach (var game in seen.Games)
        {
            json.WriteStartObject();
            json.WriteNumber("gid", game.Id);
            json.WriteString("st", game.Final ? "F" : "L");
            json.WriteNumber("inn", game.Inning);
            json.WriteString("hf", game.Top ? "T" : "B");
            json.WriteString("hm", Roster.Clubs[game.Home].Code);
            json.WriteString("aw", Roster.Clubs[game.Away].Code);
            json.WriteNumber("hmR", game.HomeRuns);
            json.WriteNumber("awR", game.AwayRuns);
            json.WriteNumber("b", game.Balls);
            json.WriteNumber("s", game.Strikes);
            json.WriteNumber("o", game.Outs);
            json.WriteNumber("np", game.Pitches);
            json.WriteString("bat", Roster.Players[game.Batter].Name);
            json.WriteString("pit", Roster.Players[game.Pitcher].Name);
            json.WriteString("last", game.LastPlay);
            json.WriteNumber("clk", (game.Final ? game.Ended : seen.Second) - game.Started);

            // A finished game keeps its time, so that its row stays the same.
            json.WriteNumber("ts", game.Final ? at - ((seen.Second - game.Ended) * 1000L) : at);
            json.WriteEndObject();
        }
    }
}
