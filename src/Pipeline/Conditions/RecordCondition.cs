using System.Diagnostics.CodeAnalysis;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Conditions;

/// <summary>
/// A condition over the fields of a record, such as <c>hits &lt;= atBats and not (state == 'final')</c>; compiled once.
/// </summary>
/// <remarks>
/// A comparison with a field that has no value is neither true nor false, and so is its negation; <c>exists(field)</c>,
/// <c>field == null</c> and <c>field != null</c> always decide.
/// </remarks>
public sealed class RecordCondition
{
    private readonly ConditionNode<Row> root;

    private RecordCondition(ConditionNode<Row> root) => this.root = root;

    /// <summary>Compiles a condition.</summary>
    /// <param name="text">As the operator wrote it.</param>
    /// <param name="type">The record type whose fields it names.</param>
    /// <param name="condition">The condition, when it is one.</param>
    /// <param name="error">What is wrong with it and the remedy, when it is none.</param>
    public static bool TryParse(string text, RecordType type, [NotNullWhen(true)] out RecordCondition? condition, [NotNullWhen(false)] out string? error) =>
        TryParse(text, type, lenient: false, out condition, out error);

    /// <summary>Whether the record is known to satisfy the condition: what a filter asks.</summary>
    public bool Holds(Row row) => root.Test(row) == Truth.True;

    /// <summary>Whether the record is known to contradict the condition: what a rule asks. Missing fields contradict nothing.</summary>
    public bool IsBrokenBy(Row row) => root.Test(row) == Truth.False;

    /// <summary>Compiles a condition that may also ask what has changed: <c>changed(hits, atBats)</c>.</summary>
    internal static bool TryParseChange(string text, RecordType type, [NotNullWhen(true)] out RecordCondition? condition, [NotNullWhen(false)] out string? error) =>
        TryParse(text, type, lenient: false, out condition, out error, ofChanges: true);

    internal static bool TryParse(string text, RecordType type, bool lenient, [NotNullWhen(true)] out RecordCondition? condition, [NotNullWhen(false)] out string? error, bool ofChanges = false)
    {
        var root = new RecordGrammar(type, lenient, ofChanges).Parse(text, out var fault);
        condition = root is null ? null : new RecordCondition(root);
        error = fault ?? "";
        return condition is not null;
    }
}
