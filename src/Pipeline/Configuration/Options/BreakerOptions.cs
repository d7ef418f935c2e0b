namespace StreamEngine.Pipeline.Configuration;

/// <summary>When to leave a provider alone for a while.</summary>
public sealed record BreakerOptions
{
    /// <summary>Failures in a row that open the breaker.</summary>
    [Between("1", "1000")]
    public int? Failures { get; init; } = 5;

    /// <summary>Share of failures among the requests of <c>within</c> that opens it too, such as 0.5; absent: only rows do.</summary>
    [Between("0.01", "1")]
    public double? Ratio { get; init; }

    /// <summary>The time over which <c>ratio</c> is taken.</summary>
    [Between("1s", "1h")]
    public Duration Within { get; init; } = Duration.Seconds(30);

    /// <summary>Requests that <c>ratio</c> needs at least: of fewer it says nothing.</summary>
    [Between("2", "100000")]
    public int Minimum { get; init; } = 10;

    /// <summary>A good answer that takes longer counts as a failure for the breaker, and is used all the same; absent: only what runs into the timeout does.</summary>
    [Between("1ms", "10m")]
    public Duration? Slow { get; init; }

    /// <summary>
    /// How long it stays open before one request may try again. Of a range such as <c>60s..15m</c> each trial that fails doubles it, up to the second
    /// duration; when the breaker has been closed, it begins with the first one anew.
    /// </summary>
    [Between("500ms", "1d")]
    public DurationRange Recovery { get; init; } = Duration.Seconds(60);
}
