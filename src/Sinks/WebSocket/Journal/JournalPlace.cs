namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>Where a record stands.</summary>
/// <param name="Segment">Number of the segment.</param>
/// <param name="Position">Its first byte there.</param>
internal readonly record struct JournalPlace(long Segment, long Position) : IComparable<JournalPlace>
{
    public int CompareTo(JournalPlace other) => (Segment, Position).CompareTo((other.Segment, other.Position));
}
