namespace StreamEngine.Pipeline.Providers;

/// <summary>What a provider says of its own count in an answer.</summary>
/// <param name="Window">The window that it speaks of, by its name in <see cref="Configuration.RateLimit"/>.</param>
public sealed record BudgetReport(string Window)
{
    /// <summary>What it allows yet; null when it doesn't say.</summary>
    public long? Remaining { get; init; }

    /// <summary>What it has counted; null when it doesn't say.</summary>
    public long? Used { get; init; }

    /// <summary>What it allows in all; null when it doesn't say.</summary>
    public long? Limit { get; init; }

    /// <summary>In what time the window begins anew; null when it doesn't say.</summary>
    public TimeSpan? Resets { get; init; }
}
