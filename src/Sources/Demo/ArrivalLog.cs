namespace StreamEngine.Sources.Demo;

/// <summary>
/// The provider's own count of what it was asked, over true sliding windows: the busiest window always ends at an arrival,
/// so looking back from each arrival finds it exactly. Not thread safe.
/// </summary>
internal sealed class ArrivalLog
{
    /// <summary>Requests allowed in any second.</summary>
    public const int PerSecond = 2;

    /// <summary>Requests allowed in any minute.</summary>
    public const int PerMinute = 60;

    // Far above any limit: past it a count is too low, but it has been over the limit for long.
    private const int Capacity = 4096;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Queue<TimeSpan> second = new();
    private readonly Queue<TimeSpan> minute = new();

    /// <summary>Requests that arrived so far.</summary>
    public long Count { get; private set; }

    /// <summary>Requests that arrived although a window was full.</summary>
    public long Exceeded { get; private set; }

    /// <summary>Most requests in any second.</summary>
    public int BusiestSecond { get; private set; }

    /// <summary>Most requests in any minute.</summary>
    public int BusiestMinute { get; private set; }

    /// <summary>Notes an arrival.</summary>
    /// <param name="at">Time since the start; arrivals come in order.</param>
    /// <param name="retryAfter">How long until every window has room again; zero when this arrival exceeded none.</param>
    /// <returns>The number of the request, from 0.</returns>
    public long Add(TimeSpan at, out TimeSpan retryAfter)
    {
        var inSecond = Slide(second, at, Second);
        var inMinute = Slide(minute, at, Minute);
        BusiestSecond = Math.Max(BusiestSecond, inSecond);
        BusiestMinute = Math.Max(BusiestMinute, inMinute);
        var full = inSecond > PerSecond || inMinute > PerMinute;
        var longer = TimeSpan.FromTicks(Math.Max(
            UntilRoom(second, PerSecond, at, Second).Ticks,
            UntilRoom(minute, PerMinute, at, Minute).Ticks));
        retryAfter = full ? longer : TimeSpan.Zero;
        Exceeded += full ? 1 : 0;
        return Count++;
    }

    private static TimeSpan UntilRoom(Queue<TimeSpan> window, int limit, TimeSpan at, TimeSpan length) =>
        window.Count < limit ? TimeSpan.Zero : window.ElementAt(window.Count - limit) + length - at;

    private static int Slide(Queue<TimeSpan> window, TimeSpan at, TimeSpan length)
    {
        while (window.TryPeek(out var oldest) && (oldest <= at - length || window.Count >= Capacity))
        {
            window.Dequeue();
        }

        window.Enqueue(at);
        return window.Count;
    }
}
