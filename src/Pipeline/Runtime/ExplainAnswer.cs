using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>An answer to the question why a merged record says what it says.</summary>
/// <param name="Explanation">The answer; null when no transform knows the key.</param>
/// <param name="Near">The keys that are most like it, when none does; not all are looked at.</param>
public sealed record ExplainAnswer(KeyExplanation? Explanation, IReadOnlyList<string> Near);
