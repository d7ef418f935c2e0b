namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>One thing that happened in a channel.</summary>
internal readonly ref struct JournalEntry
{
    /// <summary>Most bytes of an entry on disk, several times what a payload may have; a larger one is refused.</summary>
    public const int MostBytes = 128 << 20;

    /// <summary>The channel.</summary>
    public required string Channel { get; init; }

    /// <summary>Its number in the channel, one more than that of the one before.</summary>
    public required long Offset { get; init; }

    /// <summary>What happened.</summary>
    public required JournalOp Op { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The source whose record it was; empty for a merged one.</summary>
    public required string Source { get; init; }

    /// <summary>The record's sequence in that source.</summary>
    public required long Sequence { get; init; }

    /// <summary>The how-many-eth record of this channel with this sequence it was, from 0.</summary>
    public required int Ordinal { get; init; }

    /// <summary>The new value, or the channel in which the entity goes on; UTF-8.</summary>
    public ReadOnlySpan<byte> Data { get; init; }
}
