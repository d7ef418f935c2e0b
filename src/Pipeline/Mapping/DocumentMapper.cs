using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Turns documents into rows by the rules of one mapping. Not thread safe.</summary>
/// <param name="rules">The compiled rules.</param>
/// <param name="maxRecords">Most records of one document.</param>
/// <param name="readsOnce">Whether a document may be read without being put on the tape, where one pass finds all.</param>
internal sealed class DocumentMapper(IReadOnlyList<MappingRule> rules, int maxRecords, bool readsOnce = true)
{
    private readonly MappingRule[] rules = [.. rules];
    private readonly MappingScope scope = new(rules.Max(r => r.Slots), readsOnce && rules is [{ IsPlain: true } plain] ? plain : null);

    /// <summary>Told of each row, while the scope stands on its item.</summary>
    public Action<MappingScope, MappingRule, int>? Emitted
    {
        init => scope.Emitted = value;
    }

    /// <summary>Adds the rows of a document and takes the document out of the flow.</summary>
    /// <returns>Whether the payload could be read.</returns>
    public bool Map(Batch batch, int index)
    {
        if (!scope.Begin(batch, index))
        {
            batch.LeaveDocument(index, RowState.Dead, "malformed json", scope.Tape.Error);
            return false;
        }

        var first = batch.RowCount;
        scope.RoomForRows = maxRecords;
        foreach (var rule in rules)
        {
            rule.Apply(scope, batch, index);
        }

        scope.End();
        if (scope.RoomForRows < 0)
        {
            batch.RefuseDocument(index, "too many records", $"the payload holds more than {maxRecords}; raise the normalize block's maxRecords if that is right");
            return false;
        }

        var any = batch.RowCount > first;
        batch.LeaveDocument(index, any ? RowState.Mapped : RowState.Filtered, any ? "" : "no records");
        return true;
    }
}
