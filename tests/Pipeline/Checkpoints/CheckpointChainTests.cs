using System.Buffers.Binary;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Tests;

namespace StreamEngine.Pipeline.Tests.Checkpoints;

/// <summary>Checkpoints that go on from those before: whichever file is not what it should be, the last one that can do without it is used.</summary>
public sealed class CheckpointChainTests : IDisposable
{
    private const int Mutations = 20_000;

    /// <summary>Number 7, with fields of 40 bytes, as the program wrote it before there were changes.</summary>
    private const string WithoutChanges =
        "U0VDSEtQVAoBAAAAvwAAADwBAAAAAAAAvH77O68vwmxlgSqXGJBxrQcAAAAAAAAAgH2q+n1M3wgFZ2FtZXMFAAAABnNvdXJjZQAAAAABAAAACHBvc2l0aW9uAQAAAAgAAAAAAAAABnNvdXJjZQAAAA" +
        "ABAAAABWVtcHR5AgAAAAAAAAAAAAAABW1lcmdlAAAAAAIAAAAEa2V5cwMAAAAoAAAAAAAAAAVtZXJnZQEAAAACAAAABGtleXMDAAAAFAAAAAAAAAAFbWVyZ2UBAAAAAgAAAAdncsO2w59lAQAAAAEA" +
        "AAAAAAAAS2ME9pVi4WhBmeofsgGwYbE4DTyo/3eCZioEKekyFIuvVOQfglsxaJxfZbKExaZSJbRnInyiZI1zLzfdPxYPhV9wXh3fVSlqJayGCraKG0K4J5Lw5w==";

    // By number, the first one that is needed: the first four go on from each other, and so do the others.
    private static readonly long[] Firsts = [0, 1, 1, 1, 2, 5, 5, 6];

    private readonly TempFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Changes_are_found_with_all_that_they_go_on_from()
    {
        var store = Saved.In(folder.FullName);
        for (var id = 1; id < Firsts.Length; id++)
        {
            await store.SaveAsync(Saved.Chained(id, Firsts[id]), Cancel);
            Saved.SameChained(id, Firsts[id], Found(store));
            Saved.SameChained(id, Firsts[id], Found(Saved.In(folder.FullName)));
        }
    }

    [Fact]
    public async Task One_that_was_not_kept_leaves_no_hole()
    {
        var disk = new FaultyDisk();
        var store = Saved.In(folder.FullName, disk: disk);
        await store.SaveAsync(Saved.Chained(1, 1), Cancel);
        for (var at = 0; at < 7; at++)
        {
            // Even one that has its name already when the disk fails is not one to go on from.
            disk.FailAt = disk.Calls.Count + at;
            await Assert.ThrowsAsync<IOException>(async () => await store.SaveAsync(Saved.Chained(2, 1), Cancel));
        }

        disk.FailAt = int.MaxValue;
        await store.SaveAsync(Saved.Chained(3, 1) with { LastComplete = 1 }, Cancel);
        var records = Assert.Single(Found(Saved.In(folder.FullName)).Sections, s => s.Field == "records");
        Assert.Equal([Saved.ChangesOf(1, 60)], records.Earlier.Select(e => e.ToArray()));
        Assert.Equal(Saved.ChangesOf(3, 60), records.Content.ToArray());
    }

    [Fact]
    public async Task Every_truncation_and_flipped_bit_of_every_file_is_found()
    {
        await KeepAllAsync();
        foreach (var (id, path) in Directory.EnumerateFiles(folder.FullName).Order(StringComparer.Ordinal).Select(p => (long.Parse(Path.GetFileName(p).AsSpan(11, 14), System.Globalization.CultureInfo.InvariantCulture), p)))
        {
            var good = File.ReadAllBytes(path);
            var expected = LastWithout(id, path);
            for (var length = 0; length < good.Length; length += 1 + (length / 40))
            {
                Refused(path, good[..length], expected, "was cut off");
            }

            for (var bit = 0; bit < good.Length * 8; bit += 1 + (bit / 500))
            {
                var bytes = good.ToArray();
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                Refused(path, bytes, expected, bit < 64 ? "is no checkpoint" : "is damaged");
            }

            File.Delete(path);
            Expect(expected, path.EndsWith(".state", StringComparison.Ordinal) ? null : "which is gone");
            File.WriteAllBytes(path, good);
        }

        Saved.SameChained(7, 6, Found(Saved.In(folder.FullName)));
    }

    [Fact]
    public async Task Files_that_are_not_those_they_were_are_told()
    {
        await KeepAllAsync();
        var path = Saved.ChangesPathOf(folder, 6);
        var good = File.ReadAllBytes(path);

        var newer = good.ToArray();
        newer[8] = 3;
        Damage.SealHead(newer);
        Refused(path, newer, 5, "which has version 3 of the format, this program knows 2");
        Refused(path, File.ReadAllBytes(Saved.ChangesPathOf(folder, 5)), 5, "which was renamed: it is checkpoint 5");
        Refused(path, File.ReadAllBytes(Saved.PathOf(folder, 6)), 5, "which is no checkpoint");

        using var elsewhere = new TempFolder();
        await Saved.In(elsewhere.FullName).SaveAsync(Saved.Chained(6, 6, "scores"), Cancel);
        Refused(path, File.ReadAllBytes(Saved.ChangesPathOf(elsewhere, 6)), 5, "which is of pipeline 'scores', this one is 'games'");
        await Saved.In(elsewhere.FullName).SaveAsync(Saved.Chained(6, 6, bytes: 61), Cancel);
        Refused(path, File.ReadAllBytes(Saved.ChangesPathOf(elsewhere, 6)), 5, "which is not the one it was made with");
    }

    [Fact]
    public async Task Mutations_with_right_checksums_are_refused_without_an_exception_or_much_memory()
    {
        await KeepAllAsync();
        var path = Saved.ChangesPathOf(folder, 7);
        var good = File.ReadAllBytes(path);
        var state = File.ReadAllBytes(Saved.PathOf(folder, 7));
        var random = new Random(20261127);
        for (var i = 0; i < Mutations; i++)
        {
            var (target, bytes) = i % 2 == 0 ? (path, Damage.Mutate(good, random)) : (Saved.PathOf(folder, 7), Damage.Mutate(state, random));
            if (bytes.Length >= CheckpointFile.HeadLength)
            {
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), bytes.Length);
                Damage.Seal(bytes);
            }

            Write(target, bytes);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var search = Saved.In(folder.FullName).FindLast(Saved.Pipeline);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300_000);
            Assert.InRange(search.Checkpoint?.Id ?? 0, 6, 7);
            Assert.Equal(search.Checkpoint!.Id == 7 ? 0 : 1, search.Problems.Count);
            Write(target, i % 2 == 0 ? good : state);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_the_last_ones_need_is_kept_and_nothing_else_though_the_process_dies_between_deletions(int keep)
    {
        var deaths = 0;
        for (var dieAt = 0; dieAt < 12; dieAt++)
        {
            foreach (var file in Directory.EnumerateFiles(folder.FullName))
            {
                File.Delete(file);
            }

            var disk = new DyingDisk(dieAt);
            var store = Saved.In(folder.FullName, keep, disk);
            for (var id = 1; id < Firsts.Length; id++)
            {
                var died = false;
                try
                {
                    await store.SaveAsync(Saved.Chained(id, Firsts[id]), Cancel);
                }
                catch (InvalidOperationException)
                {
                    died = true;
                    deaths++;
                }

                AllGood(Math.Max(1, id - keep + 1), id);
                if (died)
                {
                    // The next run begins with all, as its steps know nothing of the chain.
                    store = Saved.In(folder.FullName, keep);
                    Assert.Empty(store.FindLast(Saved.Pipeline).Problems);
                    await store.SaveAsync(Saved.Chained(id + 1, id + 1), Cancel);
                    AllGood(Math.Max(1, id - keep + 2), id + 1);
                    break;
                }
            }

            var numbers = Directory.EnumerateFiles(folder.FullName, "*.state").Select(p => int.Parse(Path.GetFileName(p).AsSpan(11, 14), System.Globalization.CultureInfo.InvariantCulture)).Order().ToList();
            Assert.Equal(keep, numbers.Count);
            var oldest = numbers.Min(n => n == numbers[^1] && dieAt < disk.Deletions ? n : Firsts[n]);
            Assert.Equal(numbers[^1] - oldest + 1, Directory.EnumerateFiles(folder.FullName, "*.changes").Count());
        }

        Assert.InRange(deaths, 2, 12);
    }

    [Fact]
    public async Task Damaged_ones_do_not_push_good_ones_out()
    {
        await KeepAllAsync();
        File.WriteAllBytes(Saved.ChangesPathOf(folder, 6), []);
        var store = Saved.In(folder.FullName, keep: 2);
        Saved.SameChained(5, 5, store.FindLast(Saved.Pipeline).Checkpoint);

        await store.SaveAsync(Saved.Chained(8, 8), Cancel);

        Assert.Equal([Saved.ChangesPathOf(folder, 5), Saved.PathOf(folder, 5), Saved.ChangesPathOf(folder, 8), Saved.PathOf(folder, 8)], Directory.EnumerateFiles(folder.FullName).Order(StringComparer.Ordinal));
        File.Delete(Saved.PathOf(folder, 8));
        Saved.SameChained(5, 5, Found(store));
    }

    [Fact]
    public async Task Changes_without_their_checkpoints_are_no_beginning_unless_the_first_was_being_made()
    {
        await KeepAllAsync();
        foreach (var file in Directory.EnumerateFiles(folder.FullName, "*.state"))
        {
            File.Delete(file);
        }

        var search = Saved.In(folder.FullName).FindLast(Saved.Pipeline);
        Assert.Equal((null, 7), (search.Checkpoint, search.LastId));
        Assert.Contains("has 7 files of changes, but the '.state' files", Assert.Single(search.Problems), StringComparison.Ordinal);

        for (var id = 2; id <= 7; id++)
        {
            File.Delete(Saved.ChangesPathOf(folder, id));
        }

        Assert.Empty(Saved.In(folder.FullName).FindLast(Saved.Pipeline).Problems);
    }

    [Fact]
    public void Files_of_before_are_read()
    {
        File.WriteAllBytes(Saved.PathOf(folder, 7), Convert.FromBase64String(WithoutChanges));
        Saved.Same(Saved.Content(7, bytes: 40), Found(Saved.In(folder.FullName)));
    }

    [Fact]
    public async Task Changes_on_top_of_what_is_not_the_last_one_kept_are_refused()
    {
        var store = Saved.In(folder.FullName);
        await store.SaveAsync(Saved.Chained(1, 1), Cancel);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await store.SaveAsync(Saved.Chained(3, 1), Cancel));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Saved.In(folder.FullName).SaveAsync(Saved.Chained(2, 1), Cancel));
    }

    private static SavedCheckpoint Found(CheckpointFolder store)
    {
        var search = store.FindLast(Saved.Pipeline);
        Assert.Empty(search.Problems);
        Assert.NotNull(search.Checkpoint);
        return search.Checkpoint;
    }

    private static void Write(string path, byte[] bytes)
    {
        // Written over in place: to empty it, or to delete it, costs a millisecond of the disk each time.
        using var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write);
        RandomAccess.Write(file, bytes, 0);
        RandomAccess.SetLength(file, bytes.Length);
    }

    /// <summary>The last checkpoint that needs neither file nor number.</summary>
    private static long LastWithout(long id, string path)
    {
        for (var number = Firsts.Length - 1; ; number--)
        {
            if (path.EndsWith(".state", StringComparison.Ordinal) ? number != id : id < Firsts[number] || id > number)
            {
                return number;
            }
        }
    }

    private async Task KeepAllAsync()
    {
        var store = Saved.In(folder.FullName, keep: Firsts.Length);
        for (var id = 1; id < Firsts.Length; id++)
        {
            await store.SaveAsync(Saved.Chained(id, Firsts[id]), Cancel);
        }
    }

    /// <summary>As many of the last ones as there are kept can be gone on from.</summary>
    private void AllGood(long first, long last)
    {
        var chain = new CheckpointChain(id => Saved.PathOf(folder, id), id => Saved.ChangesPathOf(folder, id), Saved.Pipeline);
        for (var id = first; id <= last; id++)
        {
            var found = chain.Read(id);
            Saved.SameChained(id, id - found.Sections.Single(s => s.Field == "records").Earlier.Count, found);
        }
    }

    private void Refused(string path, byte[] bytes, long expected, string problem)
    {
        var good = File.ReadAllBytes(path);
        Write(path, bytes);
        Expect(expected, problem);
        Write(path, good);
    }

    private void Expect(long expected, string? problem)
    {
        var search = Saved.In(folder.FullName).FindLast(Saved.Pipeline);
        if (expected == 0)
        {
            Assert.Null(search.Checkpoint);
        }
        else
        {
            Saved.SameChained(expected, Firsts[expected], search.Checkpoint);
        }

        // Those behind the one that is used, and the way out when there is none.
        if (problem is not null && expected < Firsts.Length - 1)
        {
            Assert.Equal(Firsts.Length - 1 - expected + (expected == 0 ? 1 : 0), search.Problems.Count);
            Assert.All(search.Problems.Take((int)(Firsts.Length - 1 - expected)), p => Assert.Contains(problem, p, StringComparison.Ordinal));
        }
        else
        {
            Assert.Empty(search.Problems);
        }
    }

    /// <summary>The process dies before one of the deletions.</summary>
    private sealed class DyingDisk(int dieAt) : Disk
    {
        public int Deletions { get; private set; }

        public override void Delete(string path)
        {
            if (Deletions++ == dieAt)
            {
                throw new InvalidOperationException("the process dies");
            }

            base.Delete(path);
        }
    }
}
