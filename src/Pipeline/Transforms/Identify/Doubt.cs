namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>Why an id is nobody's.</summary>
internal enum Doubt : byte
{
    /// <summary>It isn't.</summary>
    None,

    /// <summary>No table has it, and nobody of its name is known.</summary>
    Unknown,

    /// <summary>Several have its name.</summary>
    Ambiguous,

    /// <summary>Who has its name is somebody else: another birth date, suffix or agreeing field, another id of the same provider, or an override.</summary>
    Conflicting,

    /// <summary>Who has its name stands in a table, and our source has not shown them yet.</summary>
    Unseen,

    /// <summary>The match is not sure enough.</summary>
    Unsure,
}
