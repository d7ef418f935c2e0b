namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>
/// What is kept of the limits while a provider refuses requests that they allow: half of it at each refusal, once per round trip, and after quiet time
/// an eighth of the whole comes back at a time. All members need the throttle's lock.
/// </summary>
/// <param name="quiet">How long none may be refused before it grows by a step; ticks.</param>
internal sealed class Pace(long quiet)
{
    /// <summary>All of the limits, in sixteenths.</summary>
    public const int Full = 16;

    private const int Least = 1;
    private const int Step = Full / 8;

    private long decreasedAt = long.MinValue;
    private long quietSince;

    /// <summary>What is kept, in sixteenths.</summary>
    public int Sixteenths { get; private set; } = Full;

    /// <summary>When it grows next, in ticks; null when it is whole.</summary>
    public long? GrowsAt => Sixteenths < Full ? quietSince + quiet : null;

    /// <summary>A request was refused.</summary>
    /// <param name="now">The time, in ticks.</param>
    /// <param name="sent">When it was sent: one that was under way at the last decrease says nothing about the pace since.</param>
    /// <returns>Whether the pace was halved.</returns>
    public bool Refused(long now, long sent)
    {
        quietSince = now;
        if (sent < decreasedAt || Sixteenths == Least)
        {
            return false;
        }

        decreasedAt = now;
        Sixteenths = Math.Max(Least, Sixteenths / 2);
        return true;
    }

    /// <summary>Lets it grow for the quiet time that has passed.</summary>
    /// <returns>Whether it grew.</returns>
    public bool Grow(long now)
    {
        var before = Sixteenths;
        while (GrowsAt <= now)
        {
            Sixteenths = Math.Min(Full, Sixteenths + Step);
            quietSince += quiet;
        }

        return Sixteenths != before;
    }

    /// <summary>Goes on from what it was before a restart.</summary>
    public void Restore(int sixteenths, long since) => (Sixteenths, quietSince) = (Math.Clamp(sixteenths, Least, Full), since);
}
