using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>
/// Windows that follow each other. A request counts in each in which the provider can have seen it: from a skew before it was sent until a skew
/// after its answer. So what is under way at a border counts on both sides.
/// </summary>
internal sealed class FixedWindow(RateLimit limit) : LimitWindow(limit)
{
    /// <summary>Corrections that end within so small a part of the window are kept as one, which ends with the last, but not after the window.</summary>
    private const int Parts = 256;

    private readonly WindowBorders borders = new(limit);
    private readonly long step = Math.Max(1, limit.Length.Ticks / Parts);

    /// <summary>What was spent, by the beginning of the window.</summary>
    private readonly Dictionary<DateTimeOffset, long> kept = [];

    /// <summary>What the provider counts beside that, by when it ends.</summary>
    private readonly SortedList<long, long> corrections = [];

    public override int Slots => kept.Count + corrections.Count;

    public override void Keep(Moment now, DateTimeOffset from, DateTimeOffset until, long units)
    {
        // Nothing more is sent into windows before this one, so nobody asks for them any more.
        var oldest = borders.StartOf(now.Utc - Limit.Skew);
        foreach (var start in kept.Keys.Where(s => s < oldest).ToList())
        {
            kept.Remove(start);
        }

        var begin = from - Limit.Skew > oldest ? borders.StartOf(from - Limit.Skew) : oldest;
        for (var start = begin; start <= until + Limit.Skew; start = borders.EndOf(start))
        {
            kept[start] = kept.GetValueOrDefault(start) + units;
        }
    }

    public override long? FreeAt(Moment now, int credits)
    {
        var at = now.Ticks;
        var units = Limit.Units(credits);

        // One that costs more than is allowed for the time being goes alone.
        var room = Math.Max(Allowed, units) - units - Unanswered;
        for (var start = borders.StartOf(now.Utc - Limit.Skew); start <= now.Utc + Limit.Skew; start = borders.EndOf(start))
        {
            // What is under way may be seen now, so it counts here too, whenever it was sent.
            var missing = kept.GetValueOrDefault(start) - room;
            if (missing > 0)
            {
                at = now.Ticks + (borders.EndOf(start) + Limit.Skew - now.Utc).Ticks;
                continue;
            }

            missing += Corrected(now);
            for (var i = 0; missing > 0; i++)
            {
                at = Math.Max(at, corrections.GetKeyAtIndex(i));
                missing -= corrections.GetValueAtIndex(i);
            }
        }

        return at;
    }

    /// <summary>The beginning of the window, early by a skew.</summary>
    public override long Mark(Moment now) => borders.StartOf(now.Utc - Limit.Skew).UtcTicks;

    public override void Count(Moment now, DateTimeOffset until, long units)
    {
        Corrected(now);
        var at = now.Ticks + (until - now.Utc).Ticks;

        // Where the window ends is told to the second: clocks drift, and what ends with it is to be kept as one too.
        var end = borders.EndOf(borders.StartOf(until - Limit.Skew - TimeSpan.FromTicks(1))) + Limit.Skew;
        at = Math.Min(RoundUp(at, step), RoundUp(now.Ticks + (end - now.Utc).Ticks, Math.Min(step, TimeSpan.TicksPerSecond)));
        corrections[at] = corrections.GetValueOrDefault(at) + units;
    }

    /// <summary>A word from near a border may be about the window before it.</summary>
    protected override long FreedSince(Moment now, long mark) => borders.StartOf(now.Utc + Limit.Skew).UtcTicks == mark ? 0 : Limit.Limit;

    protected override DateTimeOffset EndOf(Moment now) => borders.EndOf(borders.StartOf(now.Utc)) + Limit.Skew;

    protected override long Used(Moment now) => kept.GetValueOrDefault(borders.StartOf(now.Utc)) + Unanswered + Corrected(now);

    protected override DateTimeOffset? ResetsAt(Moment now) => Used(now) > 0 ? borders.EndOf(borders.StartOf(now.Utc)) : null;

    private static long RoundUp(long ticks, long step) => ticks + ((step - (ticks % step)) % step);

    private long Corrected(Moment now)
    {
        while (corrections.Count > 0 && corrections.GetKeyAtIndex(0) <= now.Ticks)
        {
            corrections.RemoveAt(0);
        }

        return corrections.Values.Sum();
    }
}
