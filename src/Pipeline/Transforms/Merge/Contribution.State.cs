using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <content>Contributions from outside. Their memory is saved as it is, so what they look like there is the format of the state.</content>
internal partial struct Contribution
{
    /// <summary>Whether memory from outside holds a contribution: all that reads it later trusts it.</summary>
    /// <param name="memory">The memory.</param>
    /// <param name="start">Where its values start; not before the head's end.</param>
    /// <param name="declared">The slots that there are.</param>
    /// <param name="sources">How many sources there are.</param>
    public static bool IsSound(byte[] memory, int start, FieldSet declared, int sources)
    {
        if (start < HeadSize || memory.Length < start)
        {
            return false;
        }

        ref readonly var own = ref new Contribution(memory).Own;
        return own.Start == start
            && (uint)own.Source < (uint)sources
            && ((own.Present | own.Invalid) - declared).IsEmpty
            && IsTime(own.EventTime)
            && IsTime(own.Received)
            && float.IsFinite(own.Score)
            && own.Confidence <= Confidence.Certain
            && memory.Length >= start + HeldValues.Size(own.Present.Count)
            && new HeldValues(memory, start, own.Present.Count).AreSound();
    }

    /// <summary>Whether an instant can be written.</summary>
    public static bool IsTime(long ticks) => (ulong)ticks <= (ulong)DateTime.MaxValue.Ticks;

    /// <summary>Takes over what another one says of the fields that there still are.</summary>
    /// <param name="other">The other one.</param>
    /// <param name="source">The source's number now.</param>
    /// <param name="slots">By slot, the one that the field had there; -1 for a new field.</param>
    public void CopyMoved(in Contribution other, short source, ReadOnlySpan<short> slots)
    {
        var (present, texts) = (Moved(other.Present, slots), 0);
        foreach (var slot in present)
        {
            texts += CellValues.TextLength(other.Get(slots[slot]));
        }

        Reserve(HeldValues.Size(present.Count) + texts);
        var start = Own.Start;
        Own = other.Own;
        (Own.Start, Own.Source, Own.Present, Own.Invalid) = (start, source, present, Moved(other.Invalid, slots));
        Values.Fill(other, present, slots);
    }

    /// <summary>The slots that fields have now.</summary>
    public static FieldSet Moved(FieldSet before, ReadOnlySpan<short> slots)
    {
        var now = default(FieldSet);
        for (var slot = 0; slot < slots.Length; slot++)
        {
            if (slots[slot] >= 0 && before.Has(slots[slot]))
            {
                now.Add(slot);
            }
        }

        return now;
    }
}
