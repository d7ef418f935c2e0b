using System.Globalization;
using StreamEngine.Sinks.WebSockets.Journal;

namespace StreamEngine.Sinks.Tests.WebSockets.Journal;

/// <summary>What an event log remembers, and how much.</summary>
public sealed class EventLogTests : IDisposable
{
    private readonly LogFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_was_flushed_is_there_after_a_kill()
    {
        Told[] told =
        [
            new("play:1", 1, """{"a":1}""", "espn", 7, 0, At: LogFolder.Start),
            new("play:2", 1, """{"b":"ü"}""", "", 8, 0, At: LogFolder.Start.AddTicks(1)),
            new("play:1", 2, """{"a":2}""", "mlb", -3, 1, At: LogFolder.Start.AddTicks(2)),
            new("play:2", 2, "play:3", "", 9, 2, JournalOp.Alias, LogFolder.Start.AddTicks(3)),
            new("play:1", 3, "", "espn", long.MaxValue, int.MaxValue, JournalOp.Removed, LogFolder.Start.AddTicks(4)),
        ];
        using var log = folder.Open();
        Assert.Empty(log.Epochs);
        Assert.Null(log.Damage);
        log.Begin("k1");
        log.Add(told);
        log.Append(new Told("play:1", 4, "not flushed").Entry);

        using var killed = folder.Killed();
        var (epochs, listing, damage, _) = killed.Read();
        Assert.Equal(["k1"], epochs);
        Assert.Null(damage);
        Assert.Equal(told, listing.Entries);
        Assert.Equal(told[4], listing.States["play:1"].Last);
        Assert.Equal([new JournalPosition("mlb", -3, 1), new JournalPosition("espn", long.MaxValue, int.MaxValue)], listing.States["play:1"].Positions);
        Assert.Equal(told[3], listing.States["play:2"].Last);
        Assert.Equal([new JournalPosition("", 9, 2)], listing.States["play:2"].Positions);
    }

    [Fact]
    public void A_lineage_goes_on_over_kills_and_stops()
    {
        var (expected, current) = (new List<string>(), folder.Killed());
        for (var run = 1; run <= EventLog.MostEpochs + 6; run++)
        {
            expected.Add($"k{run}");
            var log = current.Open();
            log.Begin($"k{run}");
            log.Add(new Told("play:1", run, $"{run}", At: LogFolder.Start));
            if (run % 2 == 0)
            {
                log.Dispose();
            }

            var next = current.Killed();
            var (epochs, listing, _, _) = next.Read();
            Assert.Equal(expected.TakeLast(EventLog.MostEpochs), epochs);
            Assert.Equal(run, listing.States["play:1"].Last.Offset);
            Assert.Equal(Enumerable.Range(1, run).TakeLast(64), listing.Entries.Select(e => (int)e.Offset));
            log.Dispose();
            current.Dispose();
            current = next;
        }

        current.Dispose();
    }

    [Fact]
    public void Positions_of_a_machine_that_was_started_anew_are_good_only_after_a_clean_stop()
    {
        using var log = folder.Open();
        log.Begin("k1");
        log.Add(new Told("play:1", 1, "x", At: LogFolder.Start));
        using var killed = folder.Killed();
        var (epochs, listing, damage, _) = killed.Read(Guid.NewGuid());
        Assert.Empty(epochs);
        Assert.Single(listing.Entries);
        Assert.Contains("machine", damage, StringComparison.Ordinal);
        Assert.Empty(killed.Read(Guid.Empty).Epochs);
        Assert.Equal(["k1"], killed.Read().Epochs);

        log.Dispose();
        Assert.Equal(["k1"], folder.Read(Guid.NewGuid()).Epochs);
        Assert.Equal(["k1"], folder.Read(Guid.Empty).Epochs);
    }

    [Fact]
    public void After_a_cut_only_the_new_lineage_counts()
    {
        using (var log = folder.Open())
        {
            log.Begin("k1");
            log.Add(new Told("play:1", 1, "x", At: LogFolder.Start), new Told("play:1", 2, "y", At: LogFolder.Start));
        }

        var first = folder.Of(folder.Segments[0]);
        var bytes = File.ReadAllBytes(first);
        bytes[^40] ^= 1;
        File.WriteAllBytes(first, bytes);
        using (var log = folder.Open())
        {
            Assert.Empty(log.Epochs);
            Assert.Contains(first, log.Damage, StringComparison.Ordinal);
            Assert.Contains(folder.Logger.Lines, l => l.Contains(log.Damage!, StringComparison.Ordinal));
            log.Begin("k2");
        }

        // The damage is still there, and nobody needs to hear of it again.
        Assert.Equal(2, folder.Segments.Count);
        var (epochs, _, damage, _) = folder.Read();
        Assert.Equal(["k2"], epochs);
        Assert.Null(damage);
    }

    [Fact]
    public void Old_segments_go_and_every_channel_stays_known()
    {
        using var small = new LogFolder { Limits = new JournalLimits(64 << 10, TimeSpan.FromMinutes(5)) };
        using var log = small.Open();
        log.Begin("k1");
        log.Add(new Told("play:quiet", 1, "quiet", "espn", 5, At: LogFolder.Start));
        var (largest, most) = (0L, 0);
        for (var offset = 1; offset <= 5000; offset++)
        {
            log.Add(new Told("play:loud", offset, Data(offset), "", offset, At: LogFolder.Start));
            largest = Math.Max(largest, small.Bytes);
            most = Math.Max(most, small.Segments.Count);
        }

        Assert.InRange(largest, 64 << 10, 96 << 10);
        Assert.InRange(most, 4, 6);
        using var killed = small.Killed();
        var (epochs, listing, _, _) = killed.Read();
        Assert.Equal(["k1"], epochs);
        Assert.Equal("quiet", listing.States["play:quiet"].Last.Data);
        Assert.Equal([new JournalPosition("espn", 5, 0)], listing.States["play:quiet"].Positions);
        Assert.Empty(listing.Of("play:quiet"));
        Assert.Equal(5000, listing.States["play:loud"].Last.Offset);
        var kept = listing.Of("play:loud");
        Assert.InRange(kept.Count, 48 * 1024 / 200, 5000);
        Assert.Equal(Enumerable.Range(5001 - kept.Count, kept.Count), kept.Select(e => (int)e.Offset));
        Assert.All(kept, e => Assert.Equal(Data((int)e.Offset), e.Data));
    }

    [Fact]
    public void What_is_past_its_age_is_neither_shown_nor_kept()
    {
        using var small = new LogFolder { Limits = new JournalLimits(1 << 20, TimeSpan.FromMinutes(5)) };
        for (var run = 1; run <= 3; run++)
        {
            using var log = small.Open();
            log.Begin($"k{run}");
            log.Add(new Told("play:1", run, $"{run}", At: small.Time.GetUtcNow()));
            small.Time.Advance(TimeSpan.FromMinutes(2));
        }

        // They are 6, 4 and 2 minutes old.
        Assert.Equal([2, 3], small.Read().Listing.Entries.Select(e => (int)e.Offset));
        using var last = small.Open();
        last.Begin("k4");
        Assert.Equal(3, small.Segments.Count);
        small.Time.Advance(TimeSpan.FromMinutes(2));
        last.Trim();
        Assert.Equal(2, small.Segments.Count);
        small.Time.Advance(TimeSpan.FromDays(1));
        last.Trim();
        Assert.Single(small.Segments);
        using var killed = small.Killed();
        var (epochs, listing, _, _) = killed.Read();
        Assert.Equal(["k1", "k2", "k3", "k4"], epochs);
        Assert.Empty(listing.Entries);
        Assert.Equal("3", listing.States["play:1"].Last.Data);
    }

    [Fact]
    public void A_forgotten_channel_begins_behind_all_that_were_forgotten()
    {
        using var log = folder.Open();
        log.Begin("k1");
        log.Add(new Told("play:1", 1, "a", At: LogFolder.Start), new Told("play:1", 2, "b", At: LogFolder.Start), new Told("play:2", 1, "c", At: LogFolder.Start));
        log.Forget("play:1", 2);
        Assert.Equal(2, log.Floor);
        Assert.Throws<ArgumentException>(() => log.Add(new Told("play:1", 2, "again")));
        log.Flush();
        using (var killed = folder.Killed())
        {
            var (_, listing, _, floor) = killed.Read();
            Assert.Equal(2, floor);
            Assert.Equal(["play:2"], listing.States.Keys);
            Assert.Equal(["c"], listing.Entries.Select(e => e.Data));
        }

        log.Add(new Told("play:1", 3, "d", At: LogFolder.Start));
        log.Begin("k2");
        using (var killed = folder.Killed())
        {
            var (_, listing, _, floor) = killed.Read();
            Assert.Equal(2, floor);
            Assert.Equal(["c", "d"], listing.Entries.Select(e => e.Data));
        }

        log.Forget("play:never known", 50);
        log.Begin("k3");
        using (var killed = folder.Killed())
        {
            Assert.Equal(50, killed.Read().Floor);
        }
    }

    [Fact]
    public void An_offset_that_was_given_is_refused()
    {
        using var log = folder.Open();
        log.Begin("k1");
        log.Add(new Told("play:1", 1, "a"), new Told("play:1", 2, "b"));
        Assert.Contains("offset 2", Assert.Throws<ArgumentException>(() => log.Add(new Told("PLAY:1", 2, "c"))).Message, StringComparison.Ordinal);
        log.Add(new Told("play:1", 3, "d"));
    }

    [Fact]
    public void Large_entries_are_kept_and_too_large_ones_refused()
    {
        using var large = new LogFolder { Limits = new JournalLimits(256 << 20, TimeSpan.FromMinutes(5)) };
        var data = new string('x', 16 << 20);
        using var log = large.Open();
        log.Begin("k1");
        log.Add(new Told("play:1", 1, "small", At: LogFolder.Start), new Told("play:1", 2, data, At: LogFolder.Start), new Told("play:1", 3, "small too", At: LogFolder.Start));
        Assert.Throws<ArgumentException>(() => log.Append(new JournalEntry
        {
            Channel = "play:1",
            Offset = 4,
            Op = JournalOp.Update,
            At = LogFolder.Start,
            Source = "",
            Sequence = 0,
            Ordinal = 0,
            Data = new byte[JournalEntry.MostBytes],
        }));
        log.Add(new Told("play:1", 4, "last", At: LogFolder.Start));
        log.Begin("k2");
        log.Add(new Told("play:1", 5, data, At: LogFolder.Start));
        log.Begin("k3");
        using var killed = large.Killed();
        var (_, listing, damage, _) = killed.Read();
        Assert.Null(damage);
        Assert.Equal(["small", data, "small too", "last", data], listing.Entries.Select(e => e.Data));
        Assert.Equal(data, listing.States["play:1"].Last.Data);
    }

    [Fact]
    public void One_process_may_use_a_log_at_a_time()
    {
        using (folder.Open())
        {
            Assert.Contains(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), Assert.Throws<IOException>(() => folder.Open()).Message, StringComparison.Ordinal);
        }

        folder.Open().Dispose();
    }

    [Fact]
    public void Other_files_stay_and_unfinished_segments_go()
    {
        File.WriteAllText(folder.Of("events-00000007.log.tmp"), "unfinished");
        File.WriteAllText(folder.Of("events-of-today.log"), "not ours");
        using (var log = folder.Open())
        {
            log.Begin("k1");
        }

        Assert.Equal(["events-00000001.log", "events-of-today.log"], folder.Segments);
        Assert.Equal(["k1"], folder.Read().Epochs);
    }

    [Fact]
    public void An_entry_allocates_nothing()
    {
        using var large = new LogFolder { Limits = new JournalLimits(64 << 20, TimeSpan.FromMinutes(5)) };
        using var log = large.Open();
        log.Begin("k1");
        var data = new byte[200];
        var channels = Enumerable.Range(0, 50).Select(c => $"play:mlb:{c}").ToArray();
        var before = 0L;
        for (var offset = 1; offset <= 200; offset++)
        {
            before = offset == 101 ? GC.GetAllocatedBytesForCurrentThread() : before;
            foreach (var channel in channels)
            {
                log.Append(new JournalEntry { Channel = channel, Offset = offset, Op = JournalOp.Update, At = LogFolder.Start, Source = "espn", Sequence = offset, Ordinal = 0, Data = data });
            }

            log.Flush();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string Data(int offset) => offset.ToString("d120", CultureInfo.InvariantCulture);
}
