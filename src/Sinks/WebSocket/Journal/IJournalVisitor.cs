namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>Is shown what a file holds, or writes it.</summary>
internal interface IJournalVisitor
{
    /// <summary>How a channel stands.</summary>
    /// <param name="last">The last that happened in it.</param>
    /// <param name="positions">Where its sources stand, the one that wrote last behind the others.</param>
    void State(in JournalEntry last, ReadOnlySpan<JournalPosition> positions);

    /// <summary>Something that happened in a channel.</summary>
    /// <param name="entry">What; its data is good only until this returns.</param>
    void Entry(in JournalEntry entry);
}
