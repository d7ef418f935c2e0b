namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>What happened to a channel. The numbers are on disks.</summary>
internal enum JournalOp : byte
{
    /// <summary>It has a new value.</summary>
    Update = 1,

    /// <summary>Its entity is gone.</summary>
    Removed = 2,

    /// <summary>Its entity goes on in another channel, which the data names.</summary>
    Alias = 3,
}
