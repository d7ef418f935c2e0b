using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>What an answer says of how much may be asked.</summary>
/// <param name="Reports">Of the provider's own count; null for nothing.</param>
/// <param name="IsThrottled">Whether it asks for fewer requests in words.</param>
/// <param name="RetryAfter">How long it asks to wait then; null when it doesn't say.</param>
internal readonly record struct AnswerBudget(IReadOnlyList<BudgetReport>? Reports, bool IsThrottled = false, TimeSpan? RetryAfter = null);
