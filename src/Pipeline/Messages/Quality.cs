namespace StreamEngine.Pipeline.Messages;

/// <summary>How far a record can be trusted, in words.</summary>
public enum QualityLevel : byte
{
    /// <summary>Not scored.</summary>
    Unscored,

    /// <summary>Contradicts its declaration: a rule broken or nothing valid in it.</summary>
    Invalid,

    /// <summary>Score below 0.5.</summary>
    Low,

    /// <summary>Score from 0.5 and below 0.8.</summary>
    Medium,

    /// <summary>Score of 0.8 and above.</summary>
    High,
}

/// <summary>The verdict of the score step on one record.</summary>
public struct Quality
{
    /// <summary>0 (worthless) to 1 (complete, valid, fresh, from a reliable source).</summary>
    public float Score;

    /// <summary>The score in words.</summary>
    public QualityLevel Level;

    /// <summary>True when the record was older than the half-life when scored.</summary>
    public bool Old;

    /// <summary>True when the score is below the one from which on records are believed without a mark.</summary>
    public bool Flagged;

    /// <summary>Declared slots that had no value.</summary>
    public FieldSet Missing;

    /// <summary>One bit for each broken rule of the record type, in the order of declaration.</summary>
    public ulong BrokenRules;
}
