using CsCheck;
using StreamEngine.Sources.Demo;

namespace StreamEngine.Sources.Tests.Demo;

public class SeasonTests
{
    [Fact]
    public void A_second_says_the_same_however_one_gets_there()
    {
        var walked = new Season(3);
        for (var i = 0; i <= 1500; i++)
        {
            walked.At(i);
        }

        Assert.Equivalent(new Season(3).At(1500), walked.At(1500), strict: true);
        Assert.Equivalent(new Season(3).At(700), walked.At(700), strict: true);
    }

    [Fact]
    public void Every_second_something_happens_and_it_is_baseball()
    {
        Gen.Int[0, 1_000_000].Sample(
            seed =>
            {
                var season = new Season(seed);
                var before = season.At(0);
                for (var i = 1; i <= 1200; i++)
                {
                    var now = season.At(i);
                    var (was, game) = (before.Games[^1], now.Games[^1]);
                    Assert.True(was.Final ? game.Id == was.Id + 1 && game.Pitches == 1 : game.Id == was.Id && game.Pitches == was.Pitches + 1);
                    Assert.InRange(game.Balls, 0, 3);
                    Assert.InRange(game.Strikes, 0, 2);
                    Assert.InRange(game.Outs, 0, game.Final ? 3 : 2);
                    Assert.True(!game.Final || (game.HomeRuns != game.AwayRuns && game.Inning >= 9));
                    Assert.True(now.PlayersChanged == i || now.Players.Zip(before.Players).All(p => p.First.Hits == p.Second.Hits && p.First.AtBats == p.Second.AtBats && p.First.Outs == p.Second.Outs));
                    Assert.True(now.GamesChanged == i || (game.HomeRuns == was.HomeRuns && game.AwayRuns == was.AwayRuns && game.Inning == was.Inning && now.Games.Length == before.Games.Length));
                    Assert.All(now.Players, p => Assert.True(p.Hits <= p.AtBats && p.HomeRuns <= p.Hits && p.HitsToday <= p.AtBatsToday));
                    before = now;
                }
            },
            iter: 20);
    }

    [Fact]
    public void A_game_lasts_some_minutes_and_its_figures_are_carried_on()
    {
        var season = new Season(1);
        var end = season.At(20_000);

        Assert.InRange(end.Games[^1].Id - Season.FirstGame, 20_000 / 900, 20_000 / 120);
        Assert.Equal(
            Roster.Clubs.Sum(c => c.Wins) + end.Games[^1].Id - Season.FirstGame + (end.Games[^1].Final ? 1 : 0),
            end.Clubs.Sum(c => c.Wins));
        Assert.True(end.Players[0].HomeRuns > Roster.Players[0].HomeRuns);
        Assert.Equal(end.Clubs[0].RunsScored - Roster.Clubs[0].RunsScored, end.Clubs[1].RunsAllowed - Roster.Clubs[1].RunsAllowed);
        Assert.Equal(
            end.Clubs[0].RunsScored - Roster.Clubs[0].RunsScored,
            Enumerable.Range(0, Roster.Size).Sum(i => end.Players[i].Rbi - Roster.Players[i].Rbi));
    }

    [Fact]
    public void The_log_agrees_with_counting_every_window_by_hand() =>
        Gen.Int[0, 4000].Array[1, 200].Sample(
            gaps =>
            {
                var log = new ArrivalLog();
                var times = new List<TimeSpan>();
                var exceeded = 0;
                var at = TimeSpan.Zero;
                foreach (var gap in gaps)
                {
                    // Many arrivals exactly on the edge of a window.
                    at += TimeSpan.FromMilliseconds(gap / 500 * 250);
                    times.Add(at);
                    log.Add(at, out var retryAfter);
                    var inSecond = times.Count(t => t > at - TimeSpan.FromSeconds(1));
                    var inMinute = times.Count(t => t > at - TimeSpan.FromSeconds(60));
                    var full = inSecond > ArrivalLog.PerSecond || inMinute > ArrivalLog.PerMinute;
                    exceeded += full ? 1 : 0;
                    Assert.Equal(full, retryAfter > TimeSpan.Zero);
                    if (full)
                    {
                        // One who comes back then finds room.
                        var back = at + retryAfter;
                        Assert.True(times.Count(t => t > back - TimeSpan.FromSeconds(60)) < ArrivalLog.PerMinute);
                        Assert.True(times.Count(t => t > back - TimeSpan.FromSeconds(1)) < ArrivalLog.PerSecond);
                    }
                }

                Assert.Equal(exceeded, log.Exceeded);
                Assert.Equal(times.Max(end => times.Count(t => t > end - TimeSpan.FromSeconds(1) && t <= end)), log.BusiestSecond);
                Assert.Equal(times.Max(end => times.Count(t => t > end - TimeSpan.FromSeconds(60) && t <= end)), log.BusiestMinute);
            },
            iter: 200);
}
