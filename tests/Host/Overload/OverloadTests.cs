using System.Globalization;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Host.Tests.Overload;

/// <summary>
/// The real program at full input while something it writes to is full, stopped or gone: its memory stays bounded, who listens elsewhere gets
/// fresh updates, and when the fault is over everything drains. <c>tests/overload.sh</c> does it at length.
/// </summary>
[Collection(Alone.Name)]
public sealed class OverloadTests
{
    /// <summary>Files get their final names, and may be taken away, with checkpoints only: the disk has to hold what is written at full speed meanwhile.</summary>
    private const int DiskMegabytes = 512;

    /// <summary>Where every record is kept, from the first on.</summary>
    private const int WaitingDiskMegabytes = 1024;

    private const int LargerDiskMegabytes = 4096;

    private static readonly TimeSpan MostSilence = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Fault = TimeSpan.FromSeconds(Setting("STREAMENGINE_OVERLOAD_SECONDS", 4));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("full disk")]
    [InlineData("stopped disk")]
    public async Task A_disk_that_is_full_or_stopped_holds_nobody_else_up(string fault)
    {
        await using var run = await OverloadRun.StartAsync("dropOldest", DiskMegabytes);
        await run.WarmUpAsync();
        run.KeepsTidy = false;
        if (fault == "full disk")
        {
            run.Disk.Fill();
        }
        else
        {
            run.Disk.Stop();
        }

        await run.UntilHealthSaysAsync("sink 'archive'", run.Disk.Path);
        await run.GoOnAsync(fault, Fault, MostSilence);
        Assert.NotEqual(0, (await run.BlockAsync("archive")).GetProperty("dropped").EnumerateObject().Sum(r => r.Value.GetInt64()));
        await run.UntilHealthSaysAsync("the last complete checkpoint is");
        await run.Disk.MakeRoomAsync(DiskMegabytes);
        run.Disk.Go();
        run.KeepsTidy = true;
        await run.FinishAsync(fault);
        run.CheckFile();
    }

    [Theory]
    [InlineData("full disk, sink waits")]
    [InlineData("stopped disk, sink waits")]
    public async Task A_disk_that_is_waited_for_makes_all_wait_and_costs_nothing(string fault)
    {
        await using var run = await OverloadRun.StartAsync("wait", WaitingDiskMegabytes);
        run.KeepsTidy = false;
        await run.WarmUpAsync();
        if (fault.StartsWith("full", StringComparison.Ordinal))
        {
            run.Disk.Fill();
        }
        else
        {
            run.Disk.Stop();
        }

        await run.UntilHealthSaysAsync("sink 'archive'", run.Disk.Path);
        var stood = await run.UntilStandsAsync();
        await run.StandAsync(fault, Fault);
        Assert.Equal(stood, run.Flood.Written);
        await run.Disk.MakeRoomAsync(LargerDiskMegabytes);
        run.Disk.Go();
        await Wait.UntilAsync(() => run.Flood.Written > stood + 10_000, "input goes on");
        await run.FinishAsync(fault);
        run.CheckEveryRecord();
    }

    [Theory]
    [InlineData("stopped Redis")]
    [InlineData("killed Redis")]
    public async Task A_Redis_that_is_stopped_or_killed_holds_nobody_else_up(string fault)
    {
        // While Redis is gone no checkpoint is complete, and until one is, files keep their temporary names.
        await using var run = await OverloadRun.StartAsync("conflate", null);
        await run.WarmUpAsync();
        if (fault == "stopped Redis")
        {
            run.Redis.Suspend();
        }
        else
        {
            await run.Redis.KillAsync();
        }

        await run.UntilHealthSaysAsync("Redis is down");
        await run.GoOnAsync(fault, Fault, MostSilence);
        if (fault == "stopped Redis")
        {
            run.Redis.Resume();
        }
        else
        {
            await run.Redis.StartAsync();
        }

        await run.FinishAsync(fault);
        run.CheckFile();
        await run.CheckRedisAsync();
    }

    [Fact]
    public async Task A_listener_that_stops_reading_holds_nobody_up()
    {
        const string Name = "stopped listener";
        await using var run = await OverloadRun.StartAsync("dropOldest", WaitingDiskMegabytes);
        await run.WarmUpAsync();
        using var deaf = await Listener.ConnectAsync(run.Address);
        await deaf.SendAsync("""{"type":"subscribe","id":1,"channel":"player:*"}""");
        await run.GoOnAsync(Name, Fault, MostSilence);
        await run.FinishAsync(Name);
        run.CheckFile();
    }

    internal static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}

/// <summary>These tests need the whole machine.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
