using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <content>Records of one source from outside.</content>
internal readonly partial struct SoleRecord
{
    /// <summary>Whether memory from outside holds a record: all that reads it later trusts it.</summary>
    /// <param name="memory">The memory.</param>
    /// <param name="declared">By record type, the slots that there are.</param>
    /// <param name="sources">How many sources there are.</param>
    public static bool IsSound(byte[] memory, ReadOnlySpan<FieldSet> declared, int sources)
    {
        if (memory.Length < KeyAt)
        {
            return false;
        }

        ref readonly var own = ref new SoleRecord(memory).Own;
        return (uint)own.Type < (uint)declared.Length
            && (uint)own.KeyLength <= (uint)(memory.Length - KeyAt)
            && own.Version.IsSound(declared[own.Type])
            && Contribution.IsSound(memory, KeyAt + own.KeyLength, declared[own.Type], sources);
    }

    /// <summary>The record after an edit of the config; null when its source is gone.</summary>
    public byte[]? Moved(SchemaMove move)
    {
        var source = move.Source(Contribution.Source);
        if (source < 0)
        {
            return null;
        }

        var record = Make((short)move.Type(Type), Key, source);
        record.Version = Version.Moved(move.Slots(Type));
        var contribution = record.Contribution;
        contribution.CopyMoved(Contribution, source, move.Slots(Type));
        return contribution.Memory;
    }
}
