namespace StreamEngine.Pipeline.Configuration;

/// <summary>One canonical shape: its fields by name, and rules across them.</summary>
public sealed record RecordOptions
{
    /// <summary>The fields, by name.</summary>
    [OtherMembers]
    [NamedMembers]
    public IReadOnlyDictionary<string, FieldOptions> Fields { get; init; } = new Dictionary<string, FieldOptions>();

    /// <summary>Comparisons that hold in every valid record, such as <c>hits &lt;= atBats</c>; at most 64.</summary>
    public IReadOnlyList<string> Rules { get; init; } = [];
}

/// <summary>One field of a shape.</summary>
public sealed record FieldOptions
{
    /// <summary>What <c>monotonic</c> says of a number that never falls.</summary>
    internal const string Always = "always";

    /// <summary>What values it takes: string, int, number, bool, time or enum.</summary>
    [RequiredSetting]
    [OneOf("string", "int", "number", "bool", "time", "enum")]
    public string Type { get; init; } = "";

    /// <summary>Whether a record without it is incomplete.</summary>
    public bool Required { get; init; }

    /// <summary>Smallest valid number, inclusive.</summary>
    public double? Min { get; init; }

    /// <summary>Largest valid number, inclusive.</summary>
    public double? Max { get; init; }

    /// <summary>Digits kept after the point when the number is written.</summary>
    [Between("0", "18")]
    public int? Decimals { get; init; }

    /// <summary>The unit of the number, such as <c>cm</c>: a mapping that names another, such as <c>ft-in</c>, has its values converted.</summary>
    [OneOfUnits]
    public string? Unit { get; init; }

    /// <summary>The values of an enum.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>True when a change of this field alone is not news (a clock, a counter of requests).</summary>
    public bool Volatile { get; init; }

    /// <summary>Numbers that differ by no more than this agree, when sources are compared.</summary>
    [Between("0", "1000000000")]
    public double? Tolerance { get; init; }

    /// <summary>
    /// A number that only grows while another field of the record stays the same, such as a player's hits while <c>game</c> does:
    /// the name of that field, or <c>always</c>. A source that says less must prove that it is a correction.
    /// </summary>
    public string? Monotonic { get; init; }
}
