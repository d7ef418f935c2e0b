using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Health;

namespace StreamEngine.Pipeline.Tests.Health;

public class StandstillTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private readonly Standstill content = new("feeds", TimeSpan.FromSeconds(60));

    [Fact]
    public void It_stands_still_when_it_answers_for_long_while_others_overtake_it()
    {
        Answer(100);
        Overtake(5, 110);
        Overtake(1, 140);
        Answer(160);
        Answer(170);
        Assert.Null(content.Problem);
        Answer(175);

        // The answer at 170 came 60 s after the others' fifth change, and all of it has been seen since another one came.
        Assert.Equal("stale content: it answers, but in 65 s nothing it says has changed, though others have changed it 6 times", content.Problem);
        Assert.True(content.IsFrozen);
    }

    [Fact]
    public void What_it_says_itself_ends_it()
    {
        Frozen();
        content.Tell(new SourceMoves { Heard = 300 * Second, HasMoved = true });
        Assert.Null(content.Problem);
        Answer(400);
        Answer(500);
        Assert.Null(content.Problem);
    }

    [Fact]
    public void A_quiet_night_is_no_standstill()
    {
        for (var second = 0; second < 1000; second += 10)
        {
            Answer(second);
        }

        Assert.Null(content.Problem);

        // The first game begins, and the others have it first.
        Overtake(9, 1001);
        Answer(1010);
        Answer(1020);
        Assert.Null(content.Problem);
    }

    [Fact]
    public void A_difference_that_stays_when_all_go_quiet_is_no_standstill()
    {
        Answer(100);
        Overtake(20, 110);
        Overtake(1, 139);
        Answer(500);
        Answer(1000);
        Assert.Null(content.Problem);

        // The next day begins, and the others have it first.
        Overtake(1, 1001);
        Answer(1010);
        Answer(1020);
        Assert.Null(content.Problem);
        Overtake(4, 1030);
        Overtake(1, 1060);
        Answer(1090);
        Assert.Null(content.Problem);
        Answer(1091);
        Assert.NotNull(content.Problem);
    }

    [Fact]
    public void Once_seen_it_lasts_though_the_others_go_quiet_too()
    {
        Frozen();
        Answer(10_000);
        Overtake(1, 20_000);
        Answer(20_001);
        Assert.NotNull(content.Problem);
    }

    [Fact]
    public void A_source_that_does_not_answer_is_silent_not_frozen()
    {
        Answer(100);
        Overtake(50, 110);
        Overtake(50, 500);
        Assert.Null(content.Problem);
        Answer(501);
        Assert.Null(content.Problem);
    }

    [Fact]
    public void Forgotten_it_has_to_be_seen_anew()
    {
        Frozen();
        content.Forget();
        Assert.Null(content.Problem);
        Frozen();
    }

    [Fact]
    public void Health_watches_with_the_time_that_is_set()
    {
        var health = new SourceHealth(new FakeTimeProvider());
        Assert.Null(health.Content("feeds"));
        var first = health.Watch("feeds", TimeSpan.FromSeconds(60));
        Assert.Same(first, health.Watch("feeds", TimeSpan.FromSeconds(60)));
        Assert.NotSame(first, health.Watch("feeds", TimeSpan.FromSeconds(61)));
        Assert.Equal(61, health.Content("feeds")!.After.TotalSeconds);
    }

    private void Frozen()
    {
        Answer(100);
        Overtake(5, 110);
        Overtake(1, 150);
        Answer(170);
        Answer(180);
        Assert.NotNull(content.Problem);
    }

    private void Answer(int second) => content.Tell(new SourceMoves { Heard = second * Second });

    private void Overtake(int times, int second)
    {
        var moves = default(SourceMoves);
        for (var i = 0; i < times; i++)
        {
            moves.Overtake(second * Second);
        }

        content.Tell(moves);
    }
}
