namespace StreamEngine.Host.Api;

/// <summary>An error as RFC 9457 tells it, with a code that clients can rely on.</summary>
/// <param name="Type">Always <c>about:blank</c>: the code says more.</param>
/// <param name="Title">The kind of error.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What happened here, and the remedy; no path, no secret.</param>
/// <param name="Code">Stable name of the error.</param>
internal sealed record Problem(string Type, string Title, int Status, string Detail, string Code);

/// <summary>The errors of the API.</summary>
internal static class Problems
{
    private const string ContentType = "application/problem+json";

    public static IResult Of(int status, string code, string title, string detail) =>
        Results.Json(new Problem("about:blank", title, status, detail, code), ApiJson.Plain.Problem, ContentType, status);

    public static IResult BadRequest(string code, string detail) => Of(StatusCodes.Status400BadRequest, code, "The request is wrong", detail);

    /// <summary>Too much is under way; whoever asks is to come again on another connection.</summary>
    public static IResult Busy(HttpContext context, string detail)
    {
        context.Response.Headers.RetryAfter = "1";
        context.Response.Headers.Connection = "close";
        return Of(StatusCodes.Status503ServiceUnavailable, "server_busy", "Too much at once", detail);
    }

    /// <summary>Gives every error answer a body, and keeps exceptions from leaving as anything else.</summary>
    public static void UseProblems(this WebApplication app, ILogger logger)
    {
        app.Use(async (context, next) =>
        {
            try
            {
                await next(context).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
            {
                return;
            }
            catch (BadHttpRequestException e) when (!context.Response.HasStarted)
            {
                context.Response.StatusCode = e.StatusCode;
            }
#pragma warning disable CA1031 // A request's failure is answered and logged here; its details are nobody else's business.
            catch (Exception e) when (!context.Response.HasStarted)
            {
                ApiLog.Failed(logger, e, context.Request.Method, context.GetEndpoint()?.DisplayName ?? "no endpoint");
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            }
#pragma warning restore CA1031

            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
            {
                await ForStatus(context.Response.StatusCode, context.Response.Headers.Allow.ToString()).ExecuteAsync(context).ConfigureAwait(false);
            }
        });
    }

    private static IResult ForStatus(int status, string allowed) => status switch
    {
        400 => BadRequest("bad_request", "The request could not be read."),
        404 => Of(status, "not_found", "Nothing is here", $"No such address; see {ApiRoutes.Base}/health and {ApiRoutes.Base}/pipeline."),
        405 => Of(status, "method_not_allowed", "Wrong method", $"The address is right, the method is not; it takes {allowed}."),
        413 => Of(status, "body_too_large", "The body is too large", $"A body may have at most {ApiRoutes.MaxBody} bytes."),
        415 => Of(status, "unsupported_media_type", "Wrong media type", "Send JSON, with the header 'Content-Type: application/json'."),
        500 => Of(status, "internal_error", "Something failed here", "The failure was logged; try again, and tell the operator when it stays."),
        _ => Of(status, $"http_{status}", "The request failed", $"The answer is HTTP {status}."),
    };
}

/// <summary>Messages of the API.</summary>
internal static partial class ApiLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Endpoint} failed")]
    public static partial void Failed(ILogger logger, Exception exception, string method, string endpoint);
}
