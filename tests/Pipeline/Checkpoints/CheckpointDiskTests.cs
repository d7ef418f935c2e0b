using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Tests;

namespace StreamEngine.Pipeline.Tests.Checkpoints;

/// <summary>Whatever the disk does, the checkpoint before stays.</summary>
public sealed class CheckpointDiskTests : IDisposable
{
    private const int LargeState = 3_000_000;

    /// <summary>Generous: the machine may be busy with other tests.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TempFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Bytes_are_durable_before_the_name_and_the_name_before_it_is_acknowledged()
    {
        var disk = new FaultyDisk();
        await Saved.In(folder.File("a/b"), disk: disk).SaveAsync(Saved.Content(1), Cancel);
        Assert.Equal([$"sync {Path.GetFileName(folder.FullName)}", "sync a", "write", "sync", "rename", "sync b"], disk.Calls);
    }

    [Fact]
    public async Task Failure_at_any_point_leaves_the_one_before_and_names_folder_and_remedy()
    {
        var whole = new FaultyDisk();
        await Saved.In(folder.FullName, disk: whole).SaveAsync(Saved.Content(1, bytes: LargeState), Cancel);
        Assert.True(whole.Calls.Count > 5, "only one write");
        Func<Exception>[] failures = [() => new IOException("No space left on device"), () => new UnauthorizedAccessException("Access is denied.")];
        foreach (var failure in failures)
        {
            for (var at = 0; at < whole.Calls.Count; at++)
            {
                var disk = new FaultyDisk { FailAt = at, Failure = failure };
                var fault = await Assert.ThrowsAsync<IOException>(async () => await Saved.In(folder.FullName, disk: disk).SaveAsync(Saved.Content(2, bytes: LargeState), Cancel));

                Assert.Equal($"no checkpoint can be kept in '{folder.FullName}': {failure().Message.TrimEnd('.')}; see that the disk has space, works, and lets this user write there", fault.Message);
                Assert.Equal(at + 1, disk.Calls.Count);
                Assert.Empty(Directory.EnumerateFiles(folder.FullName, "*.tmp"));
                Assert.True(File.Exists(Saved.PathOf(folder, 1)));

                // After the rename it is whole, though nobody knows for how long.
                var last = at == whole.Calls.Count - 1 ? 2 : 1;
                Saved.Same(Saved.Content(last, bytes: LargeState), Saved.In(folder.FullName).FindLast(Saved.Pipeline).Checkpoint);
                File.Delete(Saved.PathOf(folder, 2));
            }
        }
    }

    [Fact]
    public async Task Disk_that_fails_once_is_tried_again()
    {
        var disk = new FaultyDisk { FailAt = 1 };
        var store = Saved.In(folder.FullName, disk: disk);
        await Assert.ThrowsAsync<IOException>(async () => await store.SaveAsync(Saved.Content(1), Cancel));
        await store.SaveAsync(Saved.Content(2), Cancel);
        Saved.Same(Saved.Content(2), store.FindLast(Saved.Pipeline).Checkpoint);
    }

    [Fact]
    public async Task Path_that_is_a_file_is_told()
    {
        File.WriteAllText(folder.File("state"), "");
        var store = Saved.In(folder.File("state"));
        var fault = await Assert.ThrowsAsync<IOException>(async () => await store.SaveAsync(Saved.Content(1), Cancel));
        Assert.StartsWith($"no checkpoint can be kept in '{folder.File("state")}': ", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DiskCall.Write)]
    [InlineData(DiskCall.Sync)]
    internal async Task Disk_that_does_not_answer_holds_nobody_up_and_gives_nothing_afterwards(DiskCall call)
    {
        using var given = new CancellationTokenSource();
        var disk = new FaultyDisk();
        disk.Hang(call);
        await Saved.In(folder.FullName).SaveAsync(Saved.Content(1), Cancel);

        var saving = Saved.In(folder.FullName, disk: disk).SaveAsync(Saved.Content(2), given.Token).AsTask();
        await disk.HangingAsync(Cancel).WaitAsync(Patience, Cancel);
        Assert.False(saving.IsCompleted);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => saving);

        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(folder.FullName, "*.tmp") { EnableRaisingEvents = true };
        watcher.Deleted += (_, _) => left.TrySetResult();
        disk.Heal();
        await left.Task.WaitAsync(Patience, Cancel);
        Assert.DoesNotContain("rename", disk.Calls);
        Saved.Same(Saved.Content(1), Saved.In(folder.FullName).FindLast(Saved.Pipeline).Checkpoint);
    }
}
