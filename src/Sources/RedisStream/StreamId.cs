using System.Globalization;

namespace StreamEngine.Sources.RedisStream;

/// <summary>An entry's id: the server's time, and a number within the millisecond.</summary>
internal readonly record struct StreamId(ulong Milliseconds, ulong Number) : IComparable<StreamId>
{
    private const ulong MicrosecondsEach = 1000;

    /// <summary>
    /// Unix microseconds, as all sequences that come from a time: larger ones, such as both numbers in one, are no longer exact where numbers are
    /// doubles, in Redis' Lua and in browsers. From the thousandth entry of a millisecond on it runs ahead.
    /// </summary>
    public long Microseconds => Milliseconds < long.MaxValue / MicrosecondsEach / 2 ? (long)((Milliseconds * MicrosecondsEach) + Math.Min(Number, int.MaxValue)) : 0;

    /// <summary>Reads <c>1526919030474-55</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out StreamId id)
    {
        id = default;
        var dash = text.IndexOf('-');
        if (dash < 0
            || !ulong.TryParse(text[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            || !ulong.TryParse(text[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        id = new StreamId(milliseconds, number);
        return true;
    }

    public int CompareTo(StreamId other) =>
        Milliseconds == other.Milliseconds ? Number.CompareTo(other.Number) : Milliseconds.CompareTo(other.Milliseconds);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Milliseconds}-{Number}");
}
