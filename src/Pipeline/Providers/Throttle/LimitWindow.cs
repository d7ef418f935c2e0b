using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>One window of a throttle: what was spent in it, in requests or credits. All members need the throttle's lock.</summary>
internal abstract class LimitWindow(RateLimit limit)
{
    /// <summary>The provider's own limit is written down again when it is so old: it is forgotten after a day.</summary>
    private static readonly TimeSpan Renewed = TimeSpan.FromHours(12);

    private long? remaining;
    private DateTimeOffset? statedAt;
    private DateTimeOffset? reportedAt;

    public RateLimit Limit { get; } = limit;

    /// <summary>Entries that it keeps.</summary>
    public abstract int Slots { get; }

    /// <summary>Which window it is, in a number that a ledger keeps.</summary>
    public long Key { get; } = (limit.Length.Ticks * 8) + (limit.IsFixed ? 1 : 0) + (limit.IsMonth ? 2 : 0) + (limit.CountsRequests ? 4 : 0);

    /// <summary>The limit by the provider's own word; null when it didn't say, or says no less.</summary>
    public int? Stated { get; private set; }

    /// <summary>What is kept of the limit while the provider refuses more than it should, in sixteenths.</summary>
    public int Pace { get; set; } = Throttle.Pace.Full;

    /// <summary>What is allowed now.</summary>
    public int Allowed => Math.Max(1, (int)((long)(Stated ?? Limit.Limit) * Pace / Throttle.Pace.Full));

    /// <summary>Units of permits that are out.</summary>
    protected long Unanswered { get; private set; }

    /// <summary>Units that were ever taken or counted.</summary>
    protected long Entered { get; private set; }

    public static LimitWindow Of(RateLimit limit) => limit.IsFixed ? new FixedWindow(limit) : new SlidingWindow(limit);

    public WindowStatus Status(Moment now) => new(Limit.Name, Allowed, (int)Math.Min(int.MaxValue, Used(now)), ResetsAt(now))
    {
        Kind = Limit.IsFixed ? WindowOptions.Fixed : WindowOptions.Sliding,
        Counts = Limit.CountsRequests ? WindowOptions.Requests : WindowOptions.Credits,
        ReportedRemaining = remaining,
        ReportedLimit = Stated,
        ReportedAt = reportedAt,
    };

    /// <summary>A permit is given.</summary>
    public void Take(int credits)
    {
        Unanswered += Limit.Units(credits);
        Entered += Limit.Units(credits);
    }

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

    /// <summary>A mark by which <see cref="FreedSince"/> tells later what was freed.</summary>
    public abstract long Mark(Moment now);

    /// <summary>Takes the provider's word for what it allows in all, when that is less.</summary>
    /// <returns>Whether that is new, or was noted long ago.</returns>
    public bool State(Moment now, long stated)
    {
        int? lower = stated >= 1 && stated < Limit.Limit ? (int)stated : null;
        var isNews = lower != Stated || (lower is not null && now.Utc - statedAt > Renewed);
        Stated = lower;
        statedAt = isNews ? now.Utc : statedAt;
        return isNews;
    }

    /// <summary>
    /// Counts as spent what the provider allows less than we do. It counted at some moment between sending and answer, when we had left at least what is
    /// left now, less what was freed since the sending; what it says below that is news. So nothing counts twice, whatever is under way.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="mark">Taken before the request was sent.</param>
    /// <param name="left">What it allows yet.</param>
    /// <param name="resets">When it begins anew; null when that isn't known.</param>
    /// <returns>How much, and until when; null for nothing.</returns>
    public Correction? Correct(Moment now, long mark, long left, TimeSpan? resets)
    {
        (remaining, reportedAt) = (left, now.Utc);
        var units = (Stated ?? Limit.Limit) - Used(now) - FreedSince(now, mark) - left;
        if (units <= 0)
        {
            return null;
        }

        var until = resets is { } stated && stated < Limit.Length ? now.Utc + stated : EndOf(now);
        Count(now, until, units);
        Entered += units;
        return new Correction(Key, units, until);
    }

    /// <summary>Counts units until some time, which is not later than a whole window from now.</summary>
    public abstract void Count(Moment now, DateTimeOffset until, long units);

    /// <summary>Until when what is spent now counts.</summary>
    protected abstract DateTimeOffset EndOf(Moment now);

    /// <summary>Units that were freed since a mark; more than there are when it is a window of its own by now.</summary>
    protected abstract long FreedSince(Moment now, long mark);

    /// <summary>Units that count now.</summary>
    protected abstract long Used(Moment now);

    /// <summary>When the next of them is free again.</summary>
    protected abstract DateTimeOffset? ResetsAt(Moment now);
}
