namespace StreamEngine.Sources.Simulator;

/// <summary>How an answer is seen: as of when, whether only its first half, and what is added to it.</summary>
/// <param name="At">The time it speaks of.</param>
/// <param name="IsHalf">Whether the second half of its items is left out.</param>
/// <param name="Left">A member that says what is left of a window; null for none.</param>
internal readonly record struct SimView(DateTimeOffset At, bool IsHalf = false, KeyValuePair<string, long>? Left = null);
