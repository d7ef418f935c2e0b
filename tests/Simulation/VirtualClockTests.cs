[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace StreamEngine.Simulation.Tests;

public sealed class VirtualClockTests
{
    private readonly VirtualClock clock = new();
    private readonly List<string> fired = [];

    [Fact]
    public async Task Timers_fire_one_by_one_at_their_own_times_and_equal_ones_in_the_order_they_were_set()
    {
        using var late = Timer("late", 5);
        using var first = Timer("first", 2);
        using var second = Timer("second", 2);
        using var never = clock.CreateTimer(_ => fired.Add("never"), null, Timeout.InfiniteTimeSpan, TimeSpan.FromSeconds(1));

        Assert.Equal((3, VirtualClock.Epoch.AddSeconds(2)), (clock.Timers, clock.NextDeadline));
        Assert.True(await clock.FireNextAsync());
        Assert.Equal(["first@2"], fired);
        Assert.True(await clock.FireNextAsync());
        Assert.True(await clock.FireNextAsync());
        Assert.False(await clock.FireNextAsync());
        Assert.Equal(["first@2", "second@2", "late@5"], fired);
        Assert.Equal(TimeSpan.FromSeconds(5), clock.GetElapsedTime(0));
    }

    [Fact]
    public async Task Advancing_never_jumps_over_a_deadline_and_ends_where_it_was_told()
    {
        using var periodic = clock.CreateTimer(_ => Note("tick"), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        ITimer? made = null;
        using var maker = clock.CreateTimer(_ => made = Timer("made", 1), null, TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);

        await clock.AdvanceAsync(TimeSpan.FromSeconds(4.5));

        // Due together: the timer that was set first for that time fires first.
        Assert.Equal(["tick@1", "tick@3", "made@3"], fired);
        Assert.Equal(VirtualClock.Epoch.AddSeconds(4.5), clock.GetUtcNow());
        made!.Dispose();
    }

    [Fact]
    public async Task A_timer_that_was_changed_or_disposed_fires_only_as_it_was_set_last()
    {
        using var changed = Timer("changed", 1);
        using var stopped = Timer("stopped", 2);
        var gone = Timer("gone", 3);
        Assert.True(changed.Change(TimeSpan.FromSeconds(4), Timeout.InfiniteTimeSpan));
        Assert.True(stopped.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));
        gone.Dispose();
        Assert.False(gone.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        ITimer? itself = null;
        itself = clock.CreateTimer(_ => { Note("itself"); itself!.Dispose(); }, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

        await clock.AdvanceAsync(TimeSpan.FromSeconds(10));

        Assert.Equal(["itself@1", "changed@4"], fired);
    }

    [Fact]
    public async Task A_jump_of_the_time_of_day_moves_neither_timers_nor_timestamps()
    {
        using var timer = Timer("timer", 10);

        clock.Jump(TimeSpan.FromHours(-3));
        Assert.Equal(VirtualClock.Epoch.AddHours(-3), clock.GetUtcNow());
        Assert.Equal(0, clock.GetTimestamp());
        await clock.AdvanceAsync(TimeSpan.FromSeconds(10));
        clock.Jump(TimeSpan.FromHours(5));

        Assert.Equal(["timer@10"], fired);
        Assert.Equal(VirtualClock.Epoch.AddHours(2).AddSeconds(10), clock.GetUtcNow());
    }

    [Fact]
    public async Task What_a_timer_sets_going_comes_to_rest_before_the_next_one_fires()
    {
        // Chains of tasks over the thread pool, with real work between, while nobody but the world knows of them.
        var running = 0;
        var most = 0;
        async Task ChainAsync(int number)
        {
            for (var i = 0; i < 20; i++)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), clock).ConfigureAwait(false);
                var others = Interlocked.Increment(ref running);
                most = Math.Max(most, others);
                for (var hop = 0; hop < 10; hop++)
                {
                    await Task.Run(() => Thread.SpinWait(20_000)).ConfigureAwait(false);
                    await Task.Yield();
                }

                Interlocked.Decrement(ref running);
                lock (fired)
                {
                    Note($"{number}");
                }
            }
        }

        var chains = Enumerable.Range(0, 5).Select(n => clock.Run(() => ChainAsync(n))).ToList();
        await clock.AdvanceUntilAsync(() => chains.TrueForAll(c => c.IsCompleted));

        Assert.Equal(1, most);
        Assert.Equal(100, fired.Count);
        Assert.Equal(Enumerable.Range(1, 20), fired.Select(f => int.Parse(f.Split('@')[1], System.Globalization.CultureInfo.InvariantCulture)).Distinct());
        Assert.Equal(fired.Select(f => int.Parse(f.Split('@')[1], System.Globalization.CultureInfo.InvariantCulture)).Order(), fired.Select(f => int.Parse(f.Split('@')[1], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task A_hold_keeps_the_clock_from_moving_on()
    {
        using var timer = Timer("timer", 1);
        var hold = clock.Hold();
        var move = clock.FireNextAsync();
        for (var i = 0; i < 1000; i++)
        {
            await Task.Yield();
        }

        Assert.False(move.IsCompleted);
        hold.Dispose();
        hold.Dispose();
        Assert.True(await move);
        Assert.Equal(["timer@1"], fired);
    }

    [Fact]
    public async Task A_world_that_never_rests_is_told_as_such()
    {
        var hasty = new VirtualClock { Patience = TimeSpan.FromMilliseconds(200) };
        using var enough = new CancellationTokenSource();
        var spinning = hasty.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                await Task.Yield();
            }
        });

        var stuck = await Record.ExceptionAsync(hasty.SettleAsync);

        // Else it would spin on under all other tests.
        await enough.CancelAsync();
        await spinning;
        Assert.Contains("does not come to rest within 0.2 s", Assert.IsType<TimeoutException>(stuck).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_can_not_come_about_is_told_as_such()
    {
        Assert.Contains("no timer is set", (await Assert.ThrowsAsync<TimeoutException>(() => clock.AdvanceUntilAsync(() => false))).Message, StringComparison.Ordinal);
        using var timer = clock.CreateTimer(_ => { }, null, TimeSpan.FromHours(1), TimeSpan.FromHours(1));
        Assert.Contains("within 05:00:00", (await Assert.ThrowsAsync<TimeoutException>(() => clock.AdvanceUntilAsync(() => false, TimeSpan.FromHours(5)))).Message, StringComparison.Ordinal);
    }

    private ITimer Timer(string name, double seconds) => clock.CreateTimer(_ => Note(name), null, TimeSpan.FromSeconds(seconds), Timeout.InfiniteTimeSpan);

    private void Note(string name) => fired.Add($"{name}@{clock.GetElapsedTime(0).TotalSeconds}");
}
