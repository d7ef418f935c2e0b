namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>How the checkpoints are.</summary>
public sealed record CheckpointStatus
{
    /// <summary>Number of the last one that is complete; 0 for none.</summary>
    public long Id { get; init; }

    /// <summary>When it was begun: a restart would go on from what had come out of the sources then.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Seconds from then to now.</summary>
    public double AgeSeconds { get; init; }

    /// <summary>How often one is made, in seconds.</summary>
    public double EverySeconds { get; init; }

    /// <summary>Bytes written for the last one: of large states what has changed.</summary>
    public long Bytes { get; init; }

    /// <summary>How long the last one took from its beginning until it was kept, in milliseconds.</summary>
    public double Milliseconds { get; init; }

    /// <summary>Number of the one that this run went on from; 0 when it began anew.</summary>
    public long RestoredFrom { get; init; }

    /// <summary>What could not be taken over from it, and which ones were damaged.</summary>
    public IReadOnlyList<string> Unfit { get; init; } = [];

    /// <summary>Why none is made now; null when all is well.</summary>
    public string? Problem { get; init; }
}
