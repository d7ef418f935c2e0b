using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sinks.Store;

/// <summary>What a reader wants to know about a record without parsing it.</summary>
/// <param name="Sequence">Which of two versions is the newer one: the larger.</param>
/// <param name="EventTime">When it was true, as the provider tells.</param>
/// <param name="ReceivedTime">When it was received.</param>
/// <param name="Score">0 (worthless) to 1; 0 when the record was not scored.</param>
/// <param name="Level">The score in words.</param>
public readonly record struct RecordStamp(long Sequence, DateTimeOffset EventTime, DateTimeOffset ReceivedTime, float Score = 0, QualityLevel Level = QualityLevel.Unscored);
