using System.Buffers.Text;
using System.Text.Json;

namespace StreamEngine.Benchmarks;

/// <content>The players of both sides, and their lines of the game and the season.</content>
internal sealed partial class FeedByHand
{
    private void Side(ref Utf8JsonReader json, bool home, long gamePk)
    {
        var team = default(Slice);
        for (Enter(ref json); Next(ref json);)
        {
            if (json.ValueTextEquals("team"u8))
            {
                for (Enter(ref json); Next(ref json);)
                {
                    if (json.ValueTextEquals("name"u8))
                    {
                        team = Raw(ref json);
                    }
                    else
                    {
                        json.Skip();
                    }
                }
            }
            else if (json.ValueTextEquals("players"u8))
            {
                for (Enter(ref json); Next(ref json);)
                {
                    Player(ref json, home, team, gamePk);
                }
            }
            else
            {
                json.Skip();
            }
        }
    }

    private void Player(ref Utf8JsonReader json, bool home, Slice team, long gamePk)
    {
        long id = 0;
        var (name, order) = (default(Slice), 0L);
        var hasOrder = false;
        ref var season = ref lines[count++];
        season = default;
        var (batting, pitching) = (default(Line), default(Line));
        var (bats, throws) = (false, false);
        for (Enter(ref json); Next(ref json);)
        {
            if (json.ValueTextEquals("person"u8))
            {
                for (Enter(ref json); Next(ref json);)
                {
                    if (json.ValueTextEquals("id"u8))
                    {
                        id = Number(ref json);
                    }
                    else if (json.ValueTextEquals("fullName"u8))
                    {
                        name = Raw(ref json);
                    }
                    else
                    {
                        json.Skip();
                    }
                }
            }
            else if (json.ValueTextEquals("position"u8))
            {
                for (Enter(ref json); Next(ref json);)
                {
                    if (json.ValueTextEquals("abbreviation"u8))
                    {
                        season.Detail = Text(ref json, ref season);
                    }
                    else
                    {
                        json.Skip();
                    }
                }
            }
            else if (json.ValueTextEquals("battingOrder"u8))
            {
                (order, hasOrder) = (Number(ref json), true);
            }
            else if (json.ValueTextEquals("stats"u8))
            {
                for (Enter(ref json); Next(ref json);)
                {
                    if (json.ValueTextEquals("batting"u8))
                    {
                        bats = Batting(ref json, ref batting, isSeason: false);
                    }
                    else if (json.ValueTextEquals("pitching"u8))
                    {
                        throws = Pitching(ref json, ref pitching, isSeason: false);
                    }
                    else
                    {
                        json.Skip();
                    }
                }
            }
            else if (json.ValueTextEquals("seasonStats"u8))
            {
                for (Enter(ref json); Next(ref json);)
                {
                    if (json.ValueTextEquals("batting"u8))
                    {
                        Batting(ref json, ref season, isSeason: true);
                    }
                    else if (json.ValueTextEquals("pitching"u8))
                    {
                        Pitching(ref json, ref season, isSeason: true);
                    }
                    else
                    {
                        json.Skip();
                    }
                }
            }
            else
            {
                json.Skip();
            }
        }

        (season.Name, season.Team, season.IsHome, season.Values) = (name, team, home, season.Values + 3);
        Key(ref season, "player:mlb:"u8, id, -1);
        if (bats)
        {
            (batting.Name, batting.Team, batting.Order, batting.Values) = (name, team, order, batting.Values + (hasOrder ? 3 : 2));
            Key(ref batting, "batting:mlb:"u8, gamePk, id);
            lines[count++] = batting;
        }

        if (throws)
        {
            (pitching.Name, pitching.Team, pitching.Values) = (name, team, pitching.Values + 2);
            Key(ref pitching, "pitching:mlb:"u8, gamePk, id);
            lines[count++] = pitching;
        }
    }

    private static bool Batting(ref Utf8JsonReader json, ref Line line, bool isSeason)
    {
        var has = false;
        for (Enter(ref json); Next(ref json);)
        {
            if (json.ValueTextEquals("atBats"u8))
            {
                (line.AtBats, has) = (Number(ref json, ref line), true);
            }
            else if (json.ValueTextEquals("hits"u8))
            {
                line.Hits = Number(ref json, ref line);
            }
            else if (json.ValueTextEquals("homeRuns"u8))
            {
                line.HomeRuns = Number(ref json, ref line);
            }
            else if (json.ValueTextEquals("rbi"u8))
            {
                line.Rbi = Number(ref json, ref line);
            }
            else if (isSeason && json.ValueTextEquals("avg"u8))
            {
                line.Average = Decimal(ref json, ref line);
            }
            else if (!isSeason && json.ValueTextEquals("runs"u8))
            {
                line.Runs = Number(ref json, ref line);
            }
            else if (!isSeason && json.ValueTextEquals("doubles"u8))
            {
                line.Doubles = Number(ref json, ref line);
            }
            else if (!isSeason && json.ValueTextEquals("triples"u8))
            {
                line.Triples = Number(ref json, ref line);
            }
            else if (!isSeason && json.ValueTextEquals("baseOnBalls"u8))
            {
                line.Walks = Number(ref json, ref line);
            }
            else if (!isSeason && json.ValueTextEquals("strikeOuts"u8))
            {
                line.StrikeOuts = Number(ref json, ref line);
            }
            else
            {
                json.Skip();
            }
        }

        return has;
    }

    private static bool Pitching(ref Utf8JsonReader json, ref Line line, bool isSeason)
    {
        var has = false;
        for (Enter(ref json); Next(ref json);)
        {
            if (json.ValueTextEquals("inningsPitched"u8))
            {
                json.Read();
                var text = json.ValueSpan;
                _ = Utf8Parser.TryParse(text, out long innings, out var used);
                line.Outs = (innings * 3) + (used + 1 < text.Length ? text[used + 1] - '0' : 0);
                line.Values++;
                has = true;
            }
            else if (json.ValueTextEquals("strikeOuts"u8))
            {
                line.StrikeOuts = Number(ref json, ref line);
            }
            else if (isSeason && json.ValueTextEquals("era"u8))
            {
                line.Average = Decimal(ref json, ref line);
            }
            else if (!isSeason && json.ValueTextEquals("hits"u8))
            {
                line.Hits = Number(ref json, ref line);
            }
            else if (!isSeason && json.ValueTextEquals("runs"u8))
            {
                line.Runs = Number(ref json, ref line);
            }
            else if (!isSeason && json.ValueTextEquals("earnedRuns"u8))
            {
                line.Earned = Number(ref json, ref line);
            }
            else if (!isSeason && json.ValueTextEquals("baseOnBalls"u8))
            {
                line.Walks = Number(ref json, ref line);
            }
            else if (!isSeason && json.ValueTextEquals("homeRuns"u8))
            {
                line.HomeRuns = Number(ref json, ref line);
            }
            else if (!isSeason && json.ValueTextEquals("numberOfPitches"u8))
            {
                line.Pitches = Number(ref json, ref line);
            }
            else
            {
                json.Skip();
            }
        }

        return has;
    }
}
