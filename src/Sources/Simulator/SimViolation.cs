using System.Globalization;

namespace StreamEngine.Sources.Simulator;

/// <summary>A request that came although a window was full.</summary>
/// <param name="At">When it came.</param>
/// <param name="Window">The window's name.</param>
/// <param name="Used">What the window then held, this request included.</param>
/// <param name="Limit">The most it may hold.</param>
/// <param name="Path">What was asked, without the query.</param>
public sealed record SimViolation(DateTimeOffset At, string Window, long Used, int Limit, string Path)
{
    /// <summary>Such as <c>12:30:01.250 over the limit: second has 3 of 2 with /items</c>, in UTC.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{At.UtcDateTime:HH:mm:ss.fff} over the limit: {Window} has {Used} of {Limit} with {Path}");
}
