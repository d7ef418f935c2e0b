namespace StreamEngine.Pipeline.Configuration;

/// <summary>One provider: a budget, a breaker and a connection pool that its sources share.</summary>
public sealed record ProviderOptions
{
    /// <summary>
    /// Put before each request's path: an absolute http or https URL (ws or wss for a provider that has WebSockets only), or
    /// <c>demo:NAME</c> for a built-in demo provider.
    /// </summary>
    [RequiredSetting]
    public string BaseUrl { get; init; } = "";

    /// <summary>Headers sent with every request. Values are treated as secrets.</summary>
    [Secret]
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>How it knows us, when it wants more than a header.</summary>
    public AuthOptions? Auth { get; init; }

    /// <summary>How many requests it allows.</summary>
    public ThrottleOptions Throttle { get; init; } = new();

    /// <summary>When to leave it alone for a while.</summary>
    public BreakerOptions Breaker { get; init; } = new();

    /// <summary>How a failed request is tried again.</summary>
    public RetryOptions Retry { get; init; } = new();

    /// <summary>The longest one attempt may take, from sending to the last byte of the body.</summary>
    [Between("10ms", "10m")]
    public Duration Timeout { get; init; } = Duration.Seconds(5);

    /// <summary>The largest body accepted, after decompression.</summary>
    [Between("1KB", "1GB")]
    public ByteSize MaxBytes { get; init; } = new(8L << 20);

    /// <summary>Whom to believe when providers disagree: lower comes first.</summary>
    [Between("0", "1000")]
    public int Priority { get; init; } = 100;

    /// <summary>How far its data is trusted, from 0 (not at all) to 1 (fully).</summary>
    [Between("0", "1")]
    public double Reliability { get; init; } = 1;
}

/// <summary>How a failed request is tried again.</summary>
public sealed record RetryOptions
{
    /// <summary>Attempts in all, the first included.</summary>
    [Between("1", "20")]
    public int Attempts { get; init; } = 3;

    /// <summary>Wait before the second attempt and the longest wait; in between it doubles, with jitter. One duration doesn't grow. A Retry-After header wins.</summary>
    public DurationRange Backoff { get; init; } = new(Duration.Seconds(0.5), Duration.Seconds(30));
}
