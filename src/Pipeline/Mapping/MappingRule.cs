using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>One compiled rule: makes rows of one type from the items of a document.</summary>
internal sealed class MappingRule
{
    public required MappingPath[] Levels { get; init; }

    /// <summary>By level, what is found in an item at once.</summary>
    public required MemberTrie?[] Tries { get; init; }

    /// <summary>Whether one pass over a document finds all that the rule needs of it.</summary>
    public required bool IsPlain { get; init; }

    /// <summary>How many values the tries find.</summary>
    public required int Slots { get; init; }

    /// <summary>Headers of the answer that it reads.</summary>
    public required string[] Headers { get; init; }

    public required ConditionNode<MappingScope>? When { get; init; }

    public required RecordType Type { get; init; }

    /// <summary>Whether its rows say that something is gone.</summary>
    public required bool Removes { get; init; }

    /// <summary>The first of which all parts have a value is the record's key.</summary>
    public required KeyTemplate[] Keys { get; init; }

    /// <summary>The key under which what is gone goes on; null for none.</summary>
    public required KeyTemplate? Now { get; init; }

    /// <summary>The first that has a value says when it was true.</summary>
    public required BoundPath[] EventTimes { get; init; }

    public required TimeReader EventTimeReader { get; init; }

    /// <summary>Whether an item without an event time goes to the dead letter; else it is when the document was received.</summary>
    public required bool IsEventTimeNeeded { get; init; }

    /// <summary>Fields whose values are mostly taken as they are.</summary>
    public required DirectField[] DirectFields { get; init; }

    /// <summary>All others.</summary>
    public required FieldReader[] Fields { get; init; }

    /// <summary>Adds the rows of the document that the scope stands on.</summary>
    public void Apply(MappingScope scope, Batch batch, int document) => Walk(scope, batch, document, 0, 0, default);

    private void Walk(MappingScope scope, Batch batch, int document, int level, int item, PathKey key)
    {
        scope.Enter(level, item, key, Tries[level]);
        if (level == Levels.Length)
        {
            Emit(scope, batch, document);
        }
        else
        {
            WalkBelow(scope, batch, document, level);
        }
    }

    // Apart, because rules without levels needn't make room for the walk.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WalkBelow(MappingScope scope, Batch batch, int document, int level)
    {
        for (var matches = scope.Select(Levels[level]); matches.MoveNext(scope.Bytes);)
        {
            Walk(scope, batch, document, level + 1, matches.Current, matches.Key);
        }
    }

    private void Emit(MappingScope scope, Batch batch, int document)
    {
        scope.BeginRow();
        if (When is not null && When.Test(scope) != Truth.True)
        {
            return;
        }

        // What is too much is not kept until it is counted.
        if (scope.RoomForRows-- < 0)
        {
            return;
        }

        var row = batch.AddRow(Type, document);
        ref var head = ref row.Head;
        (head.RawOffset, head.RawLength) = scope.Slice();
        var room = batch.GetSpan(KeyTemplate.MaxLength)[..KeyTemplate.MaxLength];
        if (!TryWriteKey(scope, room, out var length, out var absent))
        {
            row.Dead("missing key", $"no value of at most {KeyTemplate.MaxLength} bytes at '{absent}'");
            return;
        }

        head.KeyOffset = batch.Bytes.Length;
        head.KeyLength = length;
        head.KeyHash = KeyHash.Of(room[..length]);
        batch.Advance(length);
        if (EventTimes.Length > 0 && !TryReadTime(scope, row, ref head.EventTime))
        {
            return;
        }

        if (Removes)
        {
            Remove(scope, row);
        }

        ReadDirect(scope, row.Cells, ref head);
        foreach (var field in Fields)
        {
            Note(field.Read(scope, out var cell), field.Field.Slot, cell, row.Cells, ref head);
        }

        scope.Emitted?.Invoke(scope, this, row.Index);
    }

    private void Remove(MappingScope scope, Row row)
    {
        row.Head.Op = RowOp.Removed;
        Span<byte> room = stackalloc byte[KeyTemplate.MaxLength];
        if (Now is not null && Now.TryWrite(scope, room, out var length, out _) && !row.Key.SequenceEqual(room[..length]))
        {
            row.SetAlias(room[..length]);
        }
    }

    private bool TryWriteKey(MappingScope scope, Span<byte> room, out int length, out BoundPath? absent)
    {
        (length, absent) = (0, null);
        foreach (var key in Keys)
        {
            if (key.TryWrite(scope, room, out length, out absent))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads the event time, if there is one; false when the row has come to its end for want of it.</summary>
    private bool TryReadTime(MappingScope scope, Row row, ref long ticks)
    {
        foreach (var path in EventTimes)
        {
            if (scope.TryReadRaw(path, out var text) && EventTimeReader.TryReadAlike(text, out ticks))
            {
                return true;
            }

            var time = scope.Read(path);
            if (time.Kind == OperandKind.Missing)
            {
                continue;
            }

            if (!EventTimeReader.TryRead(time, out ticks))
            {
                row.Dead("bad event time", $"the value at '{path}' is no time in the declared format");
                return false;
            }

            return true;
        }

        if (IsEventTimeNeeded)
        {
            row.Dead("missing event time", $"there is no value at '{string.Join("', '", EventTimes.Select(t => t.ToString()))}'");
            return false;
        }

        return true;
    }

    private void ReadDirect(MappingScope scope, Span<Cell> cells, ref RowHead head)
    {
        if (scope.Pattern is { } pattern)
        {
            head.Present = pattern.Taken;
            if (!pattern.TakesAll)
            {
                ReadOthers(scope, pattern.Taken, cells, ref head);
            }

            return;
        }

        // Nothing but this in the loop: what needs a call comes after it, and everything here stays in registers.
        var found = scope.Found;
        var (present, isComplete) = (default(FieldSet), true);
        foreach (ref readonly var field in DirectFields.AsSpan())
        {
            if (field.TryTake(found[field.Value], ref cells[field.Slot]))
            {
                present.Add(field.Slot);
            }
            else
            {
                isComplete = false;
            }
        }

        head.Present = present;
        if (!isComplete)
        {
            ReadOthers(scope, present, cells, ref head);
        }
    }

    private void ReadOthers(MappingScope scope, FieldSet known, Span<Cell> cells, ref RowHead head)
    {
        foreach (ref readonly var field in DirectFields.AsSpan())
        {
            if (!known.Has(field.Slot) && scope.Found[field.Value].Kind != JsonKind.None)
            {
                Note(field.Reader.Read(scope, out var cell), field.Slot, cell, cells, ref head);
            }
        }
    }

    private static void Note(Conversion conversion, int slot, in Cell cell, Span<Cell> cells, ref RowHead head)
    {
        switch (conversion)
        {
            case Conversion.Value:
                cells[slot] = cell;
                head.Present.Add(slot);
                break;
            case Conversion.Invalid:
                head.Invalid.Add(slot);
                break;
        }
    }
}
