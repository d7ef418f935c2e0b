using StreamEngine.Sinks.Redis;

namespace StreamEngine.Sinks.Tests.Redis;

public sealed class PendingWritesTests
{
    /// <summary>What a record of ten bytes under a key of two letters takes.</summary>
    private const int Small = PendingWrite.Overhead + 4 + 10;

    private static readonly TimeSpan Ttl = TimeSpan.FromMinutes(5);

    [Fact]
    public void The_latest_per_key_is_kept_in_the_order_of_the_first()
    {
        var pending = new PendingWrites(10 * Small);
        pending.Add(Set("a", 1, 10));
        pending.Add(Set("b", 1, 10));
        pending.Add(Set("a", 3, 10));
        pending.Add(Set("a", 2, 10));
        pending.Add(Set("a", 3, 0) with { Kind = PendingKind.Confirm, Ttl = 2 * Ttl });
        Assert.Equal([("a", 3, PendingKind.Set, 2 * Ttl), ("b", 1, PendingKind.Set, Ttl)], Take(pending).Select(w => (w.Key, w.Sequence, w.Kind, w.Ttl)));
        Assert.Equal(1, pending.Conflated);
    }

    [Fact]
    public void The_bound_holds_and_the_oldest_leaves()
    {
        var pending = new PendingWrites(3 * Small);
        for (var i = 0; i < 5; i++)
        {
            pending.Add(Set("k" + i, 1, 10));
        }

        Assert.Equal(["k2", "k3", "k4"], Take(pending).Select(w => w.Key));
        pending.Add(Set("a", 1, Small));
        pending.Add(Set("b", 1, 10));
        pending.Add(Set("b", 2, Small + 11));
        Assert.Equal(["b"], Take(pending).Select(w => w.Key));
        Assert.Equal(3, pending.Dropped);
    }

    [Fact]
    public void What_failed_comes_back_first_unless_something_newer_waits()
    {
        var pending = new PendingWrites(10 * Small);
        pending.Add(Set("b", 1, 10));
        pending.PutBack(Set("a", 1, 10));
        pending.PutBack(Set("b", 0, 10));
        Assert.Equal([("a", 1L), ("b", 1L)], Take(pending).Select(w => (w.Key, w.Sequence)));
    }

    private static PendingWrite Set(string key, long sequence, int length) => new(key, PendingKind.Set, new byte[length], sequence, Ttl);

    private static List<PendingWrite> Take(PendingWrites pending)
    {
        var taken = new List<PendingWrite>();
        pending.Take(taken, 100);
        return taken;
    }
}
