using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Simulator;

/// <summary>A window that begins anywhere. The fullest one always ends at an arrival, so looking back from each arrival misses none.</summary>
/// <param name="limit">The window.</param>
/// <param name="arrivals">What arrived.</param>
internal sealed class SlidingSimWindow(RateLimit limit, ArrivalRing arrivals) : SimWindow(limit)
{
    private long first;

    public override long First => first;

    public override void MoveTo(DateTimeOffset at)
    {
        // Both ends of the window belong to it.
        while (first < arrivals.Next && at.UtcTicks - arrivals[first].Ticks > Limit.Length.Ticks)
        {
            DropFirst();
        }
    }

    public override TimeSpan UntilRoom(DateTimeOffset at, int credits)
    {
        var tooMuch = Used + Limit.Units(credits) - Limit.Limit;
        for (var i = first; i < arrivals.Next; i++)
        {
            if (tooMuch <= 0)
            {
                break;
            }

            tooMuch -= Limit.Units(arrivals[i].Credits);
            if (tooMuch <= 0)
            {
                return TimeSpan.FromTicks(arrivals[i].Ticks + Limit.Length.Ticks + 1 - at.UtcTicks);
            }
        }

        return tooMuch <= 0 ? TimeSpan.Zero : Limit.Length;
    }

    public override DateTimeOffset ResetsAt(DateTimeOffset at) =>
        first < arrivals.Next ? new DateTimeOffset(arrivals[first].Ticks + Limit.Length.Ticks + 1, TimeSpan.Zero) : at;

    public override void Skip() => first = arrivals.Next;

    public override bool Forget()
    {
        if (first != arrivals.First)
        {
            return false;
        }

        DropFirst();
        return true;
    }

    private void DropFirst() => Used -= Limit.Units(arrivals[first++].Credits);
}
