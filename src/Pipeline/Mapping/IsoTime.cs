using System.Globalization;
using System.Text;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Instants written as text.</summary>
internal static class IsoTime
{
    private const int MaxLength = 64;

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
    public static bool TryParse(ReadOnlySpan<byte> text, TimeZoneInfo zone, out long ticks) => TryParse(text, Formats, zone, out ticks);

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
}
