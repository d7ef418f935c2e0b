using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Simulator;

/// <summary>Windows that follow each other: calendar months and whole days of a time zone, and shorter ones counted from 1970.</summary>
internal sealed class FixedSimWindow : SimWindow
{
    private readonly TimeZoneInfo zone;
    private DateTimeOffset end = DateTimeOffset.MinValue;

    public FixedSimWindow(RateLimit limit)
        : base(limit) => zone = TimeZoneInfo.FindSystemTimeZoneById(limit.Zone);

    public override void MoveTo(DateTimeOffset at)
    {
        if (at >= end)
        {
            end = EndOf(at);
            Used = 0;
        }
    }

    public override TimeSpan UntilRoom(DateTimeOffset at, int credits) => Used + Limit.Units(credits) > Limit.Limit ? end - at : TimeSpan.Zero;

    public override DateTimeOffset ResetsAt(DateTimeOffset at) => end;

    private DateTimeOffset EndOf(DateTimeOffset at)
    {
        var local = TimeZoneInfo.ConvertTime(at, zone).DateTime;
        if (Limit.IsMonth)
        {
            return Instant(new DateTime(local.Year, local.Month, 1).AddMonths(1));
        }

        if (Limit.Length.Ticks % TimeSpan.TicksPerDay == 0)
        {
            var days = (local.Date - DateTime.UnixEpoch).Days;
            return Instant(DateTime.UnixEpoch.Date.AddDays(days - (days % Limit.Length.Days) + Limit.Length.Days));
        }

        var since = (at - DateTimeOffset.UnixEpoch).Ticks;
        return DateTimeOffset.UnixEpoch.AddTicks(since - (since % Limit.Length.Ticks) + Limit.Length.Ticks);
    }

    private DateTimeOffset Instant(DateTime local)
    {
        var unspecified = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        return new DateTimeOffset(unspecified, zone.GetUtcOffset(unspecified));
    }
}
