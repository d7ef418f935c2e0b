namespace StreamEngine.Sources.Simulator;

/// <summary>What can go wrong at a pretended provider.</summary>
public enum SimFaultKind
{
    /// <summary>429; with Retry-After when <c>retryAfter</c> is given.</summary>
    TooManyRequests,

    /// <summary>The <c>status</c>, 500 unless stated.</summary>
    Status,

    /// <summary>No answer at all.</summary>
    Hang,

    /// <summary>The right answer, one byte every <c>pause</c>.</summary>
    SlowBody,

    /// <summary>Only the beginning of the right answer, with the length of that.</summary>
    CutJson,

    /// <summary>The headers of the right answer and its first half; then the connection is closed.</summary>
    CutConnection,

    /// <summary>A web page with status 200.</summary>
    Html,

    /// <summary>Some KB of gzip that become <c>size</c> of JSON.</summary>
    GzipBomb,

    /// <summary>A JSON list that never ends.</summary>
    Endless,

    /// <summary>A redirect to the same address.</summary>
    RedirectLoop,

    /// <summary>The connection is reset (RST) without an answer.</summary>
    Reset,

    /// <summary>What was right when the fault began, with status 200; its items stand still.</summary>
    Frozen,

    /// <summary>What was right <c>by</c> so much earlier, with the Date header of then.</summary>
    Backwards,

    /// <summary>The first half of the right answer's items, with status 200, as if there were no more.</summary>
    Truncated,

    /// <summary>An error in an answer with status 200: <c>{"error":{"code":"internal", ..}}</c>, or what <c>json</c> says.</summary>
    Error,

    /// <summary>A refusal in an answer with status 200: <c>{"error":{"code":"rate_limited"},"retry_after":3}</c>, or what <c>json</c> says.</summary>
    Throttled,
}
