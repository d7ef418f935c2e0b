using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>Where fixed windows begin. Shorter ones than a day are counted from 1970-01-01 00:00 UTC, days and months from midnight in a time zone.</summary>
internal sealed class WindowBorders(RateLimit limit)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly TimeZoneInfo zone = TimeZoneInfo.FindSystemTimeZoneById(limit.Zone);

    // Asked for again and again between two borders.
    private (DateTimeOffset Start, DateTimeOffset End) last;

    /// <summary>When the window began that this time is in.</summary>
    public DateTimeOffset StartOf(DateTimeOffset at)
    {
        if (at < last.Start || at >= last.End)
        {
            last = Around(at.ToUniversalTime());
        }

        return last.Start;
    }

    /// <summary>When the window ends that begins then.</summary>
    public DateTimeOffset EndOf(DateTimeOffset start) => StartOf(start) == start ? last.End : Around(start).End;

    private (DateTimeOffset Start, DateTimeOffset End) Around(DateTimeOffset at)
    {
        if (limit.Length < Day)
        {
            var start = at.AddTicks(-((at - DateTimeOffset.UnixEpoch).Ticks % limit.Length.Ticks));
            return (start, start + limit.Length);
        }

        var date = TimeZoneInfo.ConvertTime(at, zone).Date;
        if (limit.IsMonth)
        {
            var month = date.AddDays(1 - date.Day);
            return (Midnight(month), Midnight(month.AddMonths(1)));
        }

        var days = (int)limit.Length.TotalDays;
        var first = date.AddDays(-((date - DateTime.UnixEpoch).Days % days));
        return (Midnight(first), Midnight(first.AddDays(days)));
    }

    /// <summary>When a day begins. Where clocks are set at midnight it may not exist, or come twice: the first moment of the date counts.</summary>
    private DateTimeOffset Midnight(DateTime date)
    {
        date = DateTime.SpecifyKind(date, DateTimeKind.Unspecified);
        var offset = zone.IsAmbiguousTime(date) ? zone.GetAmbiguousTimeOffsets(date).Max()
            : zone.IsInvalidTime(date) ? zone.GetUtcOffset(date.AddHours(-3))
            : zone.GetUtcOffset(date);
        return new DateTimeOffset(date, offset).ToUniversalTime();
    }
}
