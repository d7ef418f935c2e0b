using System.Globalization;

namespace StreamEngine.Pipeline.Configuration.Binding;

/// <summary>Whether a value lies in the range its setting declares.</summary>
internal static class Limits
{
    public static bool Allow(BetweenAttribute between, object value) => value switch
    {
        DurationRange range => Allow(between, range.From) && Allow(between, range.To),
        _ => Compare(value, between.Min) >= 0 && Compare(value, between.Max) <= 0,
    };

    private static int Compare(object value, string limit) => value switch
    {
        int or long => Convert.ToInt64(value, CultureInfo.InvariantCulture).CompareTo(long.Parse(limit, CultureInfo.InvariantCulture)),
        double number => number.CompareTo(double.Parse(limit, CultureInfo.InvariantCulture)),
        Duration duration => duration.CompareTo(Duration.Parse(limit, CultureInfo.InvariantCulture)),
        ByteSize size => size.CompareTo(ByteSize.Parse(limit, CultureInfo.InvariantCulture)),
        _ => throw new NotSupportedException($"A range can't be declared for values of type {value.GetType()}."),
    };
}
