using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sinks.Files;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Tests;

namespace StreamEngine.Sinks.Tests.Files;

/// <summary>A file sink on disks that fail, lie, or don't answer.</summary>
public sealed class FileSinkDiskTests : IDisposable
{
    private readonly FaultyDisk disk = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => disk.Heal();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_checkpoint_is_taken_only_when_a_sync_had_something_to_do(bool gzip)
    {
        using var run = Make(gzip);
        await run.StartAsync();
        await run.WriteAsync(1, 2);
        disk.Fail(DiskCall.Sync, times: 3);
        var checkpoint = run.CheckpointAsync();
        await Wait.UntilAsync(() => run.Sink.Problem is not null, "the problem is told");
        Assert.Equal($"sink 'sink': can't write in {run.Folder.Path}: Input/output error: waiting", run.Sink.Problem);
        Assert.False(checkpoint.IsCompleted);
        await AdvanceUntilAsync(run, () => checkpoint.IsCompleted);
        await checkpoint;
        Assert.Null(run.Sink.Problem);

        // The power goes: only what was durable is there.
        await run.WriteAsync(3);
        await run.KillAsync();
        var part = run.Folder.Of(Name(gzip) + ".part");
        await File.WriteAllBytesAsync(part, disk.Durable(part), Token);
        await run.StartAsync();
        Assert.Equal([1, 2], run.Sequences(Name(gzip) + ".part"));
        await run.WriteAsync(3);
        await run.CompleteAsync();
        Assert.Equal([1, 2, 3], run.Sequences(Name(gzip)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_checkpoint_holds_what_was_taken_in_before_it(bool gzip)
    {
        using var run = Make(gzip);
        await run.StartAsync();
        await run.WriteAsync(1);
        disk.Hang(DiskCall.Write);
        foreach (var sequence in new[] { 2, 3 })
        {
            var batch = await run.MakeAsync(sequence);
            await run.Sink.WriteAsync(batch, Token);
            batch.Release();
        }

        await disk.HangingAsync(Token);
        var checkpoint = run.CheckpointAsync();
        disk.Heal();
        await checkpoint;
        await run.WriteAsync(4);
        await run.RestartAsync();
        await run.CompleteAsync();
        Assert.Equal([1, 2, 3], run.Sequences(Name(gzip)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_checkpoint_waits_for_what_a_full_disk_has_not_taken(bool gzip)
    {
        using var run = Make(gzip);
        await run.StartAsync();
        await run.WriteAsync(1);
        disk.Fill(7);
        var writing = run.WriteAsync(2);
        await Wait.UntilAsync(() => run.Sink.Problem is not null, "the first failure");
        var checkpoint = run.CheckpointAsync();
        await AdvanceUntilAsync(run, () => disk.Count("write") > 2);
        Assert.False(checkpoint.IsCompleted);
        disk.Heal();
        await AdvanceUntilAsync(run, () => checkpoint.IsCompleted);
        await checkpoint;
        await writing;
        await run.WriteAsync(3);
        await run.CompleteAsync();
        Assert.Equal([1, 2, 3], run.Sequences(Name(gzip)));
    }

    [Fact]
    public async Task What_the_disk_lost_for_good_is_told_and_comes_again_at_the_next_start()
    {
        using var run = Make(gzip: false);
        await run.StartAsync();
        await run.WriteAsync(1);
        await run.CheckpointAsync();
        await run.WriteAsync(2);
        disk.Fail(DiskCall.Sync, times: 1);
        using var drainTimeout = new CancellationTokenSource();
        var checkpoint = run.Sink.CheckpointAsync(new(), drainTimeout.Token).AsTask();
        await Wait.UntilAsync(() => run.Sink.Problem is not null, "the problem is told");
        disk.Evict(run.Folder.Of("a.jsonl.part"));
        await AdvanceUntilAsync(run, () => run.Sink.Problem?.Contains("the disk lost bytes", StringComparison.Ordinal) == true);
        await drainTimeout.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => checkpoint);

        await run.RestartAsync();
        await run.WriteAsync(2, 3);
        await run.CompleteAsync();
        Assert.Equal([1, 2, 3], run.Sequences("a.jsonl"));
    }

    [Theory]
    [InlineData(DiskCall.Write, false)]
    [InlineData(DiskCall.Write, true)]
    [InlineData(DiskCall.Sync, false)]
    [InlineData(DiskCall.Sync, true)]
    internal async Task A_disk_that_does_not_answer_is_told_can_be_left_and_what_it_held_comes_again(DiskCall call, bool gzip)
    {
        using var run = Make(gzip);
        await run.StartAsync();
        await run.WriteAsync(1);
        await run.CheckpointAsync();
        await run.WriteAsync(2);
        disk.Hang(call);
        using var drainTimeout = new CancellationTokenSource();
        var hanging = call == DiskCall.Write ? run.WriteAsync(drainTimeout.Token, 3) : run.Sink.CheckpointAsync(new(), drainTimeout.Token).AsTask();
        await disk.HangingAsync(Token);
        var waiting = run.WriteAsync(drainTimeout.Token, 4);
        await Wait.UntilAsync(
            () =>
            {
                run.Time.Advance(TimeSpan.FromSeconds(1));
                return run.Log.Lines.Any(l => l.Contains($"sink 'sink': the disk of {run.Folder.Path} has not answered for ", StringComparison.Ordinal));
            },
            "the log tells it");
        Assert.StartsWith($"sink 'sink': the disk of {run.Folder.Path} has not answered for ", run.Sink.Problem, StringComparison.Ordinal);

        await drainTimeout.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        if (call == DiskCall.Write)
        {
            // When the disk answers it writes what is in the batch's memory.
            Assert.NotEqual(0, run.Leased);
        }

        await run.KillAsync();

        disk.Heal();
        var starting = run.StartAsync();
        await AdvanceUntilAsync(run, () => starting.IsCompleted);
        await starting;
        await run.WriteAsync(2, 3, 4);
        await run.CompleteAsync();
        Assert.Equal([1, 2, 3, 4], run.Sequences(Name(gzip)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_the_disk_still_writes_for_the_one_before_does_not_come_behind_what_the_next_one_writes(bool gzip)
    {
        using var run = Make(gzip);
        await run.StartAsync();
        await run.WriteAsync(1);
        await run.CheckpointAsync();
        disk.Hang(DiskCall.Write);
        using var drainTimeout = new CancellationTokenSource();
        var hanging = run.WriteAsync(drainTimeout.Token, 2, 3, 4);
        await disk.HangingAsync(Token);
        await drainTimeout.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
        await run.KillAsync();

        // In the same process, as after a block has thrown.
        var starting = run.StartAsync();
        await Wait.UntilAsync(() => run.Sink.Problem is not null, "the next one waits");
        Assert.False(starting.IsCompleted);
        disk.Heal();
        await AdvanceUntilAsync(run, () => starting.IsCompleted);
        await starting;
        await run.WriteAsync(2);
        await run.CompleteAsync();
        Assert.Equal([1, 2], run.Sequences(Name(gzip)));
    }

    [Fact]
    public async Task A_rename_that_fails_is_told_and_tried_again()
    {
        using var run = new CheckpointedSink(new FileSinkOptions { Path = "a.jsonl", MaxBytes = new ByteSize(1) }, disk);
        await run.StartAsync();
        await run.WriteAsync(1);
        await run.WriteAsync(2);
        disk.Fail(DiskCall.Rename, times: 3);
        var checkpoint = run.CheckpointAsync();
        await Wait.UntilAsync(() => run.Sink.Problem is not null, "the problem is told");
        Assert.Contains(run.Folder.Path, run.Sink.Problem, StringComparison.Ordinal);
        Assert.False(checkpoint.IsCompleted);
        await AdvanceUntilAsync(run, () => checkpoint.IsCompleted);
        await checkpoint;
        Assert.Equal(["a-1.jsonl.part", "a.jsonl"], run.Folder.Files);
        await run.CompleteAsync();
        Assert.Equal([1, 2], new[] { "a.jsonl", "a-1.jsonl" }.SelectMany(run.Sequences));
    }

    [Fact]
    public async Task A_slow_disk_gets_one_batch_after_the_other()
    {
        using var run = Make(gzip: false);
        await run.StartAsync();
        disk.Hang(DiskCall.Write);
        for (var i = 1; i <= 5; i++)
        {
            var writing = run.WriteAsync(i);
            await disk.HangingAsync(Token);
            Assert.False(writing.IsCompleted);
            disk.AnswerOnce();
            await writing;
        }

        disk.Heal();
        await run.CompleteAsync();
        Assert.Equal([1, 2, 3, 4, 5], run.Sequences("a.jsonl"));
    }

    [Fact]
    public async Task A_disk_that_does_not_answer_a_rotation_holds_up_no_shutdown()
    {
        using var run = new CheckpointedSink(new FileSinkOptions { Path = "a-{HHmm}.jsonl", Rotate = new Duration(TimeSpan.FromHours(1)) }, disk);
        await run.StartAsync();
        await run.WriteAsync(1);
        disk.Hang(DiskCall.Sync);
        run.Time.Advance(TimeSpan.FromHours(1));
        await disk.HangingAsync(Token);
        await run.KillAsync().AsTask().WaitAsync(Wait.Limit, Token);
    }

    private static string Name(bool gzip) => gzip ? "a.jsonl.gz" : "a.jsonl";

    private static Task AdvanceUntilAsync(CheckpointedSink run, Func<bool> holds) => Wait.UntilAsync(
        () =>
        {
            run.Time.Advance(TimeSpan.FromSeconds(1));
            return holds();
        },
        "the retries");

    private CheckpointedSink Make(bool gzip) => new(new FileSinkOptions { Path = "a.jsonl", Gzip = gzip }, disk);

    [Fact]
    public async Task A_few_batches_wait_for_a_slow_disk_and_more_make_the_caller_wait()
    {
        using var run = Make(gzip: false);
        await run.StartAsync();
        disk.Hang(DiskCall.Write);
        var batches = new List<Batch>();
        for (var i = 1; i <= WriteBehind.MostBatches; i++)
        {
            batches.Add(await run.MakeAsync(i));
            await run.Sink.WriteAsync(batches[^1], Token);
        }

        batches.Add(await run.MakeAsync(WriteBehind.MostBatches + 1));
        var writing = run.Sink.WriteAsync(batches[^1], Token).AsTask();
        await disk.HangingAsync(Token);
        Assert.False(writing.IsCompleted);
        disk.Heal();
        await writing;
        batches.ForEach(b => b.Release());
        await run.Sink.SettleAsync(Token);
        Assert.Equal(0, run.Leased);
        Assert.Equal([1, 2, 3, 4, 5], run.Sequences("a.jsonl.part"));
        await run.CompleteAsync();
    }

    [Fact]
    public async Task What_fails_for_good_is_told_to_the_next_caller_and_tried_again()
    {
        using var run = Make(gzip: false);
        await run.StartAsync();
        disk.Fail(DiskCall.Write, () => new InvalidOperationException("broken"), times: 2);
        var batch = await run.MakeAsync(1);
        await run.Sink.WriteAsync(batch, Token);
        batch.Release();
        Assert.Equal("broken", (await Assert.ThrowsAsync<IOException>(() => run.Sink.SettleAsync(Token).AsTask())).Message);
        Assert.Equal("broken", (await Assert.ThrowsAsync<IOException>(() => run.Sink.SettleAsync(Token).AsTask())).Message);
        await run.WriteAsync(2);
        await run.CompleteAsync();
        Assert.Equal([1, 2], run.Sequences("a.jsonl"));
    }
}
