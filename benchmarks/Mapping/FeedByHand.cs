using System.Buffers.Text;
using System.Text.Json;

namespace StreamEngine.Benchmarks;

/// <summary>
/// The fields of <c>maps/mlb-feed.json</c>, read by a loop that knows this one document and nothing else: typed values in arrays, texts as copied
/// bytes, keys put together, one pass, nothing allocated.
/// </summary>
internal sealed partial class FeedByHand
{
    private const int Most = 512;

    private readonly byte[] texts = new byte[1 << 20];
    private readonly Line[] lines = new Line[Most];
    private int written;
    private int count;
    private FeedSums sums;

    /// <summary>Reads one feed.</summary>
    public FeedSums Read(ReadOnlySpan<byte> feed)
    {
        (written, count, sums) = (0, 0, default);
        var json = new Utf8JsonReader(feed);
        json.Read();
        ref var game = ref lines[count++];
        game = default;
        long gamePk = 0;
        var stamp = default(Slice);
        while (Next(ref json))
        {
            if (json.ValueTextEquals("gamePk"u8))
            {
                gamePk = Number(ref json);
            }
            else if (json.ValueTextEquals("metaData"u8))
            {
                for (Enter(ref json); Next(ref json);)
                {
                    if (json.ValueTextEquals("timeStamp"u8))
                    {
                        stamp = Raw(ref json);
                    }
                    else
                    {
                        json.Skip();
                    }
                }
            }
            else if (json.ValueTextEquals("gameData"u8))
            {
                GameData(ref json, ref game);
            }
            else if (json.ValueTextEquals("liveData"u8))
            {
                LiveData(ref json, ref game, gamePk);
            }
            else
            {
                json.Skip();
            }
        }

        game.Time = Time(texts.AsSpan(stamp.At, stamp.Length));
        Key(ref game, "game:mlb:"u8, gamePk, -1);
        for (var i = 0; i < count; i++)
        {
            lines[i].Time = game.Time;
            sums.Values += lines[i].Values;
            sums.Hits += lines[i].Hits;
        }

        sums.Records = count;
        return sums;
    }

    private void GameData(ref Utf8JsonReader json, ref Line game)
    {
        for (Enter(ref json); Next(ref json);)
        {
            if (json.ValueTextEquals("status"u8))
            {
                for (Enter(ref json); Next(ref json);)
                {
                    if (json.ValueTextEquals("abstractGameState"u8))
                    {
                        json.Read();
                        game.State = json.ValueTextEquals("Preview"u8) ? 1 : json.ValueTextEquals("Live"u8) ? 2 : json.ValueTextEquals("Final"u8) ? 3 : 0;
                        game.Values++;
                    }
                    else if (json.ValueTextEquals("detailedState"u8))
                    {
                        game.Detail = Text(ref json, ref game);
                    }
                    else
                    {
                        json.Skip();
                    }
                }
            }
            else if (json.ValueTextEquals("datetime"u8))
            {
                for (Enter(ref json); Next(ref json);)
                {
                    if (json.ValueTextEquals("dateTime"u8))
                    {
                        json.Read();
                        game.Start = json.GetDateTimeOffset().UtcTicks;
                        game.Values++;
                    }
                    else
                    {
                        json.Skip();
                    }
                }
            }
            else if (json.ValueTextEquals("venue"u8))
            {
                for (Enter(ref json); Next(ref json);)
                {
                    if (json.ValueTextEquals("name"u8))
                    {
                        game.Venue = Text(ref json, ref game);
                    }
                    else
                    {
                        json.Skip();
                    }
                }
            }
            else if (json.ValueTextEquals("teams"u8))
            {
                for (Enter(ref json); Next(ref json);)
                {
                    var home = json.ValueTextEquals("home"u8);
                    for (Enter(ref json); Next(ref json);)
                    {
                        if (!json.ValueTextEquals("abbreviation"u8))
                        {
                            json.Skip();
                        }
                        else if (home)
                        {
                            game.Home = Text(ref json, ref game);
                        }
                        else
                        {
                            game.Away = Text(ref json, ref game);
                        }
                    }
                }
            }
            else
            {
                json.Skip();
            }
        }
    }

    private void LiveData(ref Utf8JsonReader json, ref Line game, long gamePk)
    {
        for (Enter(ref json); Next(ref json);)
        {
            if (json.ValueTextEquals("linescore"u8))
            {
                Linescore(ref json, ref game);
            }
            else if (json.ValueTextEquals("boxscore"u8))
            {
                for (Enter(ref json); Next(ref json);)
                {
                    if (json.ValueTextEquals("teams"u8))
                    {
                        for (Enter(ref json); Next(ref json);)
                        {
                            Side(ref json, json.ValueTextEquals("home"u8), gamePk);
                        }
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
    }

    private static void Linescore(ref Utf8JsonReader json, ref Line game)
    {
        for (Enter(ref json); Next(ref json);)
        {
            if (json.ValueTextEquals("currentInning"u8))
            {
                game.Inning = Number(ref json, ref game);
            }
            else if (json.ValueTextEquals("inningHalf"u8))
            {
                json.Read();
                game.Top = json.ValueTextEquals("Top"u8);
                game.Values++;
            }
            else if (json.ValueTextEquals("balls"u8))
            {
                game.Balls = Number(ref json, ref game);
            }
            else if (json.ValueTextEquals("strikes"u8))
            {
                game.Strikes = Number(ref json, ref game);
            }
            else if (json.ValueTextEquals("outs"u8))
            {
                game.Outs = Number(ref json, ref game);
            }
            else if (json.ValueTextEquals("teams"u8))
            {
                for (Enter(ref json); Next(ref json);)
                {
                    var home = json.ValueTextEquals("home"u8);
                    for (Enter(ref json); Next(ref json);)
                    {
                        var (runs, hits) = (json.ValueTextEquals("runs"u8), json.ValueTextEquals("hits"u8));
                        if (!runs && !hits)
                        {
                            json.Skip();
                            continue;
                        }

                        var value = Number(ref json, ref game);
                        (game.HomeRuns, game.AwayRuns) = runs ? home ? (value, game.AwayRuns) : (game.HomeRuns, value) : (game.HomeRuns, game.AwayRuns);
                        (game.HomeHits, game.AwayHits) = hits ? home ? (value, game.AwayHits) : (game.HomeHits, value) : (game.HomeHits, game.AwayHits);
                    }
                }
            }
            else
            {
                json.Skip();
            }
        }
    }

    private static void Enter(ref Utf8JsonReader json) => json.Read();

    private static bool Next(ref Utf8JsonReader json) => json.Read() && json.TokenType == JsonTokenType.PropertyName;

    private static long Number(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.Number)
        {
            return json.GetInt64();
        }

        _ = Utf8Parser.TryParse(json.ValueSpan, out long value, out _);
        return value;
    }

    private static long Number(ref Utf8JsonReader json, ref Line line)
    {
        line.Values++;
        return Number(ref json);
    }

    private static double Decimal(ref Utf8JsonReader json, ref Line line)
    {
        json.Read();
        if (!Utf8Parser.TryParse(json.ValueSpan, out double value, out var used) || used != json.ValueSpan.Length)
        {
            return double.NaN;
        }

        line.Values++;
        return value;
    }

    private Slice Text(ref Utf8JsonReader json, ref Line line)
    {
        line.Values++;
        return Raw(ref json);
    }

    private Slice Raw(ref Utf8JsonReader json)
    {
        json.Read();
        var slice = new Slice(written, json.CopyString(texts.AsSpan(written)));
        written += slice.Length;
        return slice;
    }

    private void Key(ref Line line, ReadOnlySpan<byte> prefix, long first, long second)
    {
        var start = written;
        prefix.CopyTo(texts.AsSpan(written));
        written += prefix.Length;
        Utf8Formatter.TryFormat(first, texts.AsSpan(written), out var length);
        written += length;
        if (second >= 0)
        {
            texts[written++] = (byte)':';
            Utf8Formatter.TryFormat(second, texts.AsSpan(written), out length);
            written += length;
        }

        line.Key = new Slice(start, written - start);
        sums.KeyBytes += line.Key.Length;
    }

    private static long Time(ReadOnlySpan<byte> stamp) => new DateTime(
        Digits(stamp[..4]), Digits(stamp[4..6]), Digits(stamp[6..8]), Digits(stamp[9..11]), Digits(stamp[11..13]), Digits(stamp[13..15]), DateTimeKind.Utc).Ticks;

    private static int Digits(ReadOnlySpan<byte> text)
    {
        _ = Utf8Parser.TryParse(text, out int value, out _);
        return value;
    }

    private record struct Slice(int At, int Length);

    private struct Line
    {
        public Slice Key, Name, Team, Detail, Venue, Home, Away;
        public long Time, Start, AtBats, Hits, HomeRuns, Rbi, Runs, Doubles, Triples, Walks, StrikeOuts, Outs, Earned, Pitches, Order;
        public long Inning, Balls, Strikes, AwayRuns, HomeHits, AwayHits;
        public double Average;
        public int State, Values;
        public bool Top, IsHome;
    }
}
