namespace StreamEngine.Pipeline.Health;

/// <summary>
/// When the breaker of a provider opened last, trials that failed since aside: what its sources said before that, or were asked before that, is stale
/// until they are heard again. The provider's gate tells it, sources and merges read it; any thread may do any of that.
/// </summary>
public sealed class ProviderOutage
{
    private readonly Lock @lock = new();
    private long openedAt = long.MinValue;
    private long heardAt = long.MinValue;
    private long toldAt = long.MinValue;

    /// <summary>When it opened: UTC ticks; before any time when it never did.</summary>
    public long OpenedAt => Volatile.Read(ref openedAt);

    /// <summary>
    /// When an answer counts as received that is handed on now: before the breaker opened where it was asked for before that. It says nothing of
    /// the time since, and nobody may ask again for long.
    /// </summary>
    /// <param name="sentAt">When it was asked for: UTC ticks.</param>
    /// <param name="now">The present time: UTC ticks.</param>
    public long HeardAt(long sentAt, long now)
    {
        lock (@lock)
        {
            if (sentAt < openedAt)
            {
                return openedAt - 1;
            }

            heardAt = Math.Max(heardAt, now);
            return now;
        }
    }

    /// <summary>It has opened; a moment later where an answer that was asked for before was dated meanwhile.</summary>
    internal void Open(DateTimeOffset at)
    {
        lock (@lock)
        {
            // Of an outage whose trials fail it is told again, with the time at which it began: what a trial brought is heard since.
            if (at.UtcTicks != toldAt)
            {
                toldAt = at.UtcTicks;
                Volatile.Write(ref openedAt, Math.Max(toldAt, heardAt + 1));
            }
        }
    }

    /// <summary>It has closed: no date is later, even if the clock was set back meanwhile.</summary>
    internal void Close(DateTimeOffset now)
    {
        lock (@lock)
        {
            toldAt = long.MinValue;
            heardAt = Math.Min(heardAt, now.UtcTicks);
            Volatile.Write(ref openedAt, Math.Min(openedAt, now.UtcTicks));
        }
    }
}
