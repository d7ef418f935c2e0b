using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Configuration.Validation;

/// <summary>Whether a record's rule can be understood.</summary>
internal static class RecordRules
{
    /// <summary>What is wrong with a rule of that record type; null when it is fine.</summary>
    public static string? Check(RecordType type, string rule) => RecordCondition.TryParse(rule, type, out _, out var error) ? null : error;
}
