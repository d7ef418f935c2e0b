using System.Globalization;

namespace StreamEngine.Sources.Http;

/// <summary>Reads how long it is until something, as providers write it.</summary>
internal static class AnswerTime
{
    /// <summary>Numbers from here on are seconds since 1970, not from now: that was in 2001.</summary>
    private const double Epoch = 1e9;
    private const double EpochMilliseconds = 1e12;
    private static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    /// <summary>The time from now on, not less than none.</summary>
    /// <param name="text">Seconds from now, a time in seconds or milliseconds since 1970, or a date.</param>
    /// <param name="response">The answer. A time of day is told by the clock that wrote its <c>Date</c>, not by ours, which may differ.</param>
    /// <param name="time">The clock for answers without one.</param>
    /// <returns>Null when it is nothing of that.</returns>
    public static TimeSpan? Until(string? text, HttpResponseMessage response, TimeProvider time)
    {
        double seconds;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
        {
            var at = number >= EpochMilliseconds ? number / 1000 : number;
            seconds = number < Epoch ? number : at - ((Now(response, time) - DateTimeOffset.UnixEpoch).TotalMilliseconds / 1000);
        }
        else if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
        {
            seconds = (date - Now(response, time)).TotalSeconds;
        }
        else
        {
            return null;
        }

        return TimeSpan.FromSeconds(Math.Clamp(seconds, 0, Longest.TotalSeconds));
    }

    /// <summary>How long the <c>Retry-After</c> of an answer asks to wait; null when it has none, or not any more.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time) =>
        Until(AnswerPath.HeaderOf(response, "Retry-After"), response, time) is { Ticks: > 0 } wait ? wait : null;

    private static DateTimeOffset Now(HttpResponseMessage response, TimeProvider time) => response.Headers.Date ?? time.GetUtcNow();
}
