namespace StreamEngine.Pipeline.Providers;

/// <summary>Why an attempt failed. In answers and metrics in snake case, such as <c>server_error</c>.</summary>
public enum FailureClass
{
    /// <summary>No answer: no connection, no such name, no TLS, a connection that was reset.</summary>
    Transport,

    /// <summary>No answer, or not all of it, in time.</summary>
    Timeout,

    /// <summary>A good answer that took too long.</summary>
    Slow,

    /// <summary>The provider is in trouble: 5xx, 408.</summary>
    ServerError,

    /// <summary>The provider asks for fewer requests: 429.</summary>
    Throttled,

    /// <summary>The request is at fault, as 400, 401 and 403 say: it would be refused again.</summary>
    Refused,

    /// <summary>There is no such thing: 404, 410.</summary>
    NotFound,

    /// <summary>An error with status 200.</summary>
    InBand,

    /// <summary>Not what was asked for: no JSON, cut off, encoded wrongly.</summary>
    Malformed,

    /// <summary>A body past the provider's <c>maxBytes</c>; no more of it is read.</summary>
    TooLarge,

    /// <summary>A redirect that is not followed: to another host, or one after the other without an end.</summary>
    Redirect,

    /// <summary>Answers of which nothing changes while what others say does.</summary>
    StaleContent,
}
