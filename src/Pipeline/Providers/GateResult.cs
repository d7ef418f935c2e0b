namespace StreamEngine.Pipeline.Providers;

/// <summary>How a request ended at the gate.</summary>
public enum GateOutcome
{
    /// <summary>A good answer, perhaps after retries.</summary>
    Succeeded,

    /// <summary>A permanent failure, or every attempt failed.</summary>
    Failed,

    /// <summary>The breaker refused it, at once or before a retry.</summary>
    BreakerOpen,

    /// <summary>Too many requests were waiting for a permit.</summary>
    QueueFull,
}

/// <summary>How a request ended at the gate.</summary>
/// <typeparam name="T">What a good answer gives.</typeparam>
/// <param name="Outcome">How it ended.</param>
/// <param name="Value">What a good answer gave.</param>
/// <param name="Error">What went wrong, without secrets; null after a good answer.</param>
/// <param name="RetryAt">When to ask again: of an open breaker it may be sooner than its next trial, since it may be reset by hand. Null when nobody knows (a breaker tripped by hand) or any time will do.</param>
/// <param name="Attempts">Attempts that were sent.</param>
public readonly record struct GateResult<T>(GateOutcome Outcome, T? Value, string? Error, DateTimeOffset? RetryAt, int Attempts)
{
    /// <summary>Why the last attempt failed; null when none did.</summary>
    public FailureClass? Failure { get; init; }

    /// <summary>When the attempt was sent that gave a good answer; otherwise nothing.</summary>
    public DateTimeOffset SentAt { get; init; }

    /// <summary>Whether there is a good answer.</summary>
    public bool Succeeded => Outcome == GateOutcome.Succeeded;
}
