using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Transforms.Filter;

/// <summary>
/// Keeps the records that satisfy a condition. Removals and confirmations always pass: they have no fields to ask.
/// </summary>
public sealed record FilterOptions : TransformOptions
{
    /// <summary>
    /// Condition over the record's fields, such as <c>atBats > 0 and team == 'LAD'</c>. A comparison with a field that has no value
    /// does not hold, nor does its negation; <c>exists(field)</c> asks.
    /// </summary>
    [RequiredSetting]
    public string Where { get; init; } = "";
}
