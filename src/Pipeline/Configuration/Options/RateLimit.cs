namespace StreamEngine.Pipeline.Configuration;

/// <summary>One window of a throttle.</summary>
/// <param name="Name">What it is called in metrics and the API.</param>
/// <param name="Limit">Most in one.</param>
/// <param name="Length">How long one is; of months the longest.</param>
public sealed record RateLimit(string Name, int Limit, TimeSpan Length)
{
    /// <summary>Whether one follows the other, instead of beginning anywhere.</summary>
    public bool IsFixed { get; init; }

    /// <summary>Whether it is a calendar month.</summary>
    public bool IsMonth { get; init; }

    /// <summary>Where months, and days of fixed windows, begin.</summary>
    public string Zone { get; init; } = "UTC";

    /// <summary>Whether each request counts once, whatever it costs.</summary>
    public bool CountsRequests { get; init; }

    /// <summary>How far the provider's clock may differ.</summary>
    public TimeSpan Skew { get; init; }

    /// <summary>What a request counts.</summary>
    /// <param name="credits">What it costs.</param>
    public int Units(int credits) => CountsRequests ? 1 : credits;
}
