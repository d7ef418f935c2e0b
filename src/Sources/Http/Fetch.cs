using System.Net;
using System.Text;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>One attempt: sends a request and reads its answer, whole or, where it is taken apart, its beginning.</summary>
/// <param name="options">The source's options.</param>
/// <param name="provider">The provider's.</param>
/// <param name="reader">Reads what answers tell the source.</param>
/// <param name="patcher">Applies patches; null where none are asked for.</param>
/// <param name="kept">Headers of answers that are kept.</param>
/// <param name="time">The clock.</param>
internal sealed class Fetch(HttpSourceOptions options, ProviderOptions provider, AnswerReader reader, DocumentPatcher? patcher, IReadOnlyList<string> kept, TimeProvider time)
{
    /// <summary>What is wrong with a body that is not encoded as its headers say.</summary>
    public const string NotDecompressed = "the body can't be decompressed";

    /// <summary>What says more than this is no message.</summary>
    private const int MostOfError = 64 << 10;

    /// <param name="client">The provider's connections.</param>
    /// <param name="url">Where to; without the key that belongs into the query.</param>
    /// <param name="page">What was known of it before.</param>
    /// <param name="body">What to send.</param>
    /// <param name="token">The token to send; null where the provider wants none.</param>
    /// <param name="document">The document of which a patch is asked for; null when it is asked for whole.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async ValueTask<AttemptResult<Fetched>> SendAsync(HttpClient client, Uri url, TrackedPage page, RequestBody? body, string? token, KeptDocument? document, CancellationToken cancellationToken)
    {
        using var request = Request(url, document is null ? page : null, body, token);
        var sent = time.GetTimestamp();
        using var response = await Sending.SendAsync(client, request, cancellationToken).ConfigureAwait(false);
        var reports = reader.Reports(response);
        var result = response.StatusCode switch
        {
            HttpStatusCode.NotModified when page.Known => Unchanged(page, response, document is not null),
            HttpStatusCode.NoContent when document is not null => Unchanged(page, response, isPatched: true),
            HttpStatusCode.Unauthorized when token is not null => AttemptResult.Success(new Fetched(null) { IsRefused = true }),
            HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect => Redirected(url, response),
            _ when Verdict.Failure<Fetched>(response, provider.Throttle, time, reports) is { } failure => await RefusedAsync(failure, response, cancellationToken).ConfigureAwait(false),
            _ => options.IsTakenApart
                ? await BeginAsync(response, page.Origin, sent, cancellationToken).ConfigureAwait(false)
                : await ReadAsync(response, page, document, cancellationToken).ConfigureAwait(false),
        };
        return result.Reports is null ? result with { Reports = reports } : result;
    }

    /// <summary>An answer that is an error by its status may say in its body what is meant.</summary>
    private async ValueTask<AttemptResult<Fetched>> RefusedAsync(AttemptResult<Fetched> failure, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!reader.ReadsErrors)
        {
            return failure;
        }

        try
        {
            using var body = await Body.ReadAsync(response.Content, MostOfError, cancellationToken).ConfigureAwait(false);
            if (body is null)
            {
                return failure;
            }

            var said = reader.ReadError(body.Span, response);
            var result = said.IsThrottled
                ? AttemptResult.TooMany<Fetched>(failure.Error!, said.RetryAfter)
                : Verdict.Failure<Fetched>(response, provider.Throttle, time, said.Reports) ?? failure;
            return result with { Reports = said.Reports };
        }
        catch (Exception e) when (e is OperationCanceledException || Sending.IsBroken(e, out _, out _))
        {
            return failure;
        }
    }

    private AttemptResult<Fetched> Unchanged(TrackedPage page, HttpResponseMessage response, bool isPatched) => AttemptResult.Success(new Fetched(null)
    {
        Hash = page.Hash,
        ETag = page.ETag,
        LastModified = page.LastModified,
        Facts = page.Facts,
        FreshFor = FreshFor(response),
        IsPatched = isPatched,
    });

    private HttpRequestMessage Request(Uri url, TrackedPage? page, RequestBody? body, string? token)
    {
        if (provider.Auth?.Query is { } key)
        {
            url = ProviderUrl.Set(url, key.Name, key.Value);
        }

        var request = new HttpRequestMessage(new HttpMethod(options.Method), url)
        {
            VersionPolicy = HttpVersionPolicy.RequestVersionOrHigher,

            // A request with a body, even an empty one, is not sent again by the handler itself when a kept connection
            // breaks off: the provider may have counted it, and the second one would have no permit.
            Content = new ByteArrayContent(body is null ? [] : Encoding.UTF8.GetBytes(body.Text)),
        };
        if (body is not null)
        {
            request.Content.Headers.TryAddWithoutValidation("Content-Type", body.ContentType);
        }

        if (options.Format != HttpSourceOptions.Json && !options.Headers.Concat(provider.Headers).Any(h => h.Key.Equals("Accept", StringComparison.OrdinalIgnoreCase)))
        {
            request.Headers.TryAddWithoutValidation("Accept", options.Format == PayloadSourceOptions.Csv ? "text/csv, */*;q=0.5" : "application/x-ndjson, */*;q=0.5");
        }

        foreach (var (name, value) in options.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (token is not null && provider.Auth?.Token is { } settings)
        {
            request.Headers.TryAddWithoutValidation(settings.Header, settings.Sent(token));
        }

        if (page?.ETag is { } tag)
        {
            request.Headers.IfNoneMatch.Add(tag);
        }

        request.Headers.IfModifiedSince = page?.LastModified;
        return request;
    }

    private async ValueTask<AttemptResult<Fetched>> ReadAsync(HttpResponseMessage response, TrackedPage page, KeptDocument? document, CancellationToken cancellationToken)
    {
        Body? body;
        try
        {
            body = await Body.ReadAsync(response.Content, provider.MaxBytes.Bytes, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException)
        {
            return Malformed(NotDecompressed);
        }
        catch (Exception e) when (Sending.IsBroken(e, out var broken, out var words))
        {
            return AttemptResult.Retry<Fetched>(words, failure: broken);
        }

        if (body is null)
        {
            return AttemptResult.Fail<Fetched>($"the body is larger than {provider.MaxBytes}; raise the provider's maxBytes if that is right", FailureClass.TooLarge);
        }

        if (Fault(body, response) is { } odd)
        {
            body.Dispose();
            return Malformed(odd);
        }

        if (document is not null && reader.ReadsErrors && reader.ReadError(body.Span, response) is { IsThrottled: true } asked)
        {
            body.Dispose();
            return AttemptResult.TooMany<Fetched>("the answer asks for fewer requests", asked.RetryAfter) with { Reports = asked.Reports };
        }

        var isPatched = false;
        if (document is not null && patcher!.Apply(document.Bytes, body) is { IsWhole: false } patched)
        {
            body.Dispose();
            if (patched.Body is null)
            {
                return patched.Fault is null ? Unchanged(page, response, isPatched: true) : AttemptResult.Success(new Fetched(null) { PatchFault = patched.Fault });
            }

            (body, isPatched) = (patched.Body, true);
        }

        var fault = reader.Read(body.Span, response, out var facts, out var failure, out var said);

        // Of a patched document only the headers are the answer's own; what it says of the count may be from before.
        var reports = isPatched ? null : said.Reports;
        if (isPatched && fault is null && facts.Since == page.Facts.Since && body.Hash != page.Hash)
        {
            fault = "it leaves the document's version as it was, so the next one would change the same again";
        }

        if (fault is not null)
        {
            body.Dispose();
            return (said.IsThrottled ? AttemptResult.TooMany<Fetched>(fault, said.RetryAfter)
                : isPatched ? AttemptResult.Success(new Fetched(null) { PatchFault = fault })
                : AttemptResult.Retry<Fetched>(fault, failure: failure)) with { Reports = reports };
        }

        // The tag of a document that was changed since is none of this one.
        var isConditional = !isPatched && document is null && options.Method == HttpMethod.Get.Method;
        return AttemptResult.Success(new Fetched(body)
        {
            Hash = body.Hash,
            IsPatched = isPatched,
            ETag = isConditional ? response.Headers.ETag : null,
            LastModified = isConditional ? response.Content.Headers.LastModified : null,
            Facts = facts,
            FreshFor = FreshFor(response),
            Headers = Kept(response),
        }) with { Reports = reports };
    }

    private async ValueTask<AttemptResult<Fetched>> BeginAsync(HttpResponseMessage response, string origin, long sent, CancellationToken cancellationToken)
    {
        ArrivingBody? body;
        string? fault;
        try
        {
            (body, fault) = await ArrivingBody.BeginAsync(response.Content, options, origin, provider.Timeout, sent, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (Sending.IsBroken(e, out var broken, out var words))
        {
            return AttemptResult.Retry<Fetched>(words, failure: broken);
        }

        if (body is null)
        {
            return Malformed(fault!);
        }

        var fetched = new Fetched(null) { Arriving = body, FreshFor = FreshFor(response), Headers = Kept(response) };

        // The rest arrives when the response is done with here.
        response.Content = null;
        return AttemptResult.Begin(fetched);
    }

    private static AttemptResult<Fetched> Malformed(string error) => AttemptResult.Retry<Fetched>(error, failure: FailureClass.Malformed);

    /// <summary>Why a body is no JSON; null when it is.</summary>
    private static string? Fault(Body body, HttpResponseMessage response)
    {
        if (body.Span.IsEmpty)
        {
            return "the body is empty";
        }

        if (body.JsonFault() is not { } place)
        {
            return null;
        }

        return $"the body is {(body.Span[0] == '<' ? "a web page or XML, not JSON" : "no complete JSON")}{OddBody.SentAs(response.Content, HttpSourceOptions.Json)} ({place})";
    }

    /// <summary>How long the provider, or a cache before it, would give the same answer, as far as the operator lets that count.</summary>
    private TimeSpan? FreshFor(HttpResponseMessage response)
    {
        if (options.MaxAge is not { } most || response.Headers.CacheControl is not { MaxAge: { } maxAge, NoCache: false, NoStore: false })
        {
            return null;
        }

        var left = maxAge - (response.Headers.Age ?? TimeSpan.Zero);
        return left <= TimeSpan.Zero ? null : left < most.Value ? left : most.Value;
    }

    private DocumentHeaders? Kept(HttpResponseMessage response)
    {
        var values = kept.Select(name => KeyValuePair.Create(name, AnswerPath.HeaderOf(response, name)!)).Where(h => h.Value is not null).ToList();
        return values.Count == 0 ? null : new DocumentHeaders(values);
    }

    private static AttemptResult<Fetched> Redirected(Uri url, HttpResponseMessage response)
    {
        if (response.Headers.Location is not { } location)
        {
            return AttemptResult.Fail<Fetched>($"{Verdict.Reason(response)} without a location", FailureClass.Redirect);
        }

        var target = new Uri(url, location);
        return ProviderUrl.IsSamePlace(url, target)
            ? AttemptResult.Success(new Fetched(null) { Redirect = target })
            : AttemptResult.Fail<Fetched>($"{Verdict.Reason(response)} to another host, {target.Host}; set the provider's baseUrl to it if that is right", FailureClass.Redirect);
    }
}
