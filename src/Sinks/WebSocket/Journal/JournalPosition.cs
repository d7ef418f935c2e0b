namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>The last record of a source that a channel has seen, so that what the source repeats after a crash is recognised.</summary>
/// <param name="Source">The source; empty for merged records.</param>
/// <param name="Sequence">The record's sequence in it.</param>
/// <param name="Ordinal">The how-many-eth record of the channel with this sequence it was, from 0.</param>
internal readonly record struct JournalPosition(string Source, long Sequence, int Ordinal);
