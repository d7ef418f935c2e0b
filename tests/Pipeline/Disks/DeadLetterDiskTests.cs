using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Runtime;
using StreamEngine.Pipeline.Tests.Checkpoints;
using StreamEngine.Pipeline.Tests.Messages;
using StreamEngine.Pipeline.Tests.Runtime;
using StreamEngine.Tests;

namespace StreamEngine.Pipeline.Tests.Disks;

/// <summary>Whatever the disk does, no dead record vanishes without a word.</summary>
public sealed class DeadLetterDiskTests : IDisposable
{
    private static readonly string Large = $"\"{new string('x', 60_000)}\"";

    private readonly TempFolder folder = new();
    private readonly FaultyDisk disk = new();
    private readonly FakeTimeProvider time = new();
    private readonly Batches batches = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        disk.Heal();
        batches.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(0, "no space left on {0}: waiting; free some space")]
    [InlineData(100, "no space left on {0}: waiting; free some space")]
    [InlineData(-1, "can't write in {0}: Input/output error: waiting")]
    public async Task A_disk_that_refuses_is_waited_for_and_each_record_is_there_once(int left, string problem)
    {
        using var letters = Make();
        await WriteAsync(letters, "1", "2");
        await letters.FlushAsync(Cancel);
        if (left < 0)
        {
            disk.Fail(DiskCall.Write);
        }
        else
        {
            disk.Fill(left);
        }

        await WriteAsync(letters, "3", "4");
        var retries = disk.Count("write") + 3;
        await AdvanceUntilAsync(() => disk.Count("write") >= retries);
        Assert.Equal(string.Format(null, System.Text.CompositeFormat.Parse(problem), folder.FullName), letters.Status.Problem);
        Assert.Equal((2, 0), (letters.Written, letters.Lost));
        Assert.NotEqual(0, letters.Status.WaitingBytes);
        Assert.True(letters.RoomAsync(Cancel).IsCompleted);

        disk.Heal();
        var flushed = letters.FlushAsync(Cancel);
        await AdvanceUntilAsync(() => flushed.IsCompleted);
        Assert.Equal(["1", "2", "3", "4"], Payloads());
        Assert.Equal((4, 0, null, 0), (letters.Written, letters.Lost, letters.Status.Problem, letters.Status.WaitingBytes));
    }

    [Fact]
    public async Task A_disk_that_does_not_answer_holds_up_no_record_until_the_bound_and_then_all()
    {
        using var letters = Make();
        await WriteAsync(letters, "1");
        await letters.FlushAsync(Cancel);
        disk.Hang(DiskCall.Write);
        await WriteAsync(letters, "2");
        await disk.HangingAsync(Cancel);
        var count = 2;
        for (; letters.RoomAsync(Cancel).IsCompleted; count++)
        {
            Assert.InRange(letters.Status.WaitingBytes, 0, DeadLetterFile.MostWaiting + 10_000);
            await WriteAsync(letters, Large);
        }

        Assert.InRange(letters.Status.WaitingBytes, DeadLetterFile.MostWaiting, DeadLetterFile.MostWaiting + 100_000);
        time.Advance(TimeSpan.FromSeconds(12));
        Assert.Equal($"the disk of {folder.FullName} has not answered for 12 s: waiting; see to the disk, or to the server that it is on", letters.Status.Problem);

        var room = letters.RoomAsync(Cancel);
        Assert.False(room.IsCompleted);
        disk.Heal();
        await room.WaitAsync(Cancel);
        await letters.FlushAsync(Cancel);
        Assert.Equal((count, 0), (letters.Written, letters.Lost));
        Assert.Equal(count, Payloads().Length);
    }

    [Fact]
    public async Task Dropping_holds_nothing_up_and_counts_what_is_lost()
    {
        using var letters = Make(DeadLetterOptions.Drop);
        disk.Fill();
        var count = 0;
        for (; letters.Lost < 5; count++)
        {
            Assert.True(letters.RoomAsync(Cancel).IsCompleted && letters.SafeAsync(Cancel).IsCompleted);
            await WriteAsync(letters, Large);
        }

        Assert.InRange(letters.Status.WaitingBytes, 0, 2 * (DeadLetterFile.MostWaiting + 100_000));
        disk.Heal();
        var flushed = letters.FlushAsync(Cancel);
        await AdvanceUntilAsync(() => flushed.IsCompleted);
        Assert.Equal(count, letters.Written + letters.Lost);
        Assert.Equal(letters.Written, Payloads().Length);
    }

    [Fact]
    public async Task A_letter_is_safe_only_when_a_sync_had_something_to_do()
    {
        using var letters = Make();
        await WriteAsync(letters, "1");
        await letters.SafeAsync(Cancel);
        await WriteAsync(letters, "2");
        disk.Fail(DiskCall.Sync, times: 2);
        var safe = letters.SafeAsync(Cancel);
        await AdvanceUntilAsync(() => disk.Count("sync") == 3);
        await AdvanceUntilAsync(() => safe.IsCompleted);
        Assert.Equal(await File.ReadAllBytesAsync(folder.File("dead.jsonl"), Cancel), disk.Durable(folder.File("dead.jsonl")));
        Assert.Equal(["1", "2"], Payloads());
    }

    [Fact]
    public async Task A_rename_that_fails_is_tried_again()
    {
        using var letters = Make(megabytes: 0);
        disk.Fail(DiskCall.Rename, times: 2);
        await WriteAsync(letters, Large);
        await WriteAsync(letters, Large);
        var flushed = letters.FlushAsync(Cancel);
        await AdvanceUntilAsync(() => flushed.IsCompleted);
        Assert.Equal(3, disk.Count("rename"));
        Assert.Single(Payloads());
        Assert.Single(File.ReadLines(folder.File("dead.jsonl.1")));
        Assert.Equal(0, letters.Lost);
    }

    [Fact]
    public async Task The_end_of_a_run_waits_no_longer_than_it_may_and_counts_what_it_gives_up()
    {
        using var letters = Make();
        using var drainTimeout = new CancellationTokenSource();
        disk.Hang(DiskCall.Open);
        await WriteAsync(letters, "1", "2");
        await disk.HangingAsync(Cancel);
        await WriteAsync(letters, "3");
        var finishing = letters.FinishAsync(drainTimeout.Token);
        Assert.False(finishing.IsCompleted);
        await drainTimeout.CancelAsync();
        Assert.Equal(3, await finishing);
        Assert.Equal(3, letters.Lost);
    }

    [Fact]
    public async Task While_dead_records_wait_for_the_disk_the_pipeline_waits_and_no_checkpoint_is_complete()
    {
        await using var sink = new CollectingSink();
        await using var runtime = new FakePipeline { DeadLetterPath = folder.File("dead.jsonl"), Disk = disk, Checkpoints = new MemoryCheckpoints(), Parallelism = 2 }
            .AddSource("a", 60_000, perBatch: 500)
            .AddLines("lines", "a")
            .AddStep("dead", () => new ActionStep(row => row.Dead("on purpose", new string('x', 1000))), "lines")
            .AddSink("sink", sink, "dead")
            .Build();
        disk.Fill(1 << 20);
        var running = runtime.RunAsync(Cancel);
        await Eventually.HoldsAsync(() => runtime.Status().DeadLetter is { Problem: not null, WaitingBytes: >= DeadLetterFile.MostWaiting });
        var stood = runtime.Status().Checkpoint!.Id;
        Assert.False(running.IsCompleted);
        Assert.InRange(runtime.Status().DeadLetter!.WaitingBytes, 0, 3 * DeadLetterFile.MostWaiting);

        disk.Heal();
        Assert.Empty(await running);
        Assert.True(runtime.Status().Checkpoint!.Id > stood);
        Assert.Equal(60_000, runtime.DeadLetters.Written);
        Assert.Equal(60_000, File.ReadLines(folder.File("dead.jsonl")).Count());
    }

    private DeadLetterFile Make(string onFull = DeadLetterOptions.Wait, int megabytes = 100) => new(
        new DeadLetterOptions { Path = folder.File("dead.jsonl"), OnFull = onFull, MaxBytes = new ByteSize(Math.Max(64 << 10, megabytes << 20)) },
        folder.FullName,
        time,
        NullLogger<DeadLetterFile>.Instance,
        disk);

    private async Task WriteAsync(DeadLetterFile letters, params string[] payloads)
    {
        var batch = await batches.OneAsync(payloads);
        batch.Whole.BeginStep();
        for (var i = 0; i < payloads.Length; i++)
        {
            batch.LeaveDocument(i, RowState.Dead, "on purpose");
        }

        letters.Write("lines", batch.Whole);
        batch.Release();
    }

    private string?[] Payloads() => [.. File.ReadLines(folder.File("dead.jsonl")).Select(l => JsonElement.Parse(l).GetProperty("payload").GetString())];

    private Task AdvanceUntilAsync(Func<bool> holds) => Eventually.HoldsAsync(() =>
    {
        time.Advance(TimeSpan.FromSeconds(1));
        return holds();
    });
}
