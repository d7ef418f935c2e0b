using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Records;

/// <summary>One field of a record type, its slot resolved.</summary>
public sealed class FieldInfo
{
    /// <summary>The field's name as the operator wrote it.</summary>
    public required string Name { get; init; }

    /// <summary>Where the field stands in a row.</summary>
    public required int Slot { get; init; }

    /// <summary>What values it may take.</summary>
    public required FieldType Type { get; init; }

    /// <summary>Whether a record without it is incomplete beyond repair.</summary>
    public bool Required { get; init; }

    /// <summary>Smallest valid number, inclusive.</summary>
    public double? Min { get; init; }

    /// <summary>Largest valid number, inclusive.</summary>
    public double? Max { get; init; }

    /// <summary>Digits kept after the point when a number is written; null keeps all.</summary>
    public int? Decimals { get; init; }

    /// <summary>The unit of the number; null when none is declared.</summary>
    internal Unit? Unit { get; init; }

    /// <summary>The allowed values of an enum, UTF-8.</summary>
    public IReadOnlyList<byte[]> Values { get; init; } = [];

    /// <summary>True when a change of this field alone is not news; deduplication leaves it out.</summary>
    public bool Volatile { get; init; }

    /// <summary>Numbers that differ by no more than this agree.</summary>
    public double Tolerance { get; init; }

    /// <summary>The slot of the field while whose value is the same the number only grows; its own for always; null when it may fall.</summary>
    public int? Monotonic { get; init; }
}

/// <summary>A canonical shape, such as <c>player</c>: its fields in slot order and its rules.</summary>
public sealed class RecordType
{
    private readonly Dictionary<string, FieldInfo> byName;

    /// <summary>Compiles a shape.</summary>
    /// <param name="name">The kind, such as <c>player</c>.</param>
    /// <param name="index">Position in <see cref="RecordSchema.Types"/>.</param>
    /// <param name="fields">Fields in slot order.</param>
    /// <param name="rules">Cross-field rules as the operator wrote them.</param>
    /// <param name="events">Names of the events that its changes may be.</param>
    public RecordType(string name, int index, IReadOnlyList<FieldInfo> fields, IReadOnlyList<string> rules, IReadOnlyList<string>? events = null)
    {
        Events = events ?? [];
        Name = name;
        Index = index;
        Fields = fields;
        Rules = rules;
        Text = new RecordText(name, fields, rules, Events);
        byName = fields.ToDictionary(f => f.Name, StringComparer.Ordinal);
    }

    /// <summary>The kind, such as <c>player</c>.</summary>
    public string Name { get; }

    /// <summary>Position in <see cref="RecordSchema.Types"/>.</summary>
    public int Index { get; }

    /// <summary>What encoded records of the type have in common.</summary>
    internal RecordText Text { get; }

    /// <summary>Fields in slot order.</summary>
    public IReadOnlyList<FieldInfo> Fields { get; }

    /// <summary>Cross-field rules as the operator wrote them, such as <c>hits &lt;= atBats</c>.</summary>
    public IReadOnlyList<string> Rules { get; }

    /// <summary>Names of the events that its changes may be, such as <c>trade</c>; without one a change is <c>player_update</c>.</summary>
    public IReadOnlyList<string> Events { get; }

    /// <summary>The field of that name, or null.</summary>
    public FieldInfo? Field(string name) => byName.GetValueOrDefault(name);
}
