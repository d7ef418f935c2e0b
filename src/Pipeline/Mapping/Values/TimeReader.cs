using System.Globalization;
using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Reads instants in one declared notation. Not thread safe.</summary>
internal sealed class TimeReader
{
    private readonly string[]? formats;
    private readonly TimeZoneInfo zone;
    private readonly long ticksPerUnit;
    private KnownDate last;

    private TimeReader(string[]? formats, TimeZoneInfo zone, long ticksPerUnit)
    {
        this.formats = formats;
        this.zone = zone;
        this.ticksPerUnit = ticksPerUnit;
    }

    /// <summary>Compiles a notation; null with an error when there is none such.</summary>
    public static TimeReader? Compile(string? format, string? zone, out string? error)
    {
        error = null;
        var timeZone = TimeZoneInfo.Utc;
        if (zone is not null && !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out timeZone))
        {
            error = $"there is no time zone '{zone}'; write a name such as 'America/New_York' or 'UTC'";
            return null;
        }

        switch (format)
        {
            case null or "iso":
                return new TimeReader(null, timeZone, 0);
            case "unix":
                return new TimeReader(null, timeZone, TimeSpan.TicksPerSecond);
            case "unixMilliseconds":
                return new TimeReader(null, timeZone, TimeSpan.TicksPerMillisecond);
        }

        // A format without a letter of a .NET format, such as a misspelt word, would match nothing for ever.
        if (!IsUsable(format))
        {
            error = $"'{format}' is no time format; write iso, unix, unixMilliseconds, or a .NET format such as 'yyyyMMdd_HHmmss'";
            return null;
        }

        return new TimeReader([format], timeZone, 0);
    }

    public bool TryRead(scoped in Operand value, out long ticks)
    {
        ticks = value.Bits;
        if (value.Kind == OperandKind.Time)
        {
            return true;
        }

        if (ticksPerUnit > 0)
        {
            return TryReadUnix(value, out ticks);
        }

        if (formats is not null)
        {
            return IsoTime.TryParse(value.Text, formats, zone, out ticks);
        }

        return value.Kind == OperandKind.Text && TryReadIso(value.Text, out ticks);
    }

    /// <summary>Reads a time that is written like the one before and of the same day; false for any other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReadAlike(ReadOnlySpan<byte> text, out long ticks) => last.TryRead(text, out ticks);

    private bool TryReadIso(ReadOnlySpan<byte> text, out long ticks)
    {
        if (TryReadAlike(text, out ticks))
        {
            return true;
        }

        if (!IsoTime.TryParse(text, zone, out ticks))
        {
            return false;
        }

        last.Keep(text, ticks);
        return true;
    }

    private bool TryReadUnix(scoped in Operand value, out long ticks)
    {
        ticks = 0;
        if (value.Kind is not (OperandKind.Number or OperandKind.Text) || !Decimals.TryParse(value.Text, out var mantissa, out var scale))
        {
            return false;
        }

        var units = mantissa * Math.Pow(10, -scale);
        var limit = (DateTime.MaxValue - DateTime.UnixEpoch).Ticks / ticksPerUnit;
        if (!(units >= DateTime.UnixEpoch.Ticks / -ticksPerUnit && units <= limit))
        {
            return false;
        }

        // Whole and broken parts apart: a double can't hold today in ticks.
        Decimals.Normalize(ref mantissa, ref scale);
        var whole = (long)Math.Floor(units);
        if (scale is > 0 and <= 18)
        {
            var power = (long)Math.Pow(10, scale);
            whole = (long)Math.Floor((decimal)mantissa / power);
            var rest = (decimal)mantissa / power - whole;
            ticks = DateTime.UnixEpoch.Ticks + (whole * ticksPerUnit) + (long)(rest * ticksPerUnit);
            return true;
        }

        ticks = DateTime.UnixEpoch.Ticks + (whole * ticksPerUnit);
        return true;
    }

    private static bool IsUsable(string format)
    {
        try
        {
            var sample = new DateTime(2025, 11, 23, 14, 35, 56, DateTimeKind.Utc);
            var text = sample.ToString(format, CultureInfo.InvariantCulture);
            return text != sample.AddYears(1).AddMonths(1).AddDays(1).AddHours(-3).ToString(format, CultureInfo.InvariantCulture)
                && DateTime.TryParseExact(text, format, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out _);
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
