using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Pipeline.Runtime;
using StreamEngine.Tests;
using StreamEngine.Pipeline.Tests.Runtime;

namespace StreamEngine.Pipeline.Tests.Checkpoints;

/// <summary>After a restart from a checkpoint the dead letter holds each dead record once, whatever was written after the checkpoint.</summary>
public sealed class DeadLetterCheckpointTests : IDisposable
{
    private const int Documents = 6000;

    private readonly TempFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Dead => folder.File("dead.jsonl");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1, 13, 100 << 20)]
    [InlineData(2, 7, 100 << 20)]
    [InlineData(4, 40, 100 << 20)]
    [InlineData(2, 13, 850 << 10)]
    public async Task From_any_checkpoint_each_dead_record_is_there_once(int workers, int perBatch, long maxBytes)
    {
        var lengths = new Dictionary<long, long>();
        var store = new MemoryCheckpoints { Keeping = id => lengths[id] = new FileInfo(Dead) is { Exists: true } dead ? dead.Length : 0 };
        await RunAsync(store, workers, perBatch, maxBytes);
        var expected = Letters();
        Assert.Equal(expected.Distinct(), expected);
        Assert.Equal(["a", "both", "left", "right", "rightLines"], expected.Select(l => l.Block).Distinct().Order());
        Assert.Equal(maxBytes < 2 << 20, File.Exists(Dead + ".1"));
        var whole = new[] { Dead, Dead + ".1" }.Where(File.Exists).ToDictionary(f => f, File.ReadAllBytes);

        var chance = new Random(1);
        var (some, taken) = ((store.Saved.Count / 10) + 1, 0L);
        foreach (var checkpoint in store.Saved.Where((_, i) => i % some == 0))
        {
            // The process may have died at any byte behind what the checkpoint had made durable; a predecessor is always whole.
            File.Delete(Dead + ".1");
            foreach (var (file, content) in whole)
            {
                var from = whole.Count == 1 ? (int)lengths[checkpoint.Id] : content.Length;
                File.WriteAllBytes(file, content[..chance.Next(from, content.Length + 1)]);
            }

            // Twice: what the first restart wrote comes again too.
            for (var times = 0; times < 2; times++)
            {
                taken += await RunAsync(store.Until(checkpoint), workers, perBatch, maxBytes);
                Assert.Equal(expected.Order(), Letters().Order());
            }
        }

        Assert.True(taken > Documents / 10, $"only {taken} lines were taken out");
    }

    [Fact]
    public async Task Many_rotations_lose_the_oldest_and_repeat_none()
    {
        var store = new MemoryCheckpoints();
        await RunAsync(store, 2, 13, 64 << 10);
        var whole = new[] { Dead, Dead + ".1" }.ToDictionary(f => f, File.ReadAllBytes);

        foreach (var checkpoint in store.Saved.Where((_, i) => i % ((store.Saved.Count / 4) + 1) == 0))
        {
            foreach (var (file, content) in whole)
            {
                File.WriteAllBytes(file, content);
            }

            await RunAsync(store.Until(checkpoint), 2, 13, 64 << 10);
            var letters = Letters();
            Assert.Equal(letters.Distinct(), letters);
            Assert.InRange(new FileInfo(Dead).Length, 1, 64 << 10);
            Assert.InRange(new FileInfo(Dead + ".1").Length, 1, 64 << 10);
        }
    }

    [Fact]
    public async Task Lines_of_records_that_do_not_come_again_stay()
    {
        var store = new MemoryCheckpoints();
        async Task RunAsync(MemoryCheckpoints checkpoints)
        {
            await using var sink = new RewindingSink();
            await using var runtime = new FakePipeline { Checkpoints = checkpoints, Every = TimeSpan.FromDays(40), DeadLetterPath = Dead }
                .AddSource("a", () => new ReplayableSource(20, 10))
                .AddProvider("p", () => new CountingSource(10, 5))
                .AddLines("lines", "a", "p")
                .AddStep("dead", () => new ActionStep(row => row.Dead("on purpose")), "lines")
                .AddSink("sink", sink, "dead")
                .Build();
            Assert.Empty(await runtime.RunAsync(Cancel));
        }

        await RunAsync(store);
        var after = JsonDocument.Parse(File.ReadLines(Dead).First(l => l.Contains("\"source\":\"a\"", StringComparison.Ordinal))).RootElement.GetProperty("after").GetString()!;
        Assert.EndsWith("/1", after, StringComparison.Ordinal);
        Assert.DoesNotContain(File.ReadLines(Dead), l => l.Contains("\"source\":\"p\"", StringComparison.Ordinal) && l.Contains("\"after\"", StringComparison.Ordinal));

        // A redrive writes no marks; another row of checkpoints has other ones, and a payload that looks like a mark is none.
        string[] others =
        [
            """{"block":"other","source":"a","sequence":1,"bytes":2,"payload":"{}"}""",
            """{"block":"other","source":"a","sequence":2,"after":"8dd0/7","bytes":2,"payload":"{}"}""",
            $$"""{"block":"other","source":"a","sequence":3,"bytes":2,"payload":"{\",\"after\":\"{{after}}\",\"source\":\"a\"}"}""".Replace("\",\"after\":\"", "\\\",\\\"after\\\":\\\"", StringComparison.Ordinal),
            $$"""{"block":"other","source":"gone","sequence":4,"after":"{{after}}","bytes":2,"payload":"{}"}""",
        ];
        await File.AppendAllLinesAsync(Dead, others, Cancel);

        await RunAsync(store.Until(store.Saved[0]));

        var letters = Letters();
        Assert.Equal(20, letters.Count(l => l.Source == "a" && l.Block == "dead"));
        Assert.Equal(20, letters.Count(l => l.Source == "p"));
        Assert.Equal(4, letters.Count(l => l.Block == "other"));
        Assert.Equal(others, File.ReadLines(Dead).Where(l => l.Contains("\"other\"", StringComparison.Ordinal)));
        Assert.False(File.Exists(Dead + ".tmp"));
    }

    [Fact]
    public async Task A_large_file_is_read_from_the_last_old_line_on()
    {
        var store = new MemoryCheckpoints();
        await RunAsync(store, 1, 13, 100 << 20);
        var run = JsonDocument.Parse(File.ReadLines(Dead).First()).RootElement.GetProperty("after").GetString()!.Split('/')[0];
        var last = store.Saved[^1].Id;
        string Line(long after, int bytes) => $$"""{"block":"b","source":"a","sequence":1,"after":"{{run}}/{{after}}","bytes":{{bytes}},"payload":"{{new string('x', bytes)}}"}""";

        // The first would be taken out if it were read: it can't stand there, since it is two checkpoints younger than the next.
        await File.WriteAllLinesAsync(Dead, [Line(last, 10), Line(last - 2, 200_000), Line(last - 1, 70_000), Line(last, 300_000), Line(last - 1, 5), Line(last, 5)], Cancel);
        using var letters = Letter(run, 100 << 20);
        await letters.GoBackAsync(last, Cancel);

        Assert.Equal([last, last - 2, last - 1, last - 1], File.ReadLines(Dead).Select(l => long.Parse(JsonDocument.Parse(l).RootElement.GetProperty("after").GetString()!.Split('/')[1], CultureInfo.InvariantCulture)));
        Assert.Equal(2, letters.Status.TakenOut);
        Assert.Equal(new FileInfo(Dead).Length, letters.Status.Bytes);
    }

    [Fact]
    public async Task No_line_is_missed_wherever_the_file_is_read_from()
    {
        const string Run = "8dd1";
        string Line(long after, int bytes) => $$"""{"block":"b","source":"a","sequence":1,"after":"{{Run}}/{{after}}","bytes":{{bytes}},"payload":"{{new string('x', bytes)}}"}""";
        var newer = Enumerable.Repeat(Line(1234, 120), 700).ToList();
        var length = newer[0].Length + 1;
        for (var shift = 0; shift < length; shift++)
        {
            // What is read in one go begins and ends at every byte of a line once.
            await File.WriteAllLinesAsync(Dead, [Line(1232, 10), .. newer, $$"""{"source":"other","payload":"{{new string('x', shift)}}"}"""], Cancel);
            using var letters = Letter(Run, 100 << 20);
            await letters.GoBackAsync(1234, Cancel);
            Assert.Equal(newer.Count, letters.Status.TakenOut);
            Assert.Equal(2, File.ReadLines(Dead).Count());
        }
    }

    [Theory]
    [InlineData(64 << 10, 5)]
    [InlineData(400, 2)]
    public async Task A_rotation_within_a_barrier_is_undone_when_there_is_room(long maxBytes, int lines)
    {
        const string Run = "8dd1";
        string Line(long after, int sequence) => $$"""{"block":"b","source":"a","sequence":{{sequence}},"after":"{{Run}}/{{after}}","bytes":2,"payload":"{}"}""";
        async Task CheckAsync()
        {
            using var letters = Letter(Run, maxBytes);
            await letters.GoBackAsync(5, Cancel);
            Assert.Equal(lines, File.ReadLines(Dead).Count());
            Assert.Equal(lines < 5, File.Exists(Dead + ".1"));
            Assert.Equal([1, 2, 3, 4, 5], Letters().Select(l => l.Sequence));
        }

        await File.WriteAllLinesAsync(Dead + ".1", [Line(4, 1), Line(4, 2), Line(5, 7), Line(4, 3), Line(5, 8)], Cancel);
        await File.WriteAllLinesAsync(Dead, [Line(5, 9), Line(4, 4), Line(5, 10), Line(4, 5)], Cancel);
        await CheckAsync();

        // As if that restart had died before the predecessor was gone.
        if (lines == 5)
        {
            await File.WriteAllLinesAsync(Dead + ".1", [Line(4, 1), Line(4, 2), Line(4, 3)], Cancel);
            await CheckAsync();
        }
    }

    [Fact]
    public async Task A_mark_that_a_crash_has_torn_hides_no_line()
    {
        const string Run = "8dd1";
        var line = $$"""{"block":"b","source":"a","sequence":1,"after":"{{Run}}/1234","bytes":2,"payload":"{}"}""" + "\n";
        for (var torn = 0; torn < line.Length; torn++)
        {
            await File.WriteAllTextAsync(Dead, string.Concat(Enumerable.Repeat(line, 3)) + line[..torn], Cancel);
            using var letters = Letter(Run, 100 << 20);
            await letters.GoBackAsync(1234, Cancel);
            Assert.Equal(0, new FileInfo(Dead).Length);
        }
    }

    [Fact]
    public async Task In_the_middle_of_a_run_it_goes_back_and_on()
    {
        using var letters = Letter("8dd1", 100 << 20);
        using var batches = new Messages.Batches();
        async Task WriteAsync(long epoch, params string[] payloads)
        {
            var batch = await batches.OneAsync(payloads);
            batch.Epoch = epoch;
            batch.Whole.BeginStep();
            for (var i = 0; i < payloads.Length; i++)
            {
                batch.LeaveDocument(i, Pipeline.Messages.RowState.Dead, "on purpose");
            }

            letters.Write("lines", batch.Whole);
            batch.Release();
        }

        await WriteAsync(4, "\"a\"");
        await WriteAsync(5, "\"b\"", "\"c\"");
        await WriteAsync(4, "\"d\"");
        await letters.GoBackAsync(5, Cancel);
        await WriteAsync(5, "\"b\"");
        await letters.FlushAsync(Cancel);

        Assert.Equal(["\"a\"", "\"d\"", "\"b\""], File.ReadLines(Dead).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("payload").GetString()));
        Assert.Equal((5, 2), (letters.Status.Written, letters.Status.TakenOut));
    }

    [Fact]
    public async Task Lines_that_wait_for_a_disk_that_refuses_are_taken_out_too()
    {
        var time = new FakeTimeProvider();
        var disk = new FaultyDisk();
        using var letters = Letter("8dd1", 100 << 20, time, disk);
        using var batches = new Messages.Batches();
        disk.Fill();
        var batch = await batches.OneAsync("\"b\"");
        batch.Epoch = 5;
        batch.Whole.BeginStep();
        batch.LeaveDocument(0, Pipeline.Messages.RowState.Dead, "on purpose");
        letters.Write("lines", batch.Whole);
        batch.Release();
        await Eventually.HoldsAsync(() => letters.Status.Problem is not null);

        var goingBack = letters.GoBackAsync(5, Cancel);
        disk.Heal();
        await Eventually.HoldsAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return goingBack.IsCompleted;
        });
        await goingBack;
        var flushed = letters.FlushAsync(Cancel);
        await Eventually.HoldsAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return flushed.IsCompleted;
        });

        Assert.Equal(1, letters.Status.TakenOut);
        Assert.Empty(File.ReadLines(Dead));
    }

    private DeadLetterFile Letter(string run, long maxBytes, TimeProvider? time = null, Disk? disk = null)
    {
        var marks = new DeadLetterMarks([("a", true)]);
        var state = new Pipeline.Checkpoints.StateWriter();
        state.Write("run", 1, System.Text.Encoding.UTF8.GetBytes(run));
        marks.Restore(Pipeline.Checkpoints.StateReader.Of(DeadLetterMarks.Part, state), default);
        return new DeadLetterFile(new DeadLetterOptions { Path = Dead, MaxBytes = new ByteSize(maxBytes) }, folder.FullName, time ?? new FakeTimeProvider(), NullLogger<DeadLetterFile>.Instance, disk ?? Disk.Real) { Marks = marks };
    }

    /// <summary>Two sources, one of which gives up records itself; two chains that meet again, and records that die on every way.</summary>
    /// <returns>How many lines were taken out at the start.</returns>
    private async Task<long> RunAsync(MemoryCheckpoints store, int workers, int perBatch, long maxBytes)
    {
        await using var sink = new RewindingSink(store.Saved.Count == 0 ? null : [.. Enumerable.Repeat(((short)0, 0L), 4 * Documents)]);
        await using var runtime = new FakePipeline { Checkpoints = store, Parallelism = workers, DeadLetterPath = Dead, DeadLetterBytes = maxBytes }
            .AddSource("a", () => new ReplayableSource(Documents, perBatch, id => id % 5 == 1))
            .AddSource("b", () => new ReplayableSource(Documents / 2, perBatch))
            .AddLines("leftLines", "a", "b")
            .AddKeyed("left", () => new ActionStep(row => Kill(row, 7, 2000)), "leftLines")
            .AddNormalize("rightLines", () => new PoisonedLines(), "a", "b")
            .AddKeyed("right", () => new ActionStep(row => Kill(row, 3, 500)), "rightLines")
            .AddKeyed("both", () => new ActionStep(row => Kill(row, 4, 1000)), "left", "right")
            .AddSink("sink", sink, "both")
            .Build();
        Assert.Empty(await runtime.RunAsync(Cancel));
        var status = runtime.Status().DeadLetter!;
        Assert.Equal((0, null), (status.Lost, status.Problem));
        return status.TakenOut;
    }

    private static void Kill(Pipeline.Messages.Row row, int every, int spin)
    {
        Thread.SpinWait(row.Get(0).Bits % 31 == 0 ? spin : 1);
        if (row.Get(0).Bits % every == 2)
        {
            row.Dead("on purpose");
        }
    }

    /// <summary>What both files hold, oldest first. A record that goes two ways may die on both, in different blocks or twice in the one where they meet.</summary>
    private List<(string Block, string Source, long Sequence, int Nth)> Letters()
    {
        var seen = new Dictionary<(string, string, long), int>();
        return
        [
            .. new[] { Dead + ".1", Dead }.Where(File.Exists).SelectMany(File.ReadLines).Select(line =>
            {
                var letter = JsonDocument.Parse(line).RootElement;
                var key = (letter.GetProperty("block").GetString()!, letter.GetProperty("source").GetString()!, letter.GetProperty("sequence").GetInt64());
                seen[key] = seen.GetValueOrDefault(key) + 1;
                return (key.Item1, key.Item2, key.Item3, key.Item1 == "both" ? (seen[key] - 1) % 2 : 0);
            }),
        ];
    }

    /// <summary>Gives up every 11th document.</summary>
    private sealed class PoisonedLines : Pipeline.Blocks.IStep
    {
        private readonly LinesStep lines = new();

        public void Process(Pipeline.Messages.Part part, Pipeline.Blocks.StepTime now)
        {
            for (var i = 0; i < part.Batch.DocumentCount; i++)
            {
                if (part.Batch.Document(i) is { State: Pipeline.Messages.RowState.Live, Sequence: var sequence } && sequence % 11 == 3)
                {
                    part.Batch.LeaveDocument(i, Pipeline.Messages.RowState.Dead, "on purpose");
                }
            }

            lines.Process(part, now);
        }
    }
}
