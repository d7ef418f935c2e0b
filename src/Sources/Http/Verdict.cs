using System.Net;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>What the status of an answer means for the gate.</summary>
internal static class Verdict
{
    /// <summary>The status in words, such as <c>404 Not Found</c>.</summary>
    public static string Reason(HttpResponseMessage response) => $"{(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd();

    /// <summary>The failure that the status means; null when it means none.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="throttle">Which statuses ask for fewer requests.</param>
    /// <param name="time">The clock.</param>
    /// <param name="reports">What it says of the provider's own count. When nothing is left, being forbidden or unavailable is meant so.</param>
    public static AttemptResult<T>? Failure<T>(HttpResponseMessage response, ThrottleOptions throttle, TimeProvider time, IReadOnlyList<BudgetReport>? reports = null) => response.StatusCode switch
    {
        var status when throttle.Statuses.Contains((int)status) => AttemptResult.TooMany<T>(Reason(response), AnswerTime.RetryAfter(response, time)),
        HttpStatusCode.Forbidden or HttpStatusCode.ServiceUnavailable when reports?.Any(r => IsUsedUp(r, throttle)) == true => AttemptResult.TooMany<T>(Reason(response), AnswerTime.RetryAfter(response, time)),
        HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError => AttemptResult.Retry<T>(Reason(response), AnswerTime.RetryAfter(response, time)),
        _ when response.IsSuccessStatusCode => null,
        >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest and not HttpStatusCode.NotModified => AttemptResult.Fail<T>(Reason(response), FailureClass.Redirect),
        HttpStatusCode.NotFound or HttpStatusCode.Gone => AttemptResult.Fail<T>(Reason(response), FailureClass.NotFound),
        _ => AttemptResult.Fail<T>(Reason(response)),
    };

    /// <summary>Where it says only what was used, of the limit that it states or else that of the window.</summary>
    private static bool IsUsedUp(BudgetReport report, ThrottleOptions throttle) => report.Remaining is { } left ? left <= 0
        : report.Used >= (report.Limit ?? throttle.Limits().FirstOrDefault(l => l.Name == report.Window)?.Limit);
}
