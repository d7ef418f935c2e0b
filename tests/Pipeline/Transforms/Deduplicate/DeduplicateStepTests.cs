using CsCheck;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Deduplicate;

namespace StreamEngine.Pipeline.Tests.Transforms.Deduplicate;

public class DeduplicateStepTests
{
    private const int Keys = 7;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    [Fact]
    public void With_event_time_the_window_ends_between_two_records_and_never_goes_back()
    {
        var step = new DeduplicateStep(TestBatch.DefaultSchema(), Window, 100);
        var batch = new TestBatch();
        foreach (var (key, minute) in new[] { ("a", 0), ("a", 9), ("b", 9), ("a", 21), ("b", 0), ("b", 20) })
        {
            batch.Row("player", key, eventTime: TestBatch.Start + (minute * TimeSpan.TicksPerMinute), fields: ("hits", 1));
        }

        // At 21 both have expired; b is news again though its event time is 0, and lives on at the time that has been reached.
        Assert.Equal([1, 5], step.Run(batch.Batch, StepTime.Event).Select(d => d.Row));
    }

    [Fact]
    public void Numbers_are_compared_by_value_and_volatile_fields_not_at_all()
    {
        var step = new DeduplicateStep(TestBatch.DefaultSchema(), Window, 100);
        Assert.Equal("", See(step, 1, ("average", new TestBatch.Token("0.50")), ("name", "A"), ("at", DateTimeOffset.UnixEpoch)));
        Assert.Equal("duplicate", See(step, 2, ("average", new TestBatch.Token("0.5")), ("name", "A"), ("at", DateTimeOffset.UnixEpoch.AddDays(1))));
        Assert.Equal("duplicate", See(step, 3, ("average", new TestBatch.Token("5e-1")), ("name", "A")));
        Assert.Equal("", See(step, 4, ("average", new TestBatch.Token("0.51")), ("name", "A")));
        Assert.Equal("", See(step, 5, ("name", "A")));
        Assert.Equal("", See(step, 6, ("team", "A")));
        Assert.Equal("", See(step, 7, ("hits", 1), ("atBats", 2)));
        Assert.Equal("", See(step, 8, ("hits", 2), ("atBats", 1)));
        Assert.Equal("", See(step, 9, ("name", "AB"), ("team", "C")));
        Assert.Equal("", See(step, 10, ("name", "A"), ("team", "BC")));
    }

    [Fact]
    public void What_came_before_the_last_is_a_replay_but_a_document_may_say_several_things()
    {
        var step = new DeduplicateStep(TestBatch.DefaultSchema(), Window, 100);
        Assert.Equal("", See(step, 5, ("hits", 1)));
        Assert.Equal("replayed", See(step, 4, ("hits", 2)));
        Assert.Equal("", See(step, 5, ("hits", 2)));
        Assert.Equal("duplicate", See(step, 5, ("hits", 2)));
        Assert.Equal("", See(step, 6, ("hits", 1)));
    }

    [Fact]
    public void Sources_kinds_and_removals_are_told_apart()
    {
        var step = new DeduplicateStep(TestBatch.DefaultSchema(), Window, 100);
        var batch = new TestBatch();
        batch.Row("player", "k", sequence: 9);
        batch.Row("game", "k", sequence: 8);
        batch.Row("player", "k", source: 1, sequence: 7);
        batch.Row("player", "k", sequence: 10, op: RowOp.Removed);
        Assert.Empty(step.Run(batch.Batch, TestBatch.Start));
    }

    [Fact]
    public void A_repetition_goes_on_as_a_confirmation()
    {
        var step = new DeduplicateStep(TestBatch.DefaultSchema(), Window, 100);
        var batch = new TestBatch();
        batch.Row("player", "k", fields: ("hits", 1));
        var repeated = batch.Row("player", "k", fields: ("hits", 1));
        var left = Assert.Single(step.Run(batch.Batch, TestBatch.Start));
        Assert.Equal((RowState.Filtered, "duplicate"), (left.State, left.Reason));
        Assert.Equal((RowState.Live, RowOp.Confirmed), (repeated.Head.State, repeated.Head.Op));
        Assert.Equal(1, batch.Batch.Live);
    }

    [Theory]
    [InlineData("600000", "6e5")]
    [InlineData("0", "0.00")]
    [InlineData("-0.0", "0e9")]
    [InlineData("9e18", "9000000000000000000")]
    [InlineData("12e30", "1.2e31")]
    [InlineData("-100.0", "-1e2")]
    [InlineData("0.0000250", "25e-6")]
    public void One_number_has_many_notations(string first, string second)
    {
        var step = new DeduplicateStep(TestBatch.DefaultSchema(), Window, 100);
        Assert.Equal("", See(step, 1, ("average", new TestBatch.Token(first))));
        Assert.Equal("duplicate", See(step, 2, ("average", new TestBatch.Token(second))));
    }

    [Fact]
    public void Numbers_hash_alike_when_they_are_equal_only() => Gen.Select(Number, Number).Sample((a, b) =>
    {
        var step = new DeduplicateStep(TestBatch.DefaultSchema(), Window, 100);
        See(step, 1, ("average", new TestBatch.Token($"{a.Mantissa}e{a.Exponent}")));
        var equal = Value(a) == Value(b);
        Assert.Equal(equal ? "duplicate" : "", See(step, 2, ("average", new TestBatch.Token($"{b.Mantissa}e{b.Exponent}"))));
    }, iter: 3000);

    [Fact]
    public void Behaves_as_a_dictionary_would() =>
        Gen.Select(
            Gen.Select(Gen.Int[0, Keys - 1], Gen.Short[0, 1], Gen.Int[0, 2], Gen.Int[0, 30], Gen.Int[0, 8], Gen.Int[0, 5], (key, source, content, age, jump, kind) => new Event(key, source, content, age, jump, kind)).List[1, 120],
            Gen.Int[1, 20],
            Gen.Int[1, 6]).Sample((events, window, perBatch) =>
            {
                var step = new DeduplicateStep(TestBatch.DefaultSchema(), TimeSpan.FromSeconds(window), Keys * 2);
                var model = new Model(window);
                var now = 1L;
                for (var at = 0; at < events.Count; at += perBatch)
                {
                    var batch = new TestBatch();
                    now += events[at].Jump;
                    var expected = new List<string>();
                    for (var i = at; i < Math.Min(at + perBatch, events.Count); i++)
                    {
                        var e = events[i];
                        var sequence = Math.Max(1, i - (e.Age > 25 ? e.Age : 0));
                        var confirmed = e.Kind == 0;
                        batch.Row("player", "k" + e.Key, e.Source, sequence, op: confirmed ? RowOp.Confirmed : RowOp.Update, fields: ("hits", e.Content));
                        expected.Add(model.See(e, sequence, confirmed, now));
                    }

                    var left = step.Run(batch.Batch, now * TimeSpan.TicksPerSecond).ToDictionary(d => d.Row, d => d.Reason);
                    Assert.Equal(expected, Enumerable.Range(0, expected.Count).Select(i => left.GetValueOrDefault(i, "")));
                    Assert.InRange(step.Count, model.Count, Keys * 2);
                }
            }, iter: 3000);

    private static readonly Gen<(long Mantissa, int Exponent)> Number =
        Gen.Select(Gen.Long[-120, 120], Gen.Int[0, 16], Gen.Int[-20, 20], (mantissa, zeros, exponent) => (mantissa * (long)Math.Pow(10, zeros), exponent - zeros));

    private static System.Numerics.BigInteger Value((long Mantissa, int Exponent) number) =>
        number.Mantissa * System.Numerics.BigInteger.Pow(10, number.Exponent + 40);

    private static string See(DeduplicateStep step, long sequence, params (string, object)[] fields)
    {
        var batch = new TestBatch();
        batch.Row("player", "k", sequence: sequence, fields: fields);
        return step.Run(batch.Batch, TestBatch.Start).Select(d => d.Reason).SingleOrDefault("");
    }

    private sealed record Event(int Key, short Source, int Content, int Age, int Jump, int Kind);

    private sealed class Model(int window)
    {
        private readonly List<(int Key, short Source, int Content, long Sequence, long Time)> seen = [];

        public int Count => seen.Count;

        public string See(Event e, long sequence, bool confirmed, long now)
        {
            seen.RemoveAll(s => now - s.Time > window);
            var at = seen.FindIndex(s => s.Key == e.Key && s.Source == e.Source);
            if (confirmed)
            {
                if (at >= 0)
                {
                    var known = seen[at];
                    seen.RemoveAt(at);
                    seen.Add(known with { Time = now });
                }

                return "";
            }

            if (at >= 0 && sequence < seen[at].Sequence)
            {
                return "replayed";
            }

            var repeated = at >= 0 && seen[at].Content == e.Content;
            if (at >= 0)
            {
                seen.RemoveAt(at);
            }

            seen.Add((e.Key, e.Source, e.Content, sequence, now));
            return repeated ? "duplicate" : "";
        }
    }
}
