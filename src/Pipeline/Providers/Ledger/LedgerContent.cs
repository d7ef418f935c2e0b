using StreamEngine.Pipeline.Providers.Throttle;

namespace StreamEngine.Pipeline.Providers.Ledger;

/// <summary>What a ledger remembers.</summary>
internal sealed record LedgerContent
{
    public static LedgerContent Empty { get; } = new();

    /// <summary>What was spent.</summary>
    public IReadOnlyList<Spending> Spent { get; init; } = [];

    /// <summary>When something was spent that is not known.</summary>
    public IReadOnlyList<DateTimeOffset> Holes { get; init; } = [];

    /// <summary>Until when the provider wants to be left alone.</summary>
    public DateTimeOffset? HeldUntil { get; init; }

    /// <summary>What the provider has counted more than we did.</summary>
    public IReadOnlyList<Correction> Corrections { get; init; } = [];

    /// <summary>What is allowed by the provider's own word, by window; for 0 what is kept of all limits, in sixteenths.</summary>
    public IReadOnlyDictionary<long, (int Limit, DateTimeOffset Since)> Limits { get; init; } = new Dictionary<long, (int, DateTimeOffset)>();

    /// <summary>How the breaker is open; null when it is closed.</summary>
    public OpenBreaker? Breaker { get; init; }

    /// <summary>The highest number of a permit; 0 for none.</summary>
    public long LastId { get; init; }
}

/// <summary>One request, or several that were sent about the same time.</summary>
/// <param name="From">When the provider can have seen it first.</param>
/// <param name="Until">When it can have seen it last.</param>
/// <param name="Credits">What it cost.</param>
/// <param name="Requests">How many they are.</param>
internal readonly record struct Spending(DateTimeOffset From, DateTimeOffset Until, long Credits, long Requests);

/// <summary>An open breaker.</summary>
/// <param name="OpenedAt">When it opened.</param>
/// <param name="RetryAt">When the next request may try; null when it was tripped by hand.</param>
/// <param name="Failures">Failures in a row.</param>
/// <param name="Trials">Trial calls that failed since.</param>
internal sealed record OpenBreaker(DateTimeOffset OpenedAt, DateTimeOffset? RetryAt, int Failures, int Trials = 0);
