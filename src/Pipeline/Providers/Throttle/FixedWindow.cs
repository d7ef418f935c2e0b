using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>
/// Windows that follow each other. A request counts in each in which the provider can have seen it: from a skew before it was sent until a skew
/// after its answer. So what is under way at a border counts on both sides.
/// </summary>
internal sealed class FixedWindow(RateLimit limit) : LimitWindow(limit)
{
    private readonly WindowBorders borders = new(limit);

    /// <summary>What was spent, by the beginning of the window.</summary>
    private readonly Dictionary<DateTimeOffset, long> kept = [];

    public override int Slots => kept.Count;

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
        for (var start = borders.StartOf(now.Utc - Limit.Skew); start <= now.Utc + Limit.Skew; start = borders.EndOf(start))
        {
            // What is under way may be seen now, so it counts here too, whenever it was sent.
            if (kept.GetValueOrDefault(start) + Unanswered + Limit.Units(credits) > Limit.Limit)
            {
                at = now.Ticks + (borders.EndOf(start) + Limit.Skew - now.Utc).Ticks;
            }
        }

        return at;
    }

    protected override long Used(Moment now) => kept.GetValueOrDefault(borders.StartOf(now.Utc)) + Unanswered;

    protected override DateTimeOffset? ResetsAt(Moment now) => Used(now) > 0 ? borders.EndOf(borders.StartOf(now.Utc)) : null;
}
