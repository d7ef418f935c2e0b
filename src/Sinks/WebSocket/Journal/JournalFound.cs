namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>What a reader came upon.</summary>
internal enum JournalFound
{
    /// <summary>A whole record.</summary>
    Record,

    /// <summary>The end of the file, behind a whole record.</summary>
    End,

    /// <summary>The beginning of a record that was never finished, at the end of the file.</summary>
    Torn,

    /// <summary>A record that is not what was written; the next one can be read.</summary>
    Damaged,

    /// <summary>Bytes that say nothing, not even where the next record begins.</summary>
    Lost,
}
