using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Transforms.Merge;

/// <summary>A merge sees which source only goes on answering while others change what it says too.</summary>
public class MovementWatchTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private const int Keys = 6;
    private readonly Standstill alpha = new("alpha", TimeSpan.FromSeconds(60));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 100)]
    [InlineData(3, 4)]
    public void A_source_that_only_confirms_stands_still_in_whatever_batches_and_workers(int workers, int perBatch)
    {
        var words = new List<Word>();
        Both(words, 0);
        for (var second = 1; second <= 100; second++)
        {
            words.Add(new(1, second, second % Keys, ("hits", second)));
            words.Add(new(0, second, second % Keys));
        }

        Run(words.Where(w => w.Second <= 60), workers, perBatch);
        Assert.Null(alpha.Problem);
        Run(words, workers, perBatch);
        Assert.NotNull(alpha.Problem);
    }

    [Fact]
    public void Repetitions_and_what_is_refused_or_volatile_are_no_movement()
    {
        var words = new List<Word>();
        Both(words, 0);
        for (var second = 1; second <= 100; second++)
        {
            words.Add(new(1, second, 0, ("hits", second)));
            words.Add(new(0, second, 0, ("hits", 0), ("at", DateTimeOffset.UnixEpoch.AddSeconds(second))));
            words.Add(new(0, second, 1, ("hits", second)) { EventTime = -1 });
        }

        Run(words);
        Assert.NotNull(alpha.Problem);
    }

    [Theory]
    [InlineData("another value")]
    [InlineData("a new key")]
    [InlineData("a removal")]
    [InlineData("a removal of its own key")]
    public void Anything_new_is_movement(string news)
    {
        var words = new List<Word>();
        Both(words, 0);
        words.Add(new(0, 0, 99, ("hits", 1)));
        for (var second = 1; second <= 100; second++)
        {
            words.Add(new(1, second, 0, ("hits", second)));
            words.Add(new(0, second, 0));
        }

        words.Add(news switch
        {
            "another value" => new(0, 101, 0, ("hits", 1)),
            "a new key" => new(0, 101, 77, ("hits", 1)),
            "a removal" => new(0, 101, 0) { Op = RowOp.Removed },
            _ => new(0, 101, 99) { Op = RowOp.Removed },
        });
        Run(words);
        Assert.Null(alpha.Problem);
    }

    [Fact]
    public void Others_that_catch_up_or_say_what_it_does_not_are_not_ahead_of_it()
    {
        var words = new List<Word>();
        Both(words, 0);
        for (var key = 0; key < Keys; key++)
        {
            words.Add(new(0, 1, key, ("hits", 9)));
        }

        for (var second = 2; second <= 200; second++)
        {
            words.Add(new(1, second, second % Keys, ("hits", 9), ("atBats", second)));
            words.Add(new(0, second, second % Keys));
        }

        Run(words);
        Assert.Null(alpha.Problem);
    }

    [Fact]
    public void Others_alone_are_not_ahead_of_it_and_nobody_is_behind_itself()
    {
        var words = new List<Word>();
        for (var second = 0; second <= 200; second++)
        {
            words.Add(new(1, second, second % Keys, ("hits", second)));
            words.Add(new(0, second, 50));
        }

        Run(words);
        Assert.Null(alpha.Problem);
    }

    [Fact]
    public void First_words_are_not_ahead_of_it()
    {
        var words = new List<Word>();
        for (var second = 0; second <= 200; second++)
        {
            words.Add(new(0, 0, second, ("hits", 0)));
        }

        for (var second = 0; second <= 200; second++)
        {
            words.Add(new(1, second, second, ("hits", 1)));
            words.Add(new(0, second, 0));
        }

        Run(words);
        Assert.Null(alpha.Problem);
    }

    private static void Both(List<Word> words, int second)
    {
        for (var key = 0; key < Keys; key++)
        {
            words.Add(new(0, second, key, ("hits", 0)));
            words.Add(new(1, second, key, ("hits", 0)));
        }
    }

    private void Run(IEnumerable<Word> words, int workers = 1, int perBatch = 10)
    {
        alpha.Forget();
        var schema = TestBatch.DefaultSchema();
        var steps = Enumerable.Range(0, workers).Select(_ => new MergeStep(schema, new MergeOptions(), 1000, watch: new MovementWatch(schema, [alpha, null, null]))).ToList();
        var sequence = 0;
        foreach (var some in words.Chunk(perBatch))
        {
            var batch = new TestBatch(schema);
            foreach (var word in some)
            {
                var time = TestBatch.Start + (word.Second * Second);
                batch.Row("player", "k" + word.Key, word.Source, ++sequence, time, word.EventTime is { } at ? TestBatch.Start + (at * Second) : time, word.Op, word.Fields);
            }

            batch.Batch.Split(workers);
            for (var i = 0; i < workers; i++)
            {
                steps[i].Process(batch.Batch.PartOf(i), new StepTime(TestBatch.Start + (some[^1].Second * Second)));
            }

            batch.Batch.Join();
        }
    }

    /// <summary>What a source says; without fields it confirms what it said.</summary>
    private sealed record Word(short Source, int Second, int Key, params (string, object)[] Fields)
    {
        public RowOp Op { get; init; } = Fields.Length == 0 ? RowOp.Confirmed : RowOp.Update;

        public int? EventTime { get; init; }
    }
}
