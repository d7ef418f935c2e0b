using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Transforms.Deduplicate;
using StreamEngine.Tests;

namespace StreamEngine.Pipeline.Tests.Transforms.Deduplicate;

public class DeduplicateStateTests
{
    private const int Keys = 2000;
    private const int Minute = 60;

    [Theory]
    [InlineData(10, 20, 9, true)]
    [InlineData(10, 20, 15, true)]
    [InlineData(10, 20, 21, false)]
    [InlineData(20, 10, 9, true)]
    [InlineData(20, 10, 11, false)]
    [InlineData(20, 7, 5, true)]
    public void Another_window_counts_from_when_a_key_was_seen(int before, int after, int later, bool isKnown)
    {
        var step = Step(before);
        Say(step, 0, Keys, 0);
        var other = Step(after);
        Assert.Empty(Saved.Of(step).Restore(other));
        Assert.Equal(isKnown ? Keys : 0, Say(other, 0, Keys, later * Minute));
    }

    [Fact]
    public void What_has_expired_in_a_short_window_does_not_come_back_in_a_long_one()
    {
        var step = Step(1);
        Say(step, 0, Keys, 0);
        Say(step, Keys, 1, 1 * Minute + 1);
        var other = Step(10);
        Assert.Empty(Saved.Of(step).Restore(other));
        Assert.Equal(0, Say(other, 0, Keys, 2 * Minute));
    }

    [Theory]
    [InlineData(10_000, 1_000_000)]
    [InlineData(10_000, 20_000)]
    [InlineData(1_000_000, 3000)]
    public void Another_bound_keeps_all_that_fit(int before, int after)
    {
        var step = Step(10, before);
        Say(step, 0, Keys, 0);
        var other = Step(10, after);
        Assert.Empty(Saved.Of(step).Restore(other));
        Assert.Equal(Keys, Say(other, 0, Keys, Minute));
        Assert.Equal(0, Say(other, Keys, 20 * Keys, Minute));
        Assert.InRange(other.Count, Math.Min(after, 21 * Keys) * 0.95, after);
    }

    [Fact]
    public void A_lower_bound_keeps_the_later_ones()
    {
        var step = Step(10, 100_000);
        Say(step, 0, 30_000, 0);
        Say(step, 30_000, Keys, Minute);
        var other = Step(10, Keys);
        Assert.Empty(Saved.Of(step).Restore(other));
        Assert.Equal(Keys, other.Count);
        Assert.InRange(Say(other, 30_000, Keys, Minute), Keys * 0.3, Keys);
    }

    [Fact]
    public void A_bound_too_small_to_grow_from_is_reported() => Assert.Equal(
        ["state 'keys' of block 'block' is not taken over: it was kept with a 'maxKeys' so small that it can't grow to what is set now; repetitions may pass once more"],
        Saved.Of(Step(10, 10)).Restore(Step(10, 1_000_000)));

    [Fact]
    public void Other_workers_begin_anew_and_say_so() => Assert.Equal(
        ["state 'keys' of block 'block' is not taken over: it was kept by 1 workers, now there are 2", "state 'keys' of block 'block' is not taken over: it was kept by 1 workers, now there are 2"],
        Saved.Of(Step(10)).Restore(Step(10), Step(10)));

    [Theory]
    [InlineData("source 'beta'", "alpha,gamma", "name,hits", "player,game")]
    [InlineData("source 'alpha'", "new,alpha,beta", "name,hits", "player,game")]
    [InlineData("record 'player'", "alpha,beta", "name,hits", "new,player,game")]
    [InlineData("field 'hits' of record 'player'", "alpha,beta", "name,team", "player,game")]
    [InlineData(null, "alpha,beta,new", "name,hits,team", "player,game,new")]
    public void What_moved_in_the_config_is_named(string? moved, string sources, string fields, string kinds)
    {
        var step = new DeduplicateStep(Schema("alpha,beta", "name,hits", "player,game"), TimeSpan.FromMinutes(10), 100);
        var problems = Saved.Of(step).Restore(new DeduplicateStep(Schema(sources, fields, kinds), TimeSpan.FromMinutes(10), 100));
        Assert.Equal(
            moved is null ? [] : [$"state 'keys' of block 'block' is not taken over: {moved} is gone or has another place in the config, by which keys and contents are known; put new ones behind those that were there; repetitions may pass once more"],
            problems);
    }

    [Theory]
    [Trait("kind", Fuzz.Trait)]
    [InlineData(10, 300)]
    [InlineData(7, 90)]
    public void Damaged_state_is_reported_and_the_step_is_of_use(int window, int maxKeys)
    {
        var step = Step(10, 300);
        Say(step, 0, 200, 0);
        Say(step, 100, 10, Minute);
        var saved = Saved.Of(step);
        var keys = Batch(0, 40);
        Fuzz.Run([saved.Content], content =>
        {
            var other = Step(window, maxKeys);
            var problems = saved.With(content).Restore(other);
            for (var minute = 0; minute < 30; minute += 10)
            {
                other.Process(keys.Batch.Whole, new(TestBatch.Start + (minute * TimeSpan.TicksPerMinute)));
            }

            Assert.InRange(other.Count, 0, maxKeys);
            return problems.Count == 0 ? null : string.Join('\n', problems);
        });
    }

    private static DeduplicateStep Step(int minutes, int maxKeys = 10_000) => new(TestBatch.DefaultSchema(), TimeSpan.FromMinutes(minutes), maxKeys);

    private static TestBatch Batch(int first, int count)
    {
        var batch = new TestBatch();
        for (var key = first; key < first + count; key++)
        {
            batch.Row("player", "k" + key, sequence: 1, fields: ("hits", key));
        }

        return batch;
    }

    /// <returns>How many were known.</returns>
    private static int Say(DeduplicateStep step, int first, int count, int second)
    {
        var known = 0;
        for (var end = first + count; first < end; first += 1000)
        {
            known += step.Run(Batch(first, Math.Min(1000, end - first)).Batch, TestBatch.Start + (second * TimeSpan.TicksPerSecond)).Count(d => d.Reason == "duplicate");
        }

        return known;
    }

    private static RecordSchema Schema(string sources, string fields, string kinds) => new(
        [.. kinds.Split(',').Select((kind, i) => TestBatch.Type(kind, i, [], [.. fields.Split(',').Select(f => TestBatch.Field(f, FieldType.String))]))],
        [.. sources.Split(',').Select((source, i) => new SourceInfo(source, i, 1, 1))]);
}
