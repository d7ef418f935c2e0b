using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Simulator;

/// <summary>Counts what one window holds. It shares nothing with the clients' throttle, so that it can judge it. Times never go back.</summary>
/// <param name="limit">The window.</param>
internal abstract class SimWindow(RateLimit limit)
{
    private long busiest;
    private DateTimeOffset busiestAt;
    private long violations;

    public RateLimit Limit => limit;

    /// <summary>What it holds.</summary>
    public long Used { get; protected set; }

    /// <summary>Number of the first arrival that it still needs.</summary>
    public virtual long First => long.MaxValue;

    /// <summary>Moves the window to a time.</summary>
    public abstract void MoveTo(DateTimeOffset at);

    /// <summary>Counts an arrival that is in the ring already.</summary>
    /// <returns>Whether it came although the window was full.</returns>
    public bool Add(DateTimeOffset at, int credits)
    {
        MoveTo(at);
        Used += limit.Units(credits);
        if (Used > busiest)
        {
            (busiest, busiestAt) = (Used, at);
        }

        return Used > limit.Limit;
    }

    public void CountViolation() => violations++;

    /// <summary>How long until another request of the same cost has room.</summary>
    public abstract TimeSpan UntilRoom(DateTimeOffset at, int credits);

    /// <summary>When it holds less than now.</summary>
    public abstract DateTimeOffset ResetsAt(DateTimeOffset at);

    /// <summary>Leaves out the arrivals so far.</summary>
    public virtual void Skip()
    {
    }

    /// <summary>The oldest arrival is about to be forgotten.</summary>
    /// <returns>Whether the window would have needed it.</returns>
    public virtual bool Forget() => false;

    public SimWindowReport Report(DateTimeOffset at)
    {
        MoveTo(at);
        return new SimWindowReport(limit.Name, limit.Limit, Used, busiest, busiest > 0 ? busiestAt : null, violations);
    }
}
