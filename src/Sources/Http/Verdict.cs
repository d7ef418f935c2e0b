using System.Net;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>What the status of an answer means for the gate.</summary>
internal static class Verdict
{
    /// <summary>The status in words, such as <c>404 Not Found</c>.</summary>
    public static string Reason(HttpResponseMessage response) => $"{(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd();

    /// <summary>The failure that the status means; null when it means none.</summary>
    public static AttemptResult<T>? Failure<T>(HttpResponseMessage response, TimeProvider time) => response.StatusCode switch
    {
        HttpStatusCode.TooManyRequests => AttemptResult.TooMany<T>(Reason(response), RetryAfter(response, time)),
        HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError => AttemptResult.Retry<T>(Reason(response), RetryAfter(response, time)),
        _ when response.IsSuccessStatusCode => null,
        >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest and not HttpStatusCode.NotModified => AttemptResult.Fail<T>(Reason(response), FailureClass.Redirect),
        _ => AttemptResult.Fail<T>(Reason(response)),
    };

    private static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time)
    {
        var header = response.Headers.RetryAfter;
        var wait = header?.Delta ?? header?.Date - time.GetUtcNow();
        return wait > TimeSpan.Zero ? wait : null;
    }
}
