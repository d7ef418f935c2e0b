namespace StreamEngine.Pipeline.Providers;

/// <summary>What an answer means for the gate.</summary>
public enum AttemptKind
{
    /// <summary>A good answer.</summary>
    Succeeded,

    /// <summary>An answer that is good so far and is still arriving; <see cref="ProviderGate.ArrivedAsync"/> tells the breaker what became of it.</summary>
    Begun,

    /// <summary>The provider is in trouble (5xx, 408, a broken body): counts for the breaker and is tried again.</summary>
    Retryable,

    /// <summary>The request itself is at fault (404, 401): doesn't count for the breaker and isn't tried again.</summary>
    Permanent,

    /// <summary>The provider asks for fewer requests (429, or in words): doesn't count for the breaker and is tried again after a wait.</summary>
    Throttled,
}

/// <summary>
/// How one attempt ended that got an answer. An attempt without one (no connection, cut off, timed out) throws instead: the
/// gate treats it as <see cref="AttemptKind.Retryable"/> and keeps its permit longer, since nobody knows when it was seen.
/// </summary>
/// <typeparam name="T">What a good answer gives.</typeparam>
public readonly record struct AttemptResult<T>
{
    internal AttemptResult(AttemptKind kind, T? value, string? error, TimeSpan? retryAfter, FailureClass? failure = null)
    {
        Kind = kind;
        Value = value;
        Error = error;
        RetryAfter = retryAfter;
        Failure = failure;
    }

    /// <summary>What the answer means.</summary>
    public AttemptKind Kind { get; }

    /// <summary>What a good answer gave.</summary>
    public T? Value { get; }

    /// <summary>What went wrong, for an operator.</summary>
    public string? Error { get; }

    /// <summary>Why it went wrong; null for a good answer.</summary>
    public FailureClass? Failure { get; }

    /// <summary>How long the provider asked to be left alone.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>What the answer says of the provider's own count; null for nothing.</summary>
    public IReadOnlyList<BudgetReport>? Reports { get; init; }

    /// <summary>The same with other words.</summary>
    public AttemptResult<T> WithError(string error) => new(Kind, Value, error, RetryAfter, Failure) { Reports = Reports };
}

/// <summary>Makes attempt results.</summary>
public static class AttemptResult
{
    /// <summary>A good answer.</summary>
    public static AttemptResult<T> Success<T>(T value) => new(AttemptKind.Succeeded, value, null, null);

    /// <summary>A good answer, as far as it has come.</summary>
    public static AttemptResult<T> Begin<T>(T value) => new(AttemptKind.Begun, value, null, null);

    /// <summary>The provider is in trouble.</summary>
    public static AttemptResult<T> Retry<T>(string error, TimeSpan? retryAfter = null, FailureClass failure = FailureClass.ServerError) =>
        new(AttemptKind.Retryable, default, error, retryAfter, failure);

    /// <summary>The request is at fault.</summary>
    public static AttemptResult<T> Fail<T>(string error, FailureClass failure = FailureClass.Refused) => new(AttemptKind.Permanent, default, error, null, failure);

    /// <summary>The provider asks for fewer requests.</summary>
    public static AttemptResult<T> TooMany<T>(string error, TimeSpan? retryAfter) => new(AttemptKind.Throttled, default, error, retryAfter, FailureClass.Throttled);
}
