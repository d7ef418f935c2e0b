namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>One window of a throttle. All members need the throttle's lock; instants are ticks on its clock.</summary>
internal sealed class SlidingWindow(string name, int limit, TimeSpan length)
{
    private readonly PriorityQueue<long, long> free = new();

    public string Name { get; } = name;

    public int Limit { get; } = limit;

    /// <summary>Slots taken, when <paramref name="unanswered"/> permits are out.</summary>
    public int Used(long now, int unanswered)
    {
        while (free.TryPeek(out _, out var at) && at <= now)
        {
            free.Dequeue();
        }

        return free.Count + unanswered;
    }

    /// <summary>When the next slot is free again; null when all that are taken wait for their answers.</summary>
    public long? NextFree => free.TryPeek(out _, out var at) ? at : null;

    /// <summary>Keeps a slot for one window after the provider can have seen the request last.</summary>
    public void Keep(long seen)
    {
        // One tick more: a provider may count both ends of its window.
        var at = seen + length.Ticks + 1;
        free.Enqueue(at, at);
    }
}
