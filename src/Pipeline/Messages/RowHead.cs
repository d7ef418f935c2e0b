namespace StreamEngine.Pipeline.Messages;

/// <summary>What became of a row in the step that saw it last.</summary>
public enum RowState : byte
{
    /// <summary>On its way.</summary>
    Live,

    /// <summary>Taken out by a rule, with a reason.</summary>
    Filtered,

    /// <summary>Went into a step's state without causing output.</summary>
    Absorbed,

    /// <summary>Given up because a bound was reached, with a reason.</summary>
    Dropped,

    /// <summary>Sent to the dead letter, with a reason.</summary>
    Dead,

    /// <summary>A document whose records have become rows.</summary>
    Mapped,
}

/// <summary>What a row says about its key.</summary>
public enum RowOp : byte
{
    /// <summary>New field values.</summary>
    Update,

    /// <summary>What was said before still holds; a control record, never broadcast and not counted as a record.</summary>
    Confirmed,

    /// <summary>The entity is gone.</summary>
    Removed,
}

/// <summary>The fixed part of a record: identity, times, lineage and verdicts.</summary>
public struct RowHead
{
    /// <summary>Index of the record type in <see cref="Records.RecordSchema.Types"/>.</summary>
    public short Type;

    /// <summary>Index of the source in <see cref="Records.RecordSchema.Sources"/>.</summary>
    public short Source;

    /// <summary>On its way, or what became of it.</summary>
    public RowState State;

    /// <summary>What the row says about its key.</summary>
    public RowOp Op;

    /// <summary>Whether a merge has noted something about fields; see <see cref="Batch.Notes"/>.</summary>
    public bool HasNotes;

    /// <summary>How surely the source's id was matched to the key by an identify step; of a record merged of several sources that of the least sure.</summary>
    public Confidence Confidence;

    /// <summary>Index of the document in the batch that the row was read from.</summary>
    public int Document;

    /// <summary>Start of the key in the batch's bytes.</summary>
    public int KeyOffset;

    /// <summary>Length of the key.</summary>
    public int KeyLength;

    /// <summary>Start in the batch's bytes of the key that the entity has instead: that of a row that says it is gone under its own.</summary>
    public int AliasOffset;

    /// <summary>Length of that key; 0 when there is none.</summary>
    public int AliasLength;

    /// <summary>Hash of the key, <see cref="Messages.KeyHash.Of"/>.</summary>
    public ulong KeyHash;

    /// <summary>Start of the slice of the payload this row was read from; it goes to the dead letter.</summary>
    public int RawOffset;

    /// <summary>Length of that slice.</summary>
    public int RawLength;

    /// <summary>When it was true, as the provider tells: UTC ticks.</summary>
    public long EventTime;

    /// <summary>When its document was received: UTC ticks.</summary>
    public long ReceivedTime;

    /// <summary>Position in the source: ever growing per source.</summary>
    public long Sequence;

    /// <summary>How often the merged record changed; 0 before a merge.</summary>
    public long Revision;

    /// <summary>Slots that have a value.</summary>
    public FieldSet Present;

    /// <summary>Slots whose value differs from the revision before; empty before a merge.</summary>
    public FieldSet Changed;

    /// <summary>Slots whose value could not be converted to the declared type, or lies outside the declared range.</summary>
    public FieldSet Invalid;

    /// <summary>The verdict of the score step.</summary>
    public Quality Quality;

    /// <summary>The source that every field of a merged record came from; -1 when not merged, or when they came from several.</summary>
    public short SoleOrigin;

    /// <summary>Which event the change is: 0 for none in particular, else one more than its place in <see cref="Records.RecordType.Events"/>.</summary>
    public short Event;

    /// <summary>Start of the encoded record among the batch's; set when the batch is sealed.</summary>
    public int DataOffset;

    /// <summary>Length of the encoded record.</summary>
    public int DataLength;

    /// <summary>Whether it was merged of what several sources say.</summary>
    internal readonly bool IsOfSeveral => Revision > 0 && SoleOrigin < 0;
}
