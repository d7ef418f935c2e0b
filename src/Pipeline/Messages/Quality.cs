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

/// <summary>What lowers the score of a record, besides its fields and rules.</summary>
[Flags]
public enum QualityMarks : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It was older than the half-life when scored.</summary>
    Old = 1,

    /// <summary>It scores less than what is believed without a mark.</summary>
    LowScore = 2,

    /// <summary>It was received later after its event time than is timely.</summary>
    Late = 4,

    /// <summary>Other fresh sources say something else.</summary>
    Disputed = 8,

    /// <summary>Of what its source said of the key of late, something was refused or taken back.</summary>
    Inconsistent = 16,
}

/// <summary>The verdict of the score step on one record, completed by a merge.</summary>
public struct Quality
{
    /// <summary>0 (worthless) to 1 (complete, valid, fresh, from a reliable source).</summary>
    public float Score;

    /// <summary>The score in words.</summary>
    public QualityLevel Level;

    /// <summary>What lowers the score, besides fields and rules.</summary>
    public QualityMarks Marks;

    /// <summary>Declared slots that had no value.</summary>
    public FieldSet Missing;

    /// <summary>One bit for each broken rule of the record type, in the order of declaration.</summary>
    public ulong BrokenRules;
}
