using System.Text.Json;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>One compiled rule: makes rows of one type from the items of a document.</summary>
internal sealed class MappingRule
{
    /// <summary>The longest key; a longer one is a mistake in the payload or the mapping.</summary>
    private const int MaxKey = 512;

    public required MappingPath[] Levels { get; init; }

    public required ConditionNode<MappingScope>? When { get; init; }

    public required RecordType Type { get; init; }

    public required KeyTemplate Key { get; init; }

    public required MappingPath? EventTime { get; init; }

    public required TimeReader EventTimeReader { get; init; }

    public required FieldReader[] Fields { get; init; }

    /// <summary>Adds the rows of the document that the scope stands on.</summary>
    public void Apply(MappingScope scope, Batch batch, int document, JsonElement root) => Walk(scope, batch, document, 0, root, default);

    private void Walk(MappingScope scope, Batch batch, int document, int level, JsonElement item, PathKey key)
    {
        scope.Enter(level, item, key);
        if (level == Levels.Length)
        {
            Emit(scope, batch, document);
            return;
        }

        for (var matches = scope.Select(Levels[level]); matches.MoveNext();)
        {
            Walk(scope, batch, document, level + 1, matches.Current, matches.Key);
        }
    }

    private void Emit(MappingScope scope, Batch batch, int document)
    {
        var mark = scope.ScratchLength;
        if (When is not null)
        {
            var holds = When.Test(scope) == Truth.True;
            scope.Rewind(mark);
            if (!holds)
            {
                return;
            }
        }

        var row = batch.AddRow(Type, document);
        ref var head = ref row.Head;
        (head.RawOffset, head.RawLength) = scope.Slice();
        if (Key.Write(scope, stackalloc byte[MaxKey], out head.KeyOffset, out head.KeyLength) is { } absent)
        {
            head.KeyOffset = head.KeyLength = 0;
            row.Dead("missing key", $"no value of at most {MaxKey} bytes at '{absent}'");
            return;
        }

        if (EventTime is not null)
        {
            var time = scope.Read(EventTime);
            if (time.Kind != OperandKind.Missing && !EventTimeReader.TryRead(time, out head.EventTime))
            {
                row.Dead("bad event time", $"the value at '{EventTime}' is no time in the declared format");
                return;
            }
        }

        var cells = row.Cells;
        foreach (var field in Fields)
        {
            switch (field.Read(scope, out var cell))
            {
                case Conversion.Value:
                    cells[field.Field.Slot] = cell;
                    head.Present.Add(field.Field.Slot);
                    break;
                case Conversion.Invalid:
                    head.Invalid.Add(field.Field.Slot);
                    break;
            }
        }
    }
}
