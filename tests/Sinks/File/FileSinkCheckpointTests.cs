using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sinks.Files;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Tests;

namespace StreamEngine.Sinks.Tests.Files;

public sealed class FileSinkCheckpointTests
{
    private static readonly FileSinkOptions Plain = new() { Path = "a.jsonl" };
    private static readonly FileSinkOptions OneBatchEach = Plain with { MaxBytes = new ByteSize(1) };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_open_file_is_cut_back_and_goes_on(bool gzip)
    {
        using var run = new CheckpointedSink(Plain with { Gzip = gzip, Path = "{yyyy}/a.jsonl" });
        await run.StartAsync();
        await run.WriteAsync(1, 2);
        await run.CheckpointAsync();
        await run.WriteAsync(3, 4);
        var name = gzip ? "2026/a.jsonl.gz" : "2026/a.jsonl";
        Assert.Equal([name + ".part"], run.Folder.Files);
        await run.KillAsync();
        await File.AppendAllTextAsync(run.Folder.Of(name + ".part"), "{\"torn", Token);
        await run.StartAsync();
        Assert.Equal([1, 2], run.Sequences(name + ".part"));
        await run.WriteAsync(3, 4, 5);
        await run.CompleteAsync();
        Assert.Equal([name], run.Folder.Files);
        Assert.Equal([1, 2, 3, 4, 5], run.Sequences(name));
        Assert.Contains(run.Log.Lines, l => l.Contains("behind byte", StringComparison.Ordinal) && !l.Contains("Cut: 0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_gets_its_name_only_when_a_checkpoint_that_lists_it_is_complete()
    {
        using var run = new CheckpointedSink(OneBatchEach);
        await run.StartAsync();
        await run.WriteAsync(1);
        await run.WriteAsync(2);
        Assert.Equal(["a-1.jsonl.part", "a.jsonl.part"], run.Folder.Files);
        var saved = await run.SaveAsync();
        await run.WriteAsync(3);
        Assert.Equal(["a-1.jsonl.part", "a-2.jsonl.part", "a.jsonl.part"], run.Folder.Files);
        run.Keep(saved);
        await run.Sink.CommitAsync(Token);
        Assert.Equal(["a-1.jsonl.part", "a-2.jsonl.part", "a.jsonl"], run.Folder.Files);
        await run.CompleteAsync();
        Assert.Equal(["a-1.jsonl", "a-2.jsonl", "a.jsonl"], run.Folder.Files);
        Assert.Equal([1, 2, 3], new[] { "a.jsonl", "a-1.jsonl", "a-2.jsonl" }.SelectMany(run.Sequences));
    }

    [Fact]
    public async Task A_restart_names_what_the_checkpoint_lists_and_deletes_what_came_after()
    {
        using var run = new CheckpointedSink(OneBatchEach);
        await run.StartAsync();
        await run.WriteAsync(1);
        await run.WriteAsync(2);
        run.Keep(await run.SaveAsync());
        await run.WriteAsync(3);
        await run.WriteAsync(4);
        await run.KillAsync();
        await File.WriteAllTextAsync(run.Folder.Of("other.jsonl.part"), "not ours", Token);
        await run.StartAsync();
        Assert.Equal(["a-1.jsonl.part", "a.jsonl", "other.jsonl.part"], run.Folder.Files);
        Assert.Contains(run.Log.Lines, l => l.Contains($"deleted {run.Folder.Of("a-3.jsonl.part")}, ", StringComparison.Ordinal));
        await run.WriteAsync(3);
        await run.CompleteAsync();
        Assert.Equal(["a-1.jsonl", "a-2.jsonl", "a.jsonl", "other.jsonl.part"], run.Folder.Files);
        Assert.Equal([3], run.Sequences("a-2.jsonl"));
    }

    [Fact]
    public async Task Rotation_goes_on_as_saved()
    {
        using var run = new CheckpointedSink(new FileSinkOptions { Path = "p-{HHmm}.jsonl", Rotate = new Duration(TimeSpan.FromHours(1)) });
        await run.StartAsync();
        await run.WriteAsync(1);
        await run.CheckpointAsync();
        run.Time.Advance(TimeSpan.FromMinutes(30));
        await run.RestartAsync();
        await run.WriteAsync(2);
        Assert.Equal(["p-1820.jsonl.part"], run.Folder.Files);
        run.Time.Advance(TimeSpan.FromMinutes(10));
        await run.CheckpointAsync();
        Assert.Equal(["p-1820.jsonl"], run.Folder.Files);
        await run.WriteAsync(3);
        await run.CheckpointAsync();
        await run.KillAsync();
        run.Time.Advance(TimeSpan.FromHours(5));
        await run.StartAsync();
        await run.WriteAsync(4);
        await run.CompleteAsync();
        Assert.Equal(["p-0000.jsonl", "p-1820.jsonl", "p-1900.jsonl"], run.Folder.Files);
        Assert.Equal([1, 2, 3, 4], new[] { "p-1820.jsonl", "p-1900.jsonl", "p-0000.jsonl" }.SelectMany(run.Sequences));
    }

    [Fact]
    public async Task What_an_earlier_run_without_checkpoints_left_is_completed_before_the_first()
    {
        using var run = new CheckpointedSink(Plain);
        await File.WriteAllTextAsync(run.Folder.Of("a.jsonl.part"), "{\"sequence\":1}\n{\"torn", Token);
        await run.StartAsync();
        Assert.Equal([1], run.Sequences("a.jsonl"));
        await run.RestartAsync();
        await run.WriteAsync(2);
        await run.CompleteAsync();
        Assert.Equal(["a-1.jsonl", "a.jsonl"], run.Folder.Files);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Behind_a_source_that_does_not_go_back_nothing_is_undone(bool gzip)
    {
        using var run = new CheckpointedSink(OneBatchEach with { Gzip = gzip });
        var end = gzip ? ".gz" : "";
        await run.StartAsync();
        await run.WriteAsync(1);
        await run.CheckpointAsync();
        await run.WriteAsync(2);
        await run.WriteAsync(3);
        await run.KillAsync();
        await run.StartAsync(comesAgain: false);
        await run.WriteAsync(4);
        await run.CompleteAsync();
        Assert.Equal([1, 2, 3, 4], new[] { "a.jsonl", "a-1.jsonl", "a-2.jsonl", "a-3.jsonl" }.SelectMany(n => run.Sequences(n + end)));
    }

    [Theory]
    [InlineData(5L)]
    [InlineData(null)]
    public async Task It_refuses_to_go_on_from_less_than_the_checkpoint_has(long? left)
    {
        using var run = new CheckpointedSink(Plain);
        await run.StartAsync();
        await run.WriteAsync(1, 2);
        await run.CheckpointAsync();
        await run.KillAsync();
        var (path, part) = (run.Folder.Of("a.jsonl"), run.Folder.Of("a.jsonl.part"));
        var good = await File.ReadAllBytesAsync(part, Token);
        await File.WriteAllTextAsync(run.Folder.Of("a-1.jsonl.part"), "after", Token);
        if (left is null)
        {
            File.Delete(part);
        }
        else
        {
            await File.WriteAllBytesAsync(part, good[..(int)left], Token);
        }

        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => run.StartAsync());
        Assert.Equal(
            left is null
                ? $"sink 'sink': {part} is gone, but by the checkpoint it had {good.Length} bytes: records are lost. Put it back; or, to go on without it, make an empty file {path}"
                : $"sink 'sink': {part} has 5 bytes, but by the checkpoint it had {good.Length}: records are lost. Put back the file that had them; or, to go on without them, rename it to {path}",
            refused.Message);
        Assert.Contains("a-1.jsonl.part", run.Folder.Files);

        await run.KillAsync();
        await File.WriteAllBytesAsync(part, good, Token);
        await run.StartAsync();
        await run.CompleteAsync();
        Assert.Equal(["a.jsonl"], run.Folder.Files);
        Assert.Equal([1, 2], run.Sequences("a.jsonl"));
    }

    [Fact]
    public async Task A_file_completed_by_hand_stays_and_another_is_begun()
    {
        using var run = new CheckpointedSink(Plain);
        await run.StartAsync();
        await run.WriteAsync(1, 2);
        await run.CheckpointAsync();
        await run.KillAsync();
        File.Move(run.Folder.Of("a.jsonl.part"), run.Folder.Of("a.jsonl"));
        await run.StartAsync();
        await run.WriteAsync(3);
        await run.CompleteAsync();
        Assert.Equal([1, 2], run.Sequences("a.jsonl"));
        Assert.Equal([3], run.Sequences("a-1.jsonl"));
        Assert.Contains(run.Log.Lines, l => l.Contains($"{run.Folder.Of("a.jsonl")} was unfinished at the checkpoint", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task From_an_earlier_checkpoint_than_the_last_no_record_is_there_twice(bool gzip)
    {
        using var run = new CheckpointedSink(OneBatchEach with { MaxBytes = new ByteSize(gzip ? 500 : 2100), Gzip = gzip });
        var end = gzip ? ".jsonl.gz" : ".jsonl";
        await File.WriteAllTextAsync(run.Folder.Of("a-99" + end), "of before", Token);
        await run.StartAsync();
        await run.WriteAsync(1, 2, 3);
        await run.WriteAsync(4);
        await run.CheckpointAsync();
        await run.WriteAsync(5);
        var earlier = await run.SaveAsync();
        run.Keep(earlier);
        await run.Sink.CommitAsync(Token);
        var named = run.Folder.Files;
        await NextMomentAsync(run);

        // The open file and later ones get their final names with checkpoints that turn out to be damaged.
        long[] lost = [6, 7, 8, 9, 10, 11];
        foreach (var sequence in lost)
        {
            await run.WriteAsync(sequence, sequence + 100, sequence + 200);
            await run.CheckpointAsync();
        }

        await run.KillAsync();
        run.Keep(earlier);
        await run.StartAsync();
        await run.KillAsync();
        await run.StartAsync();
        foreach (var sequence in lost)
        {
            await run.WriteAsync(sequence, sequence + 100, sequence + 200);
        }

        await run.CompleteAsync();
        Assert.Equal("of before", await File.ReadAllTextAsync(run.Folder.Of("a-99" + end), Token));
        var final = run.Folder.Files.Where(f => f.EndsWith(end, StringComparison.Ordinal) && !f.Contains("-99", StringComparison.Ordinal)).ToList();
        Assert.Equal([1, 2, 3, 4, 5, .. lost.Concat(lost.Select(s => s + 100)).Concat(lost.Select(s => s + 200)).Order()], final.SelectMany(run.Sequences).Order());
        Assert.Contains(run.Folder.Files, f => f.EndsWith(".undone", StringComparison.Ordinal));
        Assert.All(run.Folder.Files.Where(f => f.EndsWith(".undone", StringComparison.Ordinal)), f => Assert.Contains(run.Log.Lines, l => l.Contains($"it is called {run.Folder.Of(f)} now", StringComparison.Ordinal)));
        Assert.Contains(run.Log.Lines, l => l.Contains("it is unfinished again", StringComparison.Ordinal));
        Assert.Superset(named.Where(f => !f.EndsWith(".part", StringComparison.Ordinal)).ToHashSet(), run.Folder.Files.ToHashSet());
    }

    [Fact]
    public async Task Complete_files_may_be_taken_away()
    {
        using var run = new CheckpointedSink(Plain);
        await run.StartAsync();
        await run.WriteAsync(1);
        await run.CompleteAsync();
        File.Delete(run.Folder.Of("a.jsonl"));
        await run.StartAsync();
        Assert.Contains(run.Log.Lines, l => l.Contains($"{run.Folder.Of("a.jsonl")}, ", StringComparison.Ordinal) && l.Contains("put it back", StringComparison.Ordinal));
        await run.WriteAsync(2);
        await run.CompleteAsync();
        Assert.Equal([2], run.Sequences("a.jsonl"));
    }

    [Fact]
    public async Task Another_path_in_the_config_completes_the_old_file_where_the_checkpoint_has_it()
    {
        using var run = new CheckpointedSink(Plain);
        await run.StartAsync();
        await run.WriteAsync(1);
        await run.CheckpointAsync();
        await run.WriteAsync(2);
        await run.KillAsync();
        await run.StartAsync(new FileSinkOptions { Path = "b.jsonl", Gzip = true });
        await run.WriteAsync(2);
        await run.CompleteAsync();
        Assert.Equal(["a.jsonl", "b.jsonl.gz"], run.Folder.Files);
        Assert.Equal([1, 2], run.Folder.Files.SelectMany(run.Sequences));
    }

    [Fact]
    public async Task A_file_gone_before_it_was_named_is_waited_for()
    {
        using var run = new CheckpointedSink(OneBatchEach);
        await run.StartAsync();
        await run.WriteAsync(1);
        await run.WriteAsync(2);
        var saved = await run.SaveAsync();
        File.Move(run.Folder.Of("a.jsonl.part"), run.Folder.Of("kept"));
        run.Keep(saved);
        var commit = run.Sink.CommitAsync(Token).AsTask();
        await Wait.UntilAsync(() => run.Sink.Problem is not null, "the problem is told");
        Assert.Equal($"sink 'sink': can't write in {run.Folder.Path}: {run.Folder.Of("a.jsonl.part")} is gone, before it got its final name; put it back, or make an empty file of that name to go on without it: waiting", run.Sink.Problem);
        File.Move(run.Folder.Of("kept"), run.Folder.Of("a.jsonl.part"));
        await AdvanceUntilAsync(run, () => commit.IsCompleted);
        await commit;
        Assert.Null(run.Sink.Problem);
        Assert.Equal([1], run.Sequences("a.jsonl"));
        await run.CompleteAsync();
    }

    [Fact]
    public async Task Files_do_not_pile_up_without_bound_while_no_checkpoint_is_complete()
    {
        using var run = new CheckpointedSink(OneBatchEach, inMemory: true);
        await run.StartAsync();
        for (var i = 0; i < PendingNames.Most + 5; i++)
        {
            await run.WriteAsync(i);
        }

        Assert.Equal(PendingNames.Most + 1, run.Folder.Files.Count);
        Assert.Equal(5, run.Sequences($"a-{PendingNames.Most}.jsonl.part").Count);
        Assert.Single(run.Log.Lines, l => l.Contains("grows beyond its bounds", StringComparison.Ordinal));
        await run.CheckpointAsync();
        await run.WriteAsync(-1);
        Assert.Equal([-1], run.Sequences($"a-{PendingNames.Most + 1}.jsonl.part"));
        await run.KillAsync();
    }

    [Fact]
    public async Task Nothing_written_since_the_last_checkpoint_costs_no_write()
    {
        var disk = new FaultyDisk();
        using var run = new CheckpointedSink(Plain with { Gzip = true }, disk);
        await run.StartAsync();
        await run.WriteAsync(1);
        await run.CheckpointAsync();
        var before = disk.Count("write") + disk.Count("sync");
        await run.CheckpointAsync();
        await run.RestartAsync();
        await run.CheckpointAsync();
        Assert.Equal(before, disk.Count("write") + disk.Count("sync"));
        await run.CompleteAsync();
        Assert.Equal([1], run.Sequences("a.jsonl.gz"));
    }

    [Theory]
    [InlineData("a-1.jsonl", true)]
    [InlineData("p-2026.04.jsonl", true)]
    [InlineData("p-{yyyy.MM}-3.jsonl", true)]
    [InlineData("p-{yyyyMM}.jsonl", false)]
    [InlineData("b.jsonl", false)]
    public void The_check_refuses_names_that_another_sink_would_delete(string other, bool refused)
    {
        foreach (var path in new[] { "a.jsonl", "p-{yyyy.MM}.jsonl" })
        {
            if (path != other && path[0] == other[0])
            {
                var options = new FileSinkOptions { Path = path, Rotate = Duration.Seconds(60) };
                var check = TestCheck.Run("f", "/x", "state", ("f", options), ("g", new FileSinkOptions { Path = other }));
                Assert.Equal(refused ? ["path: files of sink 'g' may be called like this one's, which after a crash deletes what came after the checkpoint; give each its own folder"] : [], check.Errors);
            }
        }

        Assert.Empty(TestCheck.Run("f", "/x", ("f", Plain), ("g", new FileSinkOptions { Path = "a-1.jsonl" })).Errors);
    }

    [Theory]
    [InlineData("/x/a.jsonl")]
    [InlineData("/x/a")]
    [InlineData("/x/a.b-{HH}")]
    [InlineData("/x.y/{yyyy.MM}")]
    [InlineData("/x/{yyyy}/{MMM-ddd}.jsonl")]
    [InlineData("/x/p-{y.M.d_H-m}s.jsonl")]
    public void A_template_knows_all_its_names_and_no_others(string path)
    {
        foreach (var gzip in new[] { false, true })
        {
            var template = PathTemplate.Parse(path, gzip, out _)!;
            var name = template.Expand(new DateTimeOffset(2026, 4, 1, 18, 2, 0, TimeSpan.Zero));
            for (var number = 0; number < 12; number += 5)
            {
                Assert.True(template.Matches(PathTemplate.Alternative(name, number)), PathTemplate.Alternative(name, number));
            }

            Assert.False(template.Matches(name + "x"));
            Assert.False(template.Matches(PathTemplate.Alternative(name, 1).Replace("-1", "-x", StringComparison.Ordinal)));
        }
    }

    private static Task AdvanceUntilAsync(CheckpointedSink run, Func<bool> holds) => Wait.UntilAsync(
        () =>
        {
            run.Time.Advance(TimeSpan.FromSeconds(1));
            return holds();
        },
        "the retries");

    /// <summary>The disk tells times in steps: what is written from now on is later than what was.</summary>
    private static async Task NextMomentAsync(CheckpointedSink run)
    {
        var probe = run.Folder.Of("probe");
        await File.WriteAllTextAsync(probe, "", Token);
        var before = File.GetLastWriteTimeUtc(probe);
        while (File.GetLastWriteTimeUtc(probe) <= before)
        {
            await File.WriteAllTextAsync(probe, "x", Token);
        }

        File.Delete(probe);
    }
}
