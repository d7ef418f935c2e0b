using StreamEngine.Sinks.WebSockets.Journal;

namespace StreamEngine.Sinks.Tests.WebSockets.Journal;

/// <summary>
/// Whatever happens to the files: nothing is thrown, nothing wrong is shown, and positions are believed only when everything that could have been
/// told is there.
/// </summary>
public sealed class EventLogDamageTests : IDisposable
{
    /// <summary>Entries of the channels that were not forgotten.</summary>
    private const int All = 9;

    private readonly List<Told> told = [];
    private readonly LogFolder folder = new();
    private readonly LogFolder damaged = new();
    private readonly Dictionary<string, byte[]> whole;

    public EventLogDamageTests()
    {
        var offsets = new Dictionary<string, long> { ["play:1"] = 0, ["play:2"] = 0, ["play:gone"] = 0 };
        for (var run = 1; run <= 3; run++)
        {
            using var log = folder.Open();
            log.Begin($"k{run}");
            foreach (var channel in new[] { "play:1", "play:2", "play:gone", "play:1" }.Where(offsets.ContainsKey))
            {
                var entry = new Told(channel, ++offsets[channel], $"{channel} in k{run}", "espn", run, 0, At: LogFolder.Start);
                log.Add(entry);
                told.Add(entry);
            }

            if (run == 2)
            {
                log.Forget("play:gone", offsets["play:gone"]);
                log.Flush();
                offsets.Remove("play:gone");
            }
        }

        whole = folder.Content();
        Assert.Equal(3, whole.Count);
    }

    public void Dispose()
    {
        folder.Dispose();
        damaged.Dispose();
    }

    [Fact]
    public void A_log_that_is_whole_shows_all()
    {
        var (epochs, listing, damage, floor) = folder.Read();
        Assert.Null(damage);
        Assert.Equal(["k1", "k2", "k3"], epochs);
        Assert.Equal(told.Where(t => t.Channel != "play:gone"), listing.Entries);
        Assert.Equal(2, floor);
    }

    [Fact]
    public void Every_kill_within_the_last_write_leaves_what_came_before()
    {
        var last = whole.Keys.Max(StringComparer.Ordinal)!;
        var cuts = new HashSet<int>();
        for (var length = 0; length < whole[last].Length; length++)
        {
            var (believed, shown) = Check(last, whole[last][..length]);
            if (believed)
            {
                cuts.Add(shown);
            }
        }

        // What the last run told, one by one: the table was there at once.
        Assert.Equal([6, 7, 8, 9], cuts.Order());
    }

    [Fact]
    public void A_file_that_was_cut_off_is_not_believed_unless_it_is_the_last()
    {
        foreach (var name in whole.Keys.Order(StringComparer.Ordinal).SkipLast(1))
        {
            for (var length = 0; length < whole[name].Length; length++)
            {
                // What was forgotten, and that the stop was clean, is told by the next file too.
                var (believed, shown) = Check(name, whole[name][..length]);
                Assert.True(!believed || shown == All, $"byte {length} of {name}");
            }
        }
    }

    [Fact]
    public void No_flipped_bit_is_believed()
    {
        foreach (var (name, bytes) in whole)
        {
            for (var at = 0; at < bytes.Length; at++)
            {
                byte[] flipped = [.. bytes];
                flipped[at] ^= (byte)(1 << (at % 8));
                Assert.False(Check(name, flipped).Believed, $"byte {at} of {name}");
            }
        }
    }

    [Fact]
    public void A_missing_file_is_not_believed()
    {
        // Without the first it looks as if that had gone for its age; without the last as if the last run had not been.
        var names = whole.Keys.Order(StringComparer.Ordinal).ToArray();
        Assert.True(Check(names[0], null).Believed);
        Assert.False(Check(names[1], null).Believed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(4096)]
    public void What_stands_behind_the_end_is_not_believed(int zeros)
    {
        var last = whole.Keys.Max(StringComparer.Ordinal)!;
        var (believed, shown) = Check(last, [.. whole[last], .. new byte[zeros]]);

        // Fewer bytes than a record's head are taken for the beginning of one.
        Assert.Equal((zeros < JournalRecord.HeadLength, All), (believed, shown));
    }

    private (bool Believed, int Shown) Check(string name, byte[]? bytes)
    {
        var content = new Dictionary<string, byte[]>(whole);
        if (bytes is null)
        {
            content.Remove(name);
        }
        else
        {
            content[name] = bytes;
        }

        damaged.Set(content);
        var listing = new Listing();
        IReadOnlyList<string> before;
        var next = new List<Told>();
        using (var log = damaged.Open())
        {
            log.Replay(listing);
            before = log.Epochs;
            Assert.Equal(before.Count == 0, log.Damage is not null);
            Right(listing);
            log.Begin("new");
            foreach (var channel in listing.States.Keys)
            {
                next.Add(new Told(channel, listing.States[channel].Last.Offset + 1, "new", At: LogFolder.Start));
            }

            log.Add(next);
        }

        var after = damaged.Read();
        Assert.Null(after.Damage);
        Assert.Equal([.. before, "new"], after.Epochs);
        Assert.Equal([.. listing.Entries, .. next], after.Listing.Entries);
        Assert.Equal(next, after.Listing.States.Values.Select(s => s.Last));
        return (before.Count > 0, listing.Entries.Count);
    }

    /// <summary>All that is shown was told, and nothing is missing between that and the channel's last.</summary>
    private void Right(Listing listing)
    {
        foreach (var (channel, (last, positions)) in listing.States)
        {
            Assert.Contains(last, told);
            Assert.Equal([new JournalPosition("espn", last.Sequence, 0)], positions);
            var shown = listing.Of(channel);
            Assert.Equal(told.Where(t => t.Channel == channel && t.Offset <= last.Offset).TakeLast(shown.Count), shown);
        }

        Assert.All(listing.Entries, e => Assert.Contains(e.Channel, listing.States.Keys));
    }
}
