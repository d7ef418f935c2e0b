namespace StreamEngine.Pipeline.Runtime;

/// <summary>The dead letters as an output of the graph.</summary>
public sealed record DeadLetterStatus
{
    /// <summary>The file, as the config names it; null when dead records are counted and not kept.</summary>
    public string? Path { get; init; }

    /// <summary>Records written by this process.</summary>
    public long Written { get; init; }

    /// <summary>Bytes of lines that wait for the disk.</summary>
    public long WaitingBytes { get; init; }

    /// <summary>Bytes of the file and its predecessor.</summary>
    public long Bytes { get; init; }

    /// <summary>Most bytes that both may have together.</summary>
    public long MaxBytes { get; init; }

    /// <summary>Records that went with a predecessor that was replaced: the oldest make room at the bound.</summary>
    public long Dropped { get; init; }

    /// <summary>Records that could not be written.</summary>
    public long Lost { get; init; }

    /// <summary>Lines that were taken out at a restart because their records come again.</summary>
    public long TakenOut { get; init; }

    /// <summary>Why the last ones could not be written; null when all is well.</summary>
    public string? Problem { get; init; }
}
