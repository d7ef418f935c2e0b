using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Providers;

/// <summary>A breaker as an operator sees it.</summary>
/// <param name="State"><c>closed</c>, <c>open</c>, <c>half_open</c> or <c>isolated</c> (tripped by hand).</param>
/// <param name="FailureCount">Failures in a row.</param>
/// <param name="Opened">How often it has opened, failed trials included.</param>
/// <param name="OpenedAt">When it opened last; null when it never did.</param>
/// <param name="RetryAt">When the next request may try; null when it is closed.</param>
/// <param name="LastError">The last failure, without secrets.</param>
public sealed record BreakerStatus(string State, int FailureCount, long Opened, DateTimeOffset? OpenedAt, DateTimeOffset? RetryAt, string? LastError)
{
    /// <summary>Why it opened, such as <c>5 failures in a row, and a trial that failed too</c>; null when it is closed or was tripped by hand.</summary>
    public string? Reason { get; init; }

    /// <summary>Requests that tried since it opened, and failed too: the longer may the next break be.</summary>
    public int FailedTrials { get; init; }

    /// <summary>Failed attempts since the start, by <see cref="FailureClass"/>.</summary>
    public IReadOnlyDictionary<string, long> Failures { get; init; } = new Dictionary<string, long>();

    /// <summary>Why the last attempt failed that did: a <see cref="FailureClass"/>.</summary>
    public string? LastErrorClass { get; init; }

    /// <summary>When it did.</summary>
    public DateTimeOffset? LastErrorAt { get; init; }

    /// <summary>The sources that are left alone by themselves, because what they say stands still.</summary>
    public IReadOnlyList<HeldSource> Held { get; init; } = [];
}

/// <summary>A source that is left alone because what it says stands still while that of others moves.</summary>
/// <param name="Source">The source.</param>
/// <param name="State"><c>open</c>, or <c>half_open</c> while its requests try again.</param>
/// <param name="OpenedAt">Since when.</param>
/// <param name="RetryAt">When its requests may try again.</param>
/// <param name="LastError">What stands still, and for how long.</param>
public sealed record HeldSource(string Source, string State, DateTimeOffset OpenedAt, DateTimeOffset RetryAt, string LastError);

/// <summary>One window of a throttle.</summary>
/// <param name="Window">Its name: <c>second</c>, <c>minute</c>, <c>hour</c>, <c>day</c>, <c>month</c>, or its length as in <c>10s-fixed</c>.</param>
/// <param name="Limit">Most in any such window, as things are: less than was configured when the provider says so, or while the pace is lowered.</param>
/// <param name="Used">What was taken and is not free again.</param>
/// <param name="ResetsAt">When the oldest of it is free again, of fixed windows all; null when nothing is taken, or the next still waits for its response.</param>
public sealed record WindowStatus(string Window, int Limit, int Used, DateTimeOffset? ResetsAt)
{
    /// <summary><c>sliding</c> or <c>fixed</c>.</summary>
    public string Kind { get; init; } = WindowOptions.Sliding;

    /// <summary><c>credits</c> or <c>requests</c>.</summary>
    public string Counts { get; init; } = WindowOptions.Credits;

    /// <summary>What the provider allows yet, by its own word of last; null when it never said.</summary>
    public long? ReportedRemaining { get; init; }

    /// <summary>What the provider allows in all, by its own word; null when it never said, or says no less than was configured.</summary>
    public int? ReportedLimit { get; init; }

    /// <summary>When the provider said what is left; null when it never did.</summary>
    public DateTimeOffset? ReportedAt { get; init; }

    /// <summary>What is left now.</summary>
    public int Remaining => Math.Max(0, Limit - Used);
}

/// <summary>A throttle as an operator sees it.</summary>
/// <param name="Windows">All windows; each holds at once.</param>
/// <param name="Queued">Requests waiting for a permit.</param>
/// <param name="QueueCapacity">Most that may wait.</param>
/// <param name="Granted">Permits given so far.</param>
/// <param name="Denied">Requests that were refused, or had to make room for others, because the queue was full.</param>
/// <param name="TooManyRequests">429 answers seen, and others that mean the same: the provider counted otherwise than we did.</param>
public sealed record ThrottleStatus(IReadOnlyList<WindowStatus> Windows, int Queued, int QueueCapacity, long Granted, long Denied, long TooManyRequests)
{
    /// <summary>What is kept of limits shorter than a day: 1, or less since the provider refused requests that they allow.</summary>
    public double Pace { get; init; } = 1;

    /// <summary>Until when nothing is asked, because the provider wants it so; null when it doesn't.</summary>
    public DateTimeOffset? HeldUntil { get; init; }

    /// <summary>What waits, by how soon it is wanted.</summary>
    public QueuedRequests QueuedByClass { get; init; } = new(0, 0, 0);
}

/// <summary>Requests that wait for a permit.</summary>
/// <param name="OnDemand">Those that somebody waits for.</param>
/// <param name="Live">Those for what changes while one looks at it.</param>
/// <param name="Reference">Those for what changes seldom.</param>
public sealed record QueuedRequests(int OnDemand, int Live, int Reference);
