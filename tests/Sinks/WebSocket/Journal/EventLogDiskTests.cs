using System.Globalization;
using Microsoft.Win32.SafeHandles;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Sinks.WebSockets.Journal;
using StreamEngine.Tests;

namespace StreamEngine.Sinks.Tests.WebSockets.Journal;

/// <summary>An event log on disks that are full, fail, or see the process killed between any two calls.</summary>
public sealed class EventLogDiskTests : IDisposable
{
    private readonly LogFolder folder = new() { Limits = new JournalLimits(16 << 10, TimeSpan.FromMinutes(5)) };
    private readonly FaultyDisk disk = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(70)]
    public void After_a_full_disk_it_goes_on_in_a_new_lineage(int left)
    {
        using var log = folder.Open(disk);
        log.Begin("k1");
        log.Add(Of(1), Of(2));
        disk.Fill(left);
        Assert.Contains("no space left", Assert.Throws<IOException>(() => log.Add(Of(3), Of(4))).Message, StringComparison.Ordinal);
        Assert.Empty(log.Epochs);
        using (var killed = folder.Killed())
        {
            // What is told from now on would be missing.
            Assert.Empty(killed.Read().Epochs);
        }

        Assert.Throws<IOException>(() => log.Append(Of(5).Entry));
        Assert.Throws<IOException>(log.Flush);
        Assert.Throws<IOException>(() => log.Begin("k2"));
        log.Forget("play:other", 9);
        disk.Heal();
        log.Begin("k2");
        log.Put(Of(6).Entry, [new JournalPosition("espn", 3, 1), new JournalPosition("", 6, 0)]);
        log.Add(Of(7));
        using (var killed = folder.Killed())
        {
            var (epochs, listing, damage, floor) = killed.Read();
            Assert.Null(damage);
            Assert.Equal(["k2"], epochs);
            Assert.Equal(9, floor);
            Assert.Equal([Of(7)], listing.Entries);
            Assert.Equal(Of(7), listing.States["play:1"].Last);
            Assert.Equal([new JournalPosition("espn", 3, 1), new JournalPosition("", 7, 0)], listing.States["play:1"].Positions);
        }
    }

    [Theory]
    [InlineData((int)DiskCall.Rename)]
    [InlineData((int)DiskCall.Open)]
    [InlineData((int)DiskCall.Sync)]
    public void A_segment_that_could_not_be_begun_is_begun_later(int call)
    {
        using var log = folder.Open(disk);
        log.Begin("k1");
        disk.Fail((DiskCall)call, times: 2);
        var offset = 0;
        while (folder.Segments.Count < 2)
        {
            log.Add(Of(++offset));
            Assert.InRange(folder.Bytes, 0, 20 << 10);
        }

        Assert.InRange(offset, 3 * (4 << 10) / 250, 5 * (4 << 10) / 150);
        log.Add(Of(++offset));
        using var killed = folder.Killed();
        var (epochs, listing, _, _) = killed.Read();
        Assert.Equal(["k1"], epochs);
        Assert.Equal(Enumerable.Range(1, offset), listing.Entries.Select(e => (int)e.Offset));
    }

    [Fact]
    public void A_segment_that_can_never_be_begun_ends_the_lineage()
    {
        using var log = folder.Open(disk);
        log.Begin("k1");
        disk.Fail(DiskCall.Rename);
        Assert.Throws<IOException>(() =>
        {
            for (var offset = 1; offset < 1000; offset++)
            {
                log.Add(Of(offset));
            }
        });
        Assert.Empty(folder.Segments);
    }

    [Fact]
    public void A_run_that_could_not_be_begun_leaves_nothing_to_believe()
    {
        var failed = 0;
        for (var call = 0; ; call++)
        {
            using var run = new LogFolder { Limits = folder.Limits };
            using (var first = run.Open())
            {
                first.Begin("k1");
                first.Add(Of(1));
            }

            var faulty = new FaultyDisk { FailAt = call };
            using var log = run.Open(faulty);
            try
            {
                log.Begin("k2");
                if (log.Damage is null)
                {
                    Assert.Equal(["k1", "k2"], log.Epochs);
                    Assert.Equal(4, failed);
                    return;
                }

                // It failed before, at the start.
                Assert.Equal(["k2"], log.Epochs);
            }
            catch (IOException)
            {
                failed++;
                using var killed = run.Killed();
                Assert.Empty(killed.Read().Epochs);
            }
        }
    }

    [Fact]
    public void Between_any_two_calls_to_the_disk_all_that_was_flushed_is_there()
    {
        var watched = new WatchedDisk(folder);
        var flushed = 0;
        watched.Told = () => flushed;
        using (var log = folder.Open(watched))
        {
            log.Begin("k1");
            for (var offset = 1; offset <= 150; offset++)
            {
                log.Add(Of(offset));
                flushed = offset;
            }
        }

        Assert.True(watched.Seen.Count > 170);
        using var killed = folder.Killed();
        foreach (var (content, told) in watched.Seen.Where(s => s.Content.Count > 0))
        {
            killed.Set(content);
            var (epochs, listing, damage, _) = killed.Read();
            Assert.Null(damage);
            Assert.Equal(["k1"], epochs);
            var last = listing.States.TryGetValue("play:1", out var state) ? state.Last.Offset : 0;
            Assert.InRange(last, told, told + 1);
            Assert.Equal(Enumerable.Range((int)last + 1 - listing.Entries.Count, listing.Entries.Count), listing.Entries.Select(e => (int)e.Offset));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public void A_log_that_can_not_be_deleted_gives_no_offset_twice(int times)
    {
        using var log = folder.Open(disk);
        for (var run = 1; run <= 3; run++)
        {
            log.Begin($"k{run}");
            log.Add(Of(run));
        }

        disk.Fill();
        disk.Fail(DiskCall.Delete, times: times);
        Assert.Throws<IOException>(() => log.Add(Of(4)));
        using (var killed = folder.Killed())
        {
            var (epochs, listing, _, _) = killed.Read();
            Assert.Equal(["k1", "k2", "k3"], epochs);
            Assert.Equal(3, listing.States["play:1"].Last.Offset);
        }

        disk.Heal();
        log.Begin("k4");
        using (var killed = folder.Killed())
        {
            var (epochs, listing, damage, _) = killed.Read();
            Assert.Equal(["k4"], epochs);
            Assert.Null(damage);
            Assert.Empty(listing.States);
        }
    }

    [Fact]
    public void What_lies_on_a_disk_that_is_full_at_the_start_is_claimed_and_given_up()
    {
        using (var first = folder.Open())
        {
            first.Begin("k1");
            first.Add(Of(1));
        }

        // Nobody can write there whose the folder is, nor delete what was left.
        File.Delete(folder.Of("in-use.txt"));
        Directory.CreateDirectory(folder.Of("in-use.txt"));
        File.WriteAllText(folder.Of("events-00000002.log.tmp"), "unfinished");
        disk.Fail(DiskCall.Delete, times: 1);
        disk.Fill();
        using var log = folder.Open(disk);
        Assert.Equal(["k1"], log.Epochs);
        Assert.Contains("another process", Assert.Throws<IOException>(() => folder.Open()).Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => log.Begin("k2"));
        using var killed = folder.Killed();
        Assert.Empty(killed.Read().Epochs);
    }

    [Fact]
    public void A_new_segment_gets_its_name_when_it_and_the_one_before_are_durable()
    {
        using var log = folder.Open(disk);
        log.Begin("k1");
        log.Add(Of(1));
        disk.Calls.Clear();
        log.Begin("k2");
        Assert.Equal(["write", "sync", "sync", "rename", $"sync {Path.GetFileName(folder.Path)}"], disk.Calls);
        var last = folder.Of(folder.Segments[^1]);
        log.Add(Of(2));
        Assert.NotEqual(File.ReadAllBytes(last), disk.Durable(last));
        log.Dispose();
        Assert.Equal(File.ReadAllBytes(last), disk.Durable(last));
    }

    [Fact]
    public void A_disk_that_does_not_work_at_the_start_is_told()
    {
        File.WriteAllText(folder.Of("file"), "");
        var path = folder.Of("file/log");
        using var log = EventLog.Open(path, folder.Limits, Disk.Real, folder.Time, folder.Logger);
        Assert.Contains(folder.Of("file"), log.Damage, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => log.Begin("k1"));
        File.Delete(folder.Of("file"));
        log.Begin("k1");
        log.Add(Of(1));
        Assert.Throws<IOException>(() => EventLog.Open(path, folder.Limits, Disk.Real, folder.Time, folder.Logger));
    }

    private static Told Of(int offset) => new("play:1", offset, offset.ToString("d120", CultureInfo.InvariantCulture), "", offset, 0, At: LogFolder.Start);

    /// <summary>Keeps what the files are before and after each call.</summary>
    private sealed class WatchedDisk(LogFolder folder) : Disk
    {
        public List<(Dictionary<string, byte[]> Content, int Told)> Seen { get; } = [];

        public Func<int> Told { get; set; } = () => 0;

        public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
        {
            Look();
            base.Write(file, bytes[..(bytes.Length / 2)], offset);
            Look();
            base.Write(file, bytes[(bytes.Length / 2)..], offset + (bytes.Length / 2));
            Look();
        }

        public override void Rename(string from, string to, bool overwrite)
        {
            Look();
            base.Rename(from, to, overwrite);
            Look();
        }

        public override void Delete(string path)
        {
            base.Delete(path);
            Look();
        }

        private void Look() => Seen.Add((folder.Content().Where(f => f.Key.EndsWith(".log", StringComparison.Ordinal)).ToDictionary(), Told()));
    }
}
