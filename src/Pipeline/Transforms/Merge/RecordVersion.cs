using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>What was last passed on of a record, and what is still to be.</summary>
internal struct RecordVersion
{
    /// <summary>How often the record was passed on.</summary>
    public long Revision { get; private set; }

    /// <summary>The position of what was passed on last.</summary>
    public long Sequence { get; private set; }

    /// <summary>Volatile slots that changed since then: told with the next one.</summary>
    public FieldSet Untold { get; set; }

    /// <summary>The next version's position: ever growing for the key, across restarts too.</summary>
    /// <param name="now">UTC ticks.</param>
    public void Advance(long now)
    {
        Revision++;
        Sequence = Math.Max(Sequence + 1, (now - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);
    }

    /// <summary>Whether it can have been one, of a record type with these slots.</summary>
    public readonly bool IsSound(FieldSet declared) => Revision >= 0 && (Untold - declared).IsEmpty;

    /// <summary>The version after an edit of the config.</summary>
    /// <param name="slots">By slot, the one that the field had; -1 for a new field.</param>
    public readonly RecordVersion Moved(ReadOnlySpan<short> slots) => this with { Untold = Contribution.Moved(Untold, slots) };

    /// <summary>A slot changed.</summary>
    public void Tell(int slot)
    {
        var untold = Untold;
        untold.Add(slot);
        Untold = untold;
    }

    /// <summary>Gives a row the version's position.</summary>
    public readonly void Stamp(ref RowHead head)
    {
        head.Revision = Revision;
        head.Sequence = Sequence;
    }
}
