namespace StreamEngine.Sources.Demo;

/// <summary>
/// The baseball that all demo providers report on: one pitch a second, game after game. What it says about a second is a
/// function of the seed and that second alone.
/// </summary>
/// <param name="seed">Seed of the run.</param>
internal sealed class Season(int seed)
{
    /// <summary>Id of the first game; far above those MLB has given.</summary>
    public const int FirstGame = 900001;

    /// <summary>How long a finished game stays in the list, in seconds.</summary>
    public const int FinalShown = 60;

    // Providers look at most a few seconds back.
    private const int Kept = 16;

    private const int Pitch = 1;
    private const int Contact = 2;
    private const int Distance = 3;

    private readonly Lock gate = new();
    private readonly Snapshot?[] recent = new Snapshot?[Kept];
    private readonly Figures[] players = [.. Roster.Players.Select(p => new Figures
    {
        AtBats = p.AtBats, Hits = p.Hits, HomeRuns = p.HomeRuns, Rbi = p.Rbi, Outs = p.Outs, StrikeOuts = p.StrikeOuts,
    })];

    private readonly Standing[] clubs = [.. Roster.Clubs.Select(c => new Standing
    {
        Wins = c.Wins, Losses = c.Losses, RunsScored = c.RunsScored, RunsAllowed = c.RunsAllowed,
    })];

    private readonly int[] next = new int[2];
    private Game game = new() { Id = FirstGame - 1, Final = true, Home = 1, LastPlay = "" };
    private Game last;
    private bool first;
    private bool second;
    private bool third;
    private int now = -1;
    private int playersChanged;
    private int gamesChanged;

    /// <summary>What is known at a second since the start, from 0.</summary>
    public Snapshot At(int at)
    {
        lock (gate)
        {
            while (now < at)
            {
                now++;
                Throw();
                if (last.Id >= FirstGame && now - last.Ended == FinalShown)
                {
                    gamesChanged = now;
                }

                if (now > at - Kept)
                {
                    recent[now % Kept] = Look();
                }
            }

            return recent[at % Kept] is { } known && known.Second == at ? known : new Season(seed).At(at);
        }
    }

    private Snapshot Look() => new(
        now,
        last.Id >= FirstGame && now - last.Ended < FinalShown ? [last, game] : [game],
        [.. players],
        [.. clubs],
        playersChanged,
        gamesChanged);

    private void Throw()
    {
        if (game.Final)
        {
            Start();
        }

        ref var batter = ref players[game.Batter];
        ref var pitcher = ref players[game.Pitcher];
        game.Pitches++;
        batter.PitchesToday++;
        pitcher.PitchesToday++;

        var roll = Chance.Of(seed, Pitch, now);
        if (roll < 0.36)
        {
            game.LastPlay = "ball";
            if (++game.Balls == 4)
            {
                Walk();
            }
        }
        else if (roll < 0.62)
        {
            game.LastPlay = "strike";
            if (++game.Strikes == 3)
            {
                pitcher.StrikeOuts++;
                Out("strikes out");
            }
        }
        else if (roll < 0.8)
        {
            game.LastPlay = "foul";
            game.Strikes = Math.Min(2, game.Strikes + 1);
        }
        else
        {
            InPlay();
        }
    }

    private void Start()
    {
        last = game;
        game = new Game { Id = game.Id + 1, Home = game.Away, Started = now, LastPlay = "" };
        for (var i = 0; i < players.Length; i++)
        {
            players[i].AtBatsToday = players[i].HitsToday = players[i].PitchesToday = 0;
        }

        next[0] = next[1] = 0;
        HalfInning(1, top: true);
        playersChanged = now;
    }

    private void HalfInning(int inning, bool top)
    {
        game.Inning = inning;
        game.Top = top;
        game.Outs = 0;
        first = third = false;

        // Since 2020 an extra inning begins with a runner on second base, so that games end.
        second = inning > 9;
        gamesChanged = now;
        Bat();
    }

    private void Bat()
    {
        var batting = game.Top ? game.Away : game.Home;
        game.Balls = game.Strikes = 0;
        game.Batter = (batting * Roster.Size) + next[batting];
        game.Pitcher = ((1 - batting) * Roster.Size) + Roster.Batters;
    }

    private void InPlay()
    {
        ref var batter = ref players[game.Batter];
        var average = (double)batter.Hits / batter.AtBats;
        if (Chance.Of(seed, Contact, now) > average * 1.2)
        {
            Out(Chance.Of(seed, Distance, now) < 0.5 ? "grounds out" : "flies out");
            return;
        }

        batter.Hits++;
        batter.HitsToday++;
        batter.AtBats++;
        batter.AtBatsToday++;
        if (game.Top)
        {
            game.AwayHits++;
        }
        else
        {
            game.HomeHits++;
        }

        var far = Chance.Of(seed, Distance, now);
        var homers = (double)batter.HomeRuns / batter.Hits;
        if (far < homers)
        {
            batter.HomeRuns++;
            Reach("homers", Count(first, second, third) + 1, false, false, false);
        }
        else if (far < homers + 0.02)
        {
            Reach("triples", Count(first, second, third), false, false, true);
        }
        else if (far < homers + 0.22)
        {
            Reach("doubles", Count(second, third), false, true, first);
        }
        else
        {
            Reach("singles", Count(second, third), true, first, false);
        }
    }

    private static int Count(params ReadOnlySpan<bool> runners) => runners.Count(true);

    private void Walk() => Reach("walks", Count(first && second && third), true, first || second, (first && second) || third);

    private void Reach(string play, int runs, bool onFirst, bool onSecond, bool onThird)
    {
        (first, second, third) = (onFirst, onSecond, onThird);
        Describe(play);
        players[game.Batter].Rbi += runs;
        if (runs > 0)
        {
            var batting = game.Top ? game.Away : game.Home;
            game.AwayRuns += game.Top ? runs : 0;
            game.HomeRuns += game.Top ? 0 : runs;
            clubs[batting].RunsScored += runs;
            clubs[1 - batting].RunsAllowed += runs;
            gamesChanged = now;
        }

        NextBatter();
        if (!game.Top && game.Inning >= 9 && game.HomeRuns > game.AwayRuns)
        {
            End();
        }
    }

    private void Out(string play)
    {
        ref var batter = ref players[game.Batter];
        batter.AtBats++;
        batter.AtBatsToday++;
        players[game.Pitcher].Outs++;
        Describe(play);
        NextBatter();
        if (++game.Outs < 3)
        {
            return;
        }

        var decided = game.Inning >= 9 && (game.Top ? game.HomeRuns > game.AwayRuns : game.HomeRuns != game.AwayRuns);
        if (decided)
        {
            End();
        }
        else
        {
            HalfInning(game.Top ? game.Inning : game.Inning + 1, !game.Top);
        }
    }

    private void Describe(string play) => game.LastPlay = $"{Roster.Players[game.Batter].Name} {play}";

    private void NextBatter()
    {
        var batting = game.Top ? game.Away : game.Home;
        next[batting] = (next[batting] + 1) % Roster.Batters;
        playersChanged = now;
        Bat();
    }

    private void End()
    {
        game.Final = true;
        game.Ended = now;
        var winner = game.HomeRuns > game.AwayRuns ? game.Home : game.Away;
        clubs[winner].Wins++;
        clubs[1 - winner].Losses++;
        gamesChanged = playersChanged = now;
    }
}
