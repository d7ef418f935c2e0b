using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Sinks.Tests.Support;
using StreamEngine.Sinks.WebSockets.Journal;
using StreamEngine.Tests;

namespace StreamEngine.Sinks.Tests.WebSockets.Journal;

/// <summary>What a clean stop leaves is good for one start, and only as a whole.</summary>
public sealed class CleanStateTests : IDisposable
{
    private static readonly Told First = new("player:1", 4, """{"hits":1}""", "", 3, 0, At: LogFolder.Start);
    private static readonly Told Last = new("player:1", 5, """{"hits":2}""", "", 4, 1, At: LogFolder.Start.AddSeconds(1));
    private static readonly Told Gone = new("player:2", 9, "player:1", "espn", 7, 0, JournalOp.Alias, LogFolder.Start);
    private static readonly JournalPosition[] Positions = [new("espn", 2, 0), new("", 4, 1)];

    private readonly TempFolder folder = new(inMemory: true);
    private readonly ListLogger logger = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_a_clean_stop_leaves_is_read_once()
    {
        Write(Disk.Real);
        using (var state = CleanState.Take(folder.Path, Disk.Real, logger))
        {
            Assert.NotNull(state);
            Assert.Equal(["k1", "k2"], state.Epochs);
            Assert.Equal(17, state.Floor);
        }

        Assert.Empty(folder.Files);
        Assert.Null(CleanState.Take(folder.Path, Disk.Real, logger));
        Write(Disk.Real);
        using (var state = CleanState.Take(folder.Path, Disk.Real, logger))
        {
            var listing = new Listing();
            state!.Replay(listing);
            Assert.Equal([First, Last], listing.Entries);
            Assert.Equal(Last, listing.States["player:1"].Last);
            Assert.Equal(Positions, listing.States["player:1"].Positions);
            Assert.Equal(Gone, listing.States["player:2"].Last);
            Assert.Empty(listing.States["player:2"].Positions);
        }

        Assert.Empty(logger.Lines);
    }

    [Fact]
    public void Only_a_whole_one_is_used()
    {
        Write(Disk.Real);
        var path = folder.Of(Assert.Single(folder.Files));
        var whole = File.ReadAllBytes(path);
        for (var at = 0; at < whole.Length; at++)
        {
            byte[] flipped = [.. whole];
            flipped[at] ^= (byte)(1 << (at % 8));
            Unfit(path, flipped);
            Unfit(path, whole[..at]);
        }

        Unfit(path, [.. whole, 0]);
        Unfit(path, [.. whole, .. whole]);
        File.WriteAllBytes(path, whole);
        Assert.NotNull(CleanState.Take(folder.Path, Disk.Real, logger));
    }

    [Fact]
    public void Its_name_is_durable_when_it_is_written_and_when_it_is_taken()
    {
        var disk = new FaultyDisk();
        Write(disk);
        var name = Path.GetFileName(folder.Path);
        Assert.Equal(["write", "sync", "rename", $"sync {name}"], disk.Calls);
        disk.Calls.Clear();
        CleanState.Take(folder.Path, disk, logger)!.Dispose();
        Assert.Equal(["rename", $"sync {name}"], disk.Calls);
    }

    [Theory]
    [InlineData((int)DiskCall.Open)]
    [InlineData((int)DiskCall.Write)]
    [InlineData((int)DiskCall.Sync)]
    [InlineData((int)DiskCall.Rename)]
    public void One_that_could_not_be_written_is_none(int call)
    {
        var disk = new FaultyDisk();
        disk.Fail((DiskCall)call);
        Assert.Throws<IOException>(() => Write(disk));
        Assert.Null(CleanState.Take(folder.Path, Disk.Real, logger));
        Write(Disk.Real);
        Assert.NotNull(CleanState.Take(folder.Path, Disk.Real, logger));
    }

    [Theory]
    [InlineData((int)DiskCall.Rename)]
    [InlineData((int)DiskCall.SyncFolder)]
    public void One_that_can_not_be_taken_away_is_not_used(int call)
    {
        Write(Disk.Real);
        var disk = new FaultyDisk();
        disk.Fail((DiskCall)call);
        Assert.Null(CleanState.Take(folder.Path, disk, logger));
        Assert.NotEmpty(logger.Lines);
    }

    [Theory]
    [InlineData("state/", "", "/base/state-channels")]
    [InlineData("/elsewhere/state", null, "/elsewhere/state-channels")]
    [InlineData("state", "log", "/base/log")]
    [InlineData("", "/log", "/log")]
    [InlineData("", "", null)]
    public void The_folder_lies_beside_the_checkpoints(string checkpoints, string? configured, string? expected)
    {
        var definition = new PipelineDefinition
        {
            File = "pipeline.json",
            BaseDirectory = "/base",
            Options = new PipelineOptions { Checkpoint = new CheckpointOptions { Path = checkpoints } },
            Schema = TestBatches.Schema,
            Blocks = [],
        };
        Assert.Equal(expected, JournalFolder.Of(definition, configured));
    }

    private void Write(Disk disk) => CleanState.Write(folder.Path, disk, ["k1", "k2"], 17, to =>
    {
        to.State(Last.Entry, Positions);
        to.Entry(First.Entry);
        to.Entry(Last.Entry);
        to.State(Gone.Entry, []);
    });

    private void Unfit(string path, byte[] bytes)
    {
        logger.Lines.Clear();
        File.WriteAllBytes(path, bytes);
        Assert.Null(CleanState.Take(folder.Path, Disk.Real, logger));
        Assert.Contains(path, Assert.Single(logger.Lines), StringComparison.Ordinal);
        Assert.False(File.Exists(path));
    }
}
