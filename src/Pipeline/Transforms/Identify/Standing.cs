namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>How sure it is that an id is one of ours.</summary>
internal enum Confidence : byte
{
    /// <summary>It is nobody's that we know.</summary>
    None,

    /// <summary>Its name is that of one entity only.</summary>
    Probable,

    /// <summary>Its name and birth date are those of one entity only.</summary>
    Sure,

    /// <summary>A table or an override says so, or it is ours.</summary>
    Certain,
}

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

/// <summary>Whose an id is.</summary>
/// <param name="Key">Our key; null when it is nobody's.</param>
/// <param name="Confidence">How sure that is.</param>
/// <param name="Doubt">Why it is nobody's.</param>
internal readonly record struct Standing(byte[]? Key, Confidence Confidence, Doubt Doubt)
{
    public static Standing Nobody(Doubt doubt) => new(null, Confidence.None, doubt);

    public bool Equals(Standing other) => Confidence == other.Confidence && Doubt == other.Doubt && Key.AsSpan().SequenceEqual(other.Key) && Key is null == other.Key is null;

    public override int GetHashCode() => HashCode.Combine(Confidence, Doubt, Key?.Length);
}

/// <summary>Doubts in words: a small fixed set, for the books.</summary>
internal static class Doubts
{
    private static readonly string[] Reasons = ["", "unknown id", "ambiguous name", "conflicting facts", "not seen in our source", "not sure enough"];
    private static readonly string[] ParkedReasons = [.. Reasons.Select(r => "parked: " + r)];

    public static string Reason(Doubt doubt) => Reasons[(int)doubt];

    public static string Parked(Doubt doubt) => ParkedReasons[(int)doubt];

    public static int Count => Reasons.Length;
}
