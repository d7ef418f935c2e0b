namespace StreamEngine.Pipeline.Health;

/// <summary>
/// When the breaker of a provider opened last, trials that failed since aside: what its sources said before that is stale until they are heard again.
/// The provider's gate tells it, merges read it; any thread may do either.
/// </summary>
public sealed class ProviderOutage
{
    private long openedAt = long.MinValue;

    /// <summary>When it opened: UTC ticks; before any time when it never did.</summary>
    public long OpenedAt => Volatile.Read(ref openedAt);

    internal void Open(DateTimeOffset at) => Volatile.Write(ref openedAt, at.UtcTicks);
}
