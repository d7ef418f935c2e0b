using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Where a field's value comes from and how it is converted. Exactly one of <c>path</c>, <c>first</c> and <c>const</c> is given.</summary>
[ShortForm(nameof(Path))]
public sealed record MappingFieldOptions
{
    /// <summary>Path of the value.</summary>
    public string? Path { get; init; }

    /// <summary>Several paths: the first that has a value counts.</summary>
    public IReadOnlyList<string> First { get; init; } = [];

    /// <summary>The same value for every record.</summary>
    public object? Const { get; init; }

    /// <summary>Makes the field true when the value is this, false when it is another.</summary>
    [SettingName("equals")]
    public object? EqualTo { get; init; }

    /// <summary>Texts that mean "no value", such as <c>"-"</c>.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>
    /// Values to put in place of the provider's: from its text to ours. Others stay as they are; where the field is an enum they are invalid, and counted
    /// under <c>noted</c>.
    /// </summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// More of <c>values</c>, from a file that mappings can share: a JSON object from the provider's text to ours. Its path counts from the mapping's
    /// folder.
    /// </summary>
    public string? Table { get; init; }

    /// <summary>Whether case, accents and the like don't matter when a text is looked up: <c>Jos&#233;</c> finds <c>JOSE</c>.</summary>
    public bool Fold { get; init; }

    /// <summary>The value where the provider's is none of <c>values</c>; the provider's is counted under <c>noted</c>.</summary>
    public string? Otherwise { get; init; }

    /// <summary>
    /// Takes a part of a text: a regular expression of .NET (without look-arounds and back-references) whose first group, or whole match when it has
    /// none, is the value, such as <c>^(\d+) mph</c>. A text that it does not match is invalid.
    /// </summary>
    public string? Extract { get; init; }

    /// <summary>
    /// The path leads to a row of values, such as <c>["2-5", "5"]</c>, of which the one is taken that stands where <c>header</c> has this name.
    /// </summary>
    public string? Column { get; init; }

    /// <summary>Path of the names of such a row, such as <c>^.keys</c>.</summary>
    public string? Header { get; init; }

    /// <summary>
    /// Special notation of the value: <c>innings</c> reads 5.2 as five innings and two outs and gives outs, 17, also where the record declares no unit.
    /// </summary>
    [OneOf("innings")]
    public string? As { get; init; }

    /// <summary>The unit that the provider writes the number in, such as <c>mph</c> or <c>ft-in</c>: it is converted to the unit that the record declares.</summary>
    [OneOfUnits]
    public string? Unit { get; init; }

    /// <summary>
    /// How a time is written: <c>iso</c> (the default), <c>unix</c> (seconds), <c>unixMilliseconds</c>, or a .NET format such as <c>yyyyMMdd_HHmmss</c>.
    /// </summary>
    public string? Format { get; init; }

    /// <summary>Time zone of a time that names none, such as <c>America/New_York</c>; UTC by default.</summary>
    public string? Zone { get; init; }
}
