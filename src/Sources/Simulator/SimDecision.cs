namespace StreamEngine.Sources.Simulator;

/// <summary>What is to become of a request.</summary>
/// <param name="At">When it came.</param>
/// <param name="RetryAfter">Positive when it is refused.</param>
/// <param name="Fault">The fault that hits it.</param>
/// <param name="View">How the answer is seen.</param>
/// <param name="Latency">How long the answer takes.</param>
/// <param name="Headers">What is told of a window.</param>
internal sealed record SimDecision(
    DateTimeOffset At,
    TimeSpan RetryAfter,
    SimFaultOptions? Fault,
    SimView View,
    TimeSpan Latency,
    IReadOnlyList<KeyValuePair<string, string>> Headers);
