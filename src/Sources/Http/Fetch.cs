using System.Net;
using System.Net.Http.Headers;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>What a good answer was.</summary>
/// <param name="Body">The payload; null for a 304 and a redirect.</param>
/// <param name="Redirect">Where the provider sent us instead, on the same host.</param>
/// <param name="ETag">To ask conditionally the next time.</param>
/// <param name="LastModified">To ask conditionally the next time.</param>
internal sealed record Fetched(Body? Body, Uri? Redirect = null, EntityTagHeaderValue? ETag = null, DateTimeOffset? LastModified = null);

/// <summary>One attempt: sends a request and reads its answer whole.</summary>
internal static class Fetch
{
    public static async ValueTask<AttemptResult<Fetched>> SendAsync(HttpClient client, Uri url, TrackedRequest tracked, IReadOnlyDictionary<string, string> headers, long maxBytes, TimeProvider time, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url)
        {
            VersionPolicy = HttpVersionPolicy.RequestVersionOrHigher,

            // A request with a body, even an empty one, is not sent again by the handler itself when a kept connection
            // breaks off: the provider may have counted it, and the second one would have no permit.
            Content = new ByteArrayContent([]),
        };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (tracked.ETag is { } tag)
        {
            request.Headers.IfNoneMatch.Add(tag);
        }

        request.Headers.IfModifiedSince = tracked.LastModified;
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        var status = (int)response.StatusCode;
        var reason = $"{status} {response.ReasonPhrase}".TrimEnd();
        return response.StatusCode switch
        {
            HttpStatusCode.NotModified when tracked.Known => AttemptResult.Success(new Fetched(null, null, tracked.ETag, tracked.LastModified)),
            HttpStatusCode.TooManyRequests => AttemptResult.TooMany<Fetched>(reason, RetryAfter(response, time)),
            HttpStatusCode.RequestTimeout => AttemptResult.Retry<Fetched>(reason, RetryAfter(response, time)),
            HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect => Redirected(url, response, reason),
            _ when status >= 500 => AttemptResult.Retry<Fetched>(reason, RetryAfter(response, time)),
            _ when response.IsSuccessStatusCode => await ReadAsync(response, maxBytes, cancellationToken).ConfigureAwait(false),
            _ => AttemptResult.Fail<Fetched>(reason),
        };
    }

    private static async ValueTask<AttemptResult<Fetched>> ReadAsync(HttpResponseMessage response, long maxBytes, CancellationToken cancellationToken)
    {
        Body? body;
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                body = await Body.ReadAsync(stream, maxBytes, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            // Brotli says the latter.
            return AttemptResult.Retry<Fetched>("the body can't be decompressed");
        }

        if (body is null)
        {
            return AttemptResult.Fail<Fetched>($"the body is larger than {new ByteSize(maxBytes)}; raise the provider's maxBytes if that is right");
        }

        if (body.Span.IsEmpty || body.JsonFault() is not null)
        {
            var fault = body.Span.IsEmpty ? "the body is empty" : $"the body is {(body.Span[0] == '<' ? "a web page or XML, not JSON" : "no complete JSON")} ({body.JsonFault()})";
            body.Dispose();
            return AttemptResult.Retry<Fetched>(fault);
        }

        return AttemptResult.Success(new Fetched(body, null, response.Headers.ETag, response.Content.Headers.LastModified));
    }

    private static AttemptResult<Fetched> Redirected(Uri url, HttpResponseMessage response, string reason)
    {
        if (response.Headers.Location is not { } location)
        {
            return AttemptResult.Fail<Fetched>($"{reason} without a location");
        }

        var target = new Uri(url, location);
        var samePlace = target.Host == url.Host && (target.Port == url.Port || (url.Scheme == "http" && target.Scheme == "https"));
        return samePlace && target.Scheme is "http" or "https"
            ? AttemptResult.Success(new Fetched(null, target))
            : AttemptResult.Fail<Fetched>($"{reason} to another host, {target.Host}; set the provider's baseUrl to it if that is right");
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time)
    {
        var header = response.Headers.RetryAfter;
        var wait = header?.Delta ?? header?.Date - time.GetUtcNow();
        return wait > TimeSpan.Zero ? wait : null;
    }
}
