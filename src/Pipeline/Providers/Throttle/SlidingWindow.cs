using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>A window that may begin anywhere: what the provider can have seen last at some time is free again one window later.</summary>
internal sealed class SlidingWindow(RateLimit limit) : LimitWindow(limit)
{
    /// <summary>More slots than this are not kept apart.</summary>
    private const int MostSlots = 4096;

    /// <summary>Slots of a larger limit are freed together, each at most this much too late.</summary>
    private readonly long step = limit.Limit > MostSlots ? limit.Length.Ticks / MostSlots : 1;

    /// <summary>What is free again when, in order; those before <see cref="first"/> are free.</summary>
    private readonly List<(long At, long Units)> slots = [];
    private int first;
    private long kept;

    /// <summary>Most bytes that a window takes: of each slot when it is free and what, twice while the list grows, and what is free already.</summary>
    public static long MostMemory(RateLimit limit) => 4L * 2 * sizeof(long) * Math.Min(limit.Limit, MostSlots);

    public override int Slots => slots.Count;

    public override void Keep(Moment now, DateTimeOffset from, DateTimeOffset until, long units) =>
        Add(now, now.Ticks + (until - now.Utc).Ticks + Limit.Length.Ticks, units);

    public override void Count(Moment now, DateTimeOffset until, long units) => Add(now, now.Ticks + (until - now.Utc).Ticks, units);

    public override long? FreeAt(Moment now, int credits)
    {
        var units = Limit.Units(credits);

        // One that costs more than is allowed for the time being goes alone.
        var missing = Used(now) + units - Math.Max(Allowed, units);
        var at = now.Ticks;
        for (var i = first; missing > 0; i++)
        {
            if (i == slots.Count)
            {
                return null;
            }

            (at, var free) = slots[i];
            missing -= free;
        }

        return at;
    }

    /// <summary>All that is free again.</summary>
    public override long Mark(Moment now) => Entered - Used(now);

    protected override long FreedSince(Moment now, long mark) => Mark(now) - mark;

    protected override DateTimeOffset EndOf(Moment now) => now.Utc + Limit.Length;

    protected override long Used(Moment now)
    {
        while (first < slots.Count && slots[first].At <= now.Ticks)
        {
            kept -= slots[first++].Units;
        }

        if (first > slots.Count / 2)
        {
            slots.RemoveRange(0, first);
            first = 0;
        }

        return kept + Unanswered;
    }

    protected override DateTimeOffset? ResetsAt(Moment now) => first < slots.Count ? now.Utc.AddTicks(slots[first].At - now.Ticks) : null;

    private void Add(Moment now, long at, long units)
    {
        // One tick more: a provider may count both ends of its window.
        at++;
        at += (step - (at % step)) % step;
        if (at <= now.Ticks)
        {
            return;
        }

        kept += units;
        var place = slots.Count;
        while (place > first && slots[place - 1].At > at)
        {
            place--;
        }

        if (place > first && slots[place - 1].At == at)
        {
            slots[place - 1] = (at, slots[place - 1].Units + units);
        }
        else
        {
            slots.Insert(place, (at, units));
        }
    }
}
