namespace StreamEngine.Sinks.Redis;

internal sealed class Counters
{
    private long hits;
    private long misses;
    private long written;
    private long writtenBytes;
    private long refused;
    private long confirmed;
    private long failed;

    public void Miss() => Interlocked.Increment(ref misses);

    public void Fail() => Interlocked.Increment(ref failed);

    public void Read(bool hit) => Interlocked.Increment(ref hit ? ref hits : ref misses);

    public void Result(PendingWrite write, int result)
    {
        switch (result)
        {
            case RedisScripts.Newer when write.Kind == PendingKind.Set:
                Interlocked.Increment(ref written);
                Interlocked.Add(ref writtenBytes, write.Data.Length);
                break;
            case RedisScripts.Extended when write.Kind == PendingKind.Confirm:
                Interlocked.Increment(ref confirmed);
                break;
            case 0 or RedisScripts.Extended when write.Kind == PendingKind.Set:
                Interlocked.Increment(ref refused);
                break;
        }
    }

    public RedisStats Read(bool up, PendingWrites pending) => new(
        up,
        Volatile.Read(ref hits),
        Volatile.Read(ref misses),
        Volatile.Read(ref written),
        Volatile.Read(ref writtenBytes),
        Volatile.Read(ref refused),
        Volatile.Read(ref confirmed),
        Volatile.Read(ref failed),
        pending.Conflated,
        pending.Dropped,
        pending.Count);
}
