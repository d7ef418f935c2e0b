namespace StreamEngine.Sources.OnDemand;

/// <summary>How a pull ended.</summary>
/// <param name="Outcome">How.</param>
/// <param name="Error">Why there is no answer, without secrets; null when there is one.</param>
/// <param name="RetryAt">When asking again makes sense; null when nobody knows, or any time will do.</param>
public sealed record PullResult(PullOutcome Outcome, string? Error = null, DateTimeOffset? RetryAt = null);
