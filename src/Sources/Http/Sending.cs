using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>Sends requests, and says in plain words why no answer came.</summary>
internal static class Sending
{
    /// <summary>Sends a request and waits for the head of its answer.</summary>
    /// <exception cref="IOException">There was no answer.</exception>
    /// <exception cref="InvalidDataException">What came is no answer.</exception>
    public static async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw Explained(e);
        }
    }

    /// <summary>The same as an exception that the gate can tell the class of; its words may be shown.</summary>
    public static Exception Explained(HttpRequestException exception)
    {
        var cause = exception.GetBaseException().Message;
        return exception.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => new IOException($"the host's name leads nowhere: {exception.Message}", exception),
            HttpRequestError.ConnectionError => new IOException($"no connection: {exception.Message}", exception),
            HttpRequestError.SecureConnectionError => new IOException($"no TLS connection: {cause}", exception),
            HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded => new InvalidDataException($"the answer is no HTTP that can be read: {cause}", exception),
            _ => new IOException($"the connection broke off: {cause}", exception),
        };
    }

    /// <summary>Whether it is the provider's doing that a body could not be read to its end.</summary>
    /// <param name="exception">What reading it threw.</param>
    /// <param name="failure">Why.</param>
    /// <param name="words">The same in words.</param>
    public static bool IsBroken(Exception exception, out FailureClass failure, out string words)
    {
        failure = exception is IOException and not HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } ? FailureClass.Transport : FailureClass.Malformed;
        words = exception is HttpRequestException ? "the rest of the body is no HTTP that can be read" : $"the body broke off: {exception.Message}";
        return exception is IOException or InvalidDataException or InvalidOperationException or HttpRequestException;
    }
}
