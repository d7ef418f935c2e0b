namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>How much history an event log keeps.</summary>
/// <param name="Bytes">Size past which the oldest segments are deleted.</param>
/// <param name="Age">What is older is not replayed, and a segment with nothing younger is deleted.</param>
internal readonly record struct JournalLimits(long Bytes, TimeSpan Age);
