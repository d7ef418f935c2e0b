using System.Buffers.Binary;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Tests;

namespace StreamEngine.Pipeline.Tests.Checkpoints;

/// <summary>However the last file was damaged, the one before it is used and the damage is told.</summary>
public sealed class CheckpointDamageTests : IAsyncLifetime
{
    private static readonly int Mutations = Fuzz.Count;

    private readonly TempFolder folder = new();
    private byte[] good = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var store = Saved.In(folder.FullName);
        await store.SaveAsync(Saved.Content(1), Cancel);
        await store.SaveAsync(Saved.Content(2), Cancel);
        good = File.ReadAllBytes(Saved.PathOf(folder, 2));
        Assert.InRange(good.Length, 500, 2048);
    }

    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void Every_truncation_is_found()
    {
        for (var length = 0; length < good.Length; length++)
        {
            Assert.Contains("was cut off", Refused(good[..length]), StringComparison.Ordinal);
        }

        Assert.Contains("something was appended", Refused([.. good, 0]), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_flipped_bit_is_found()
    {
        for (var bit = 0; bit < good.Length * 8; bit++)
        {
            var bytes = good.ToArray();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Contains(bit < 64 ? "is no checkpoint" : "is damaged", Refused(bytes), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Lists_that_lie_are_refused_though_their_checksums_are_right()
    {
        var lengths = Damage.LengthsOf(good);
        (int At, long Number)[][] lies =
        [
            [(Damage.Time, -1)],
            [(Damage.Time, long.MaxValue)],
            [(lengths[0], 9), (lengths[1], -1)],

            // Their sum overflows to what it was.
            [(lengths[0], 1L << 62), (lengths[1], 1L << 62), (lengths[2], 1L << 62), (lengths[3], 1L << 62), (lengths[4], 8 + 300 + 150 + 1)],
        ];
        foreach (var lie in lies)
        {
            var bytes = good.ToArray();
            foreach (var (at, number) in lie)
            {
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), number);
            }

            Damage.Seal(bytes);
            Assert.Contains("makes no sense", Refused(bytes), StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("kind", Fuzz.Trait)]
    public void Mutations_are_refused_without_an_exception_or_much_memory()
    {
        var random = new Random(Fuzz.Seed);
        var harmless = 0;
        for (var i = 0; i < Mutations; i++)
        {
            var bytes = Damage.Mutate(good, random);
            var withRightChecksums = i % 2 == 0;
            if (withRightChecksums && bytes.Length >= CheckpointFile.HeadLength)
            {
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), bytes.Length);
                Damage.Seal(bytes);
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            var search = Find(bytes);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
            if (search.Checkpoint is { Id: 2 } found)
            {
                harmless++;
                Assert.Equal(good.AsSpan(good.Length - 16), bytes.AsSpan(bytes.Length - 16));
                Assert.True(withRightChecksums || bytes.AsSpan().SequenceEqual(good), $"mutation {i} was not found");
            }
            else
            {
                Saved.Same(Saved.Content(1), search.Checkpoint);
                Assert.Single(search.Problems);
            }
        }

        Assert.InRange(harmless, 0, Mutations / 10);
    }

    private string Refused(byte[] bytes)
    {
        var search = Find(bytes);
        Assert.Equal(1, search.Checkpoint?.Id);
        return Assert.Single(search.Problems);
    }

    private CheckpointSearch Find(byte[] bytes)
    {
        // Written over in place: to empty it, or to delete it, costs a millisecond of the disk each time.
        using (var file = File.OpenHandle(Saved.PathOf(folder, 2), FileMode.OpenOrCreate, FileAccess.Write))
        {
            RandomAccess.Write(file, bytes, 0);
            RandomAccess.SetLength(file, bytes.Length);
        }

        return Saved.In(folder.FullName).FindLast(Saved.Pipeline);
    }
}
