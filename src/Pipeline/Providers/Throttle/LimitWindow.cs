using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>One window of a throttle: what was spent in it, in requests or credits. All members need the throttle's lock.</summary>
internal abstract class LimitWindow(RateLimit limit)
{
    public RateLimit Limit { get; } = limit;

    /// <summary>Entries that it keeps.</summary>
    public abstract int Slots { get; }

    /// <summary>Units of permits that are out.</summary>
    protected long Unanswered { get; private set; }

    public static LimitWindow Of(RateLimit limit) => limit.IsFixed ? new FixedWindow(limit) : new SlidingWindow(limit);

    public WindowStatus Status(Moment now) => new(Limit.Name, Limit.Limit, (int)Math.Min(int.MaxValue, Used(now)), ResetsAt(now))
    {
        Kind = Limit.IsFixed ? WindowOptions.Fixed : WindowOptions.Sliding,
        Counts = Limit.CountsRequests ? WindowOptions.Requests : WindowOptions.Credits,
    };

    /// <summary>A permit is given.</summary>
    public void Take(int credits) => Unanswered += Limit.Units(credits);

    /// <summary>A permit is given back. What was sent with it has to be kept first.</summary>
    public void GiveBack(int credits) => Unanswered -= Limit.Units(credits);

    /// <summary>Counts what the provider saw at some time, or may see yet.</summary>
    /// <param name="now">The time.</param>
    /// <param name="from">When it can have seen it first.</param>
    /// <param name="until">When it can have seen it last.</param>
    /// <param name="units">Requests or credits.</param>
    public abstract void Keep(Moment now, DateTimeOffset from, DateTimeOffset until, long units);

    /// <summary>When a request can have room at the earliest, in ticks: not after now when it has; null when that depends on answers.</summary>
    public abstract long? FreeAt(Moment now, int credits);

    /// <summary>Units that count now.</summary>
    protected abstract long Used(Moment now);

    /// <summary>When the next of them is free again.</summary>
    protected abstract DateTimeOffset? ResetsAt(Moment now);
}
