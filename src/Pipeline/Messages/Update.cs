namespace StreamEngine.Pipeline.Messages;

/// <summary>
/// A copy of one record that may be kept as long as one likes: what taps, histories and listeners hold.
/// </summary>
/// <param name="Key">The entity, such as <c>player:mlb:660271</c>.</param>
/// <param name="Kind">The record type's name, such as <c>player</c>.</param>
/// <param name="Source">The source's name.</param>
/// <param name="Op">What it says about the key.</param>
/// <param name="EventTime">When it was true, as the provider tells.</param>
/// <param name="ReceivedTime">When it was received.</param>
/// <param name="Sequence">Position in the source.</param>
/// <param name="Revision">How often the merged record changed; 0 before a merge.</param>
/// <param name="Data">The record as JSON, UTF-8.</param>
public sealed record Update(
    string Key,
    string Kind,
    string Source,
    RowOp Op,
    DateTimeOffset EventTime,
    DateTimeOffset ReceivedTime,
    long Sequence,
    long Revision,
    ReadOnlyMemory<byte> Data);
