using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Pipeline.Tests.Disks;

public sealed class DiskThreadTests
{
    /// <summary>Generous: the machine may be busy with other tests.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Acts_are_done_one_after_the_other_on_one_thread_and_an_exception_is_the_callers()
    {
        using var thread = new DiskThread(TimeProvider.System);
        var threads = new HashSet<int>();
        for (var i = 0; i < 3; i++)
        {
            await thread.RunAsync(() => threads.Add(Environment.CurrentManagedThreadId), Cancel);
            await Assert.ThrowsAsync<IOException>(async () => await thread.RunAsync(() => throw new IOException("full"), Cancel));
        }

        Assert.Single(threads);
        Assert.DoesNotContain(Environment.CurrentManagedThreadId, threads);
        Assert.False(thread.IsStuck);
    }

    [Fact]
    public async Task Who_gives_up_is_let_go_what_is_under_way_goes_on_and_what_has_not_begun_is_not_done()
    {
        using var thread = new DiskThread(TimeProvider.System);
        using var begun = new ManualResetEventSlim();
        using var answer = new ManualResetEventSlim();
        using var given = new CancellationTokenSource();
        var done = new List<string>();
        var hanging = thread.RunAsync(
            () =>
            {
                begun.Set();
                answer.Wait(Cancel);
                done.Add("first");
            },
            given.Token).AsTask();
        Assert.True(begun.Wait(Patience, Cancel));
        var waiting = thread.RunAsync(() => done.Add("second"), given.Token).AsTask();
        Assert.False(thread.IsStuck);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging.WaitAsync(Patience, Cancel));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Patience, Cancel));
        Assert.True(thread.IsStuck);

        var after = thread.RunAsync(() => done.Add("third"), Cancel).AsTask();
        Assert.False(after.IsCompleted);
        answer.Set();
        await after.WaitAsync(Patience, Cancel);
        Assert.Equal(["first", "third"], done);
        Assert.False(thread.IsStuck);
    }

    [Fact]
    public async Task A_disk_that_does_not_answer_is_told_after_a_while()
    {
        var time = new FakeTimeProvider();
        using var thread = new DiskThread(time);
        using var begun = new ManualResetEventSlim();
        using var answer = new ManualResetEventSlim();
        time.Advance(TimeSpan.FromSeconds(1));
        var hanging = thread.RunAsync(
            () =>
            {
                begun.Set();
                answer.Wait(Cancel);
            },
            Cancel).AsTask();
        Assert.True(begun.Wait(Patience, Cancel));
        time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Null(thread.Silent);
        time.Advance(TimeSpan.FromSeconds(4.1));
        Assert.Equal(TimeSpan.FromSeconds(7), thread.Silent);
        answer.Set();
        await hanging.WaitAsync(Patience, Cancel);
        await thread.RunAsync(() => { }, Cancel);
        Assert.Null(thread.Silent);
    }

    [Fact]
    public async Task Waiting_to_the_end_costs_no_memory()
    {
        using var thread = new DiskThread(TimeProvider.System);
        Action act = () => { };
        var allocated = long.MaxValue;
        for (var i = 0; i < 200 && allocated > 0; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var running = thread.RunAsync(act, Cancel);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            await running;
        }

        Assert.Equal(0, allocated);
    }
}
