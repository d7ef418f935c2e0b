using System.Globalization;
using System.Text;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Instants written as text.</summary>
internal static class IsoTime
{
    private const int MaxLength = 64;

    private static ReadOnlySpan<int> TicksByDecimals => [10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

    private static readonly string[] Formats =
    [
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd' 'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd",
        "yyyyMMdd'T'HHmmssK",
    ];

    /// <summary>Reads ISO 8601.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="zone">Where a time without an offset was written.</param>
    /// <param name="ticks">UTC ticks.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, TimeZoneInfo zone, out long ticks) => TryParseUsual(text, out ticks) || TryParse(text, Formats, zone, out ticks);

    /// <summary>Reads a time in one of some .NET formats.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, string[] formats, TimeZoneInfo zone, out long ticks)
    {
        ticks = 0;
        Span<char> chars = stackalloc char[MaxLength];
        if (text.Length is 0 or > MaxLength || !Encoding.UTF8.TryGetChars(text, chars, out var count)
            || !DateTime.TryParseExact(chars[..count], formats, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time))
        {
            return false;
        }

        if (time.Kind != DateTimeKind.Unspecified)
        {
            ticks = time.ToUniversalTime().Ticks;
            return true;
        }

        if (zone.IsInvalidTime(time))
        {
            return false;
        }

        ticks = TimeZoneInfo.ConvertTimeToUtc(time, zone).Ticks;
        return true;
    }

    /// <summary>
    /// Reads <c>yyyy-MM-ddTHH:mm:ss</c>, up to seven decimals, and <c>Z</c> or an offset, by its digits: a tenth of what the general
    /// way costs. Whatever else there is, and dates near the ends of the calendar, are left to that.
    /// </summary>
    internal static bool TryParseUsual(ReadOnlySpan<byte> text, out long ticks)
    {
        const int Decimals = 19;
        ticks = 0;
        if (text.Length <= Decimals || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
        {
            return false;
        }

        var bad = 0;
        var (year, month, day) = ((Two(text, 0, ref bad) * 100) + Two(text, 2, ref bad), Two(text, 5, ref bad), Two(text, 8, ref bad));
        var (hour, minute, second) = (Two(text, 11, ref bad), Two(text, 14, ref bad), Two(text, 17, ref bad));
        if (bad < 0 || year is < 2 or > 9998 || (uint)(month - 1) > 11 || day == 0 || hour > 23 || minute > 59 || second > 59 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        if (!TryReadDecimals(text, Decimals, out var at, out var fraction) || !TryReadOffset(text[at..], out var offset))
        {
            return false;
        }

        ticks = new DateTime(year, month, day).Ticks + (((((hour * 60L) + minute - offset) * 60) + second) * TimeSpan.TicksPerSecond) + fraction;
        return true;
    }

    private static bool TryReadDecimals(ReadOnlySpan<byte> text, int at, out int end, out long ticks)
    {
        (end, ticks) = (at, 0);
        if (text[at] != '.')
        {
            return true;
        }

        for (end++; end < text.Length && (uint)(text[end] - '0') <= 9; end++)
        {
            ticks = (ticks * 10) + (text[end] - '0');
        }

        // More decimals than a tick has may have left 64 bits, and are refused.
        var count = end - at - 1;
        if (count >= TicksByDecimals.Length)
        {
            return false;
        }

        ticks *= TicksByDecimals[count];
        return count > 0;
    }

    private static bool TryReadOffset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text is [(byte)'Z'])
        {
            return true;
        }

        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':')
        {
            return false;
        }

        var bad = 0;
        var (hour, minute) = (Two(text, 1, ref bad), Two(text, 4, ref bad));
        minutes = ((hour * 60) + minute) * (text[0] == '-' ? -1 : 1);
        return bad >= 0 && hour <= 13 && minute <= 59;
    }

    /// <summary>Two digits; <paramref name="bad"/> becomes negative when they are none.</summary>
    private static int Two(ReadOnlySpan<byte> text, int at, ref int bad)
    {
        var (tens, ones) = (text[at] - '0', text[at + 1] - '0');
        bad |= tens | ones | (9 - tens) | (9 - ones);
        return (tens * 10) + ones;
    }
}
