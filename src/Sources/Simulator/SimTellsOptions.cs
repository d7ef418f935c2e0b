using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Simulator;

/// <summary>How a pretended provider tells what is left of one of its windows. A name that is null is not sent.</summary>
public sealed record SimTellsOptions
{
    internal const string InSeconds = "seconds";
    internal const string AsUnix = "unix";
    internal const string AsDate = "date";

    /// <summary>The window, by its name in the report, such as <c>minute</c> or <c>10s-fixed</c>; the longest unless stated.</summary>
    public string? Window { get; init; }

    /// <summary>Header of the most it allows.</summary>
    public string? Limit { get; init; } = "X-RateLimit-Limit";

    /// <summary>Header of what is left.</summary>
    public string? Remaining { get; init; } = "X-RateLimit-Remaining";

    /// <summary>Header of what is spent.</summary>
    public string? Used { get; init; }

    /// <summary>Header of when more is left: a fixed window's end, or when the oldest request leaves a sliding one.</summary>
    public string? Reset { get; init; } = "X-RateLimit-Reset";

    /// <summary>How <c>reset</c> is written: <c>seconds</c> from now, <c>unix</c> time in seconds, or an HTTP <c>date</c>.</summary>
    [OneOf(InSeconds, AsUnix, AsDate)]
    public string ResetAs { get; init; } = InSeconds;

    /// <summary>Member of what is left in answers that are objects, such as <c>requests_remaining</c>.</summary>
    public string? Body { get; init; }
}
