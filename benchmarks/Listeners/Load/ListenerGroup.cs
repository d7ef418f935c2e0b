namespace StreamEngine.Benchmarks;

/// <summary>Listeners that are counted together.</summary>
internal sealed class ListenerGroup
{
    /// <summary>An update younger than this means that a listener has caught up; in microseconds.</summary>
    private const long Recent = 1_000_000;

    private readonly Histogram latency = new();
    private long missed;
    private long repeated;
    private long caughtUp;

    public long Lagging { get; set; }

    /// <summary>When the group began to read again.</summary>
    public long ReadsSince { get; set; }

    public void Delivered(Connection listener, long sent, long now)
    {
        latency.Add(now - sent);
        listener.Last = sent;
        if (listener.IsBehind && now - sent < Recent)
        {
            listener.IsBehind = false;
            caughtUp = Math.Max(caughtUp, now - ReadsSince);
        }
    }

    /// <summary>Checks that a channel's offsets follow each other.</summary>
    public void Follow(ref long last, long offset)
    {
        if (last > 0 && offset <= last)
        {
            repeated++;
        }
        else if (last > 0)
        {
            missed += offset - last - 1;
        }

        last = offset;
    }

    /// <summary>What was counted since the last time.</summary>
    /// <param name="listeners">Those of the group that are connected.</param>
    public GroupWindow Take(IReadOnlyCollection<Connection> listeners)
    {
        var offsets = listeners.Select(l => l.Offsets is [var first, ..] ? first : 0).DefaultIfEmpty().ToList();
        var last = listeners.Select(l => l.Last).DefaultIfEmpty().ToList();
        var window = new GroupWindow(
            latency.Count,
            missed,
            repeated,
            Lagging,
            latency.Spread,
            last.Min(),
            last.Max(),
            offsets.Min(),
            offsets.Max(),
            listeners.Count(l => l.IsBehind),
            caughtUp / 1e3);
        latency.Clear();
        (missed, repeated, Lagging, caughtUp) = (0, 0, 0, 0);
        return window;
    }
}
