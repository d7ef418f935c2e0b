namespace StreamEngine.Pipeline.Messages;

/// <content>What a merge notes about single fields of some rows.</content>
public sealed partial class Batch
{
    private RowNotes[] notes = [];

    /// <summary>What was noted about a row that <see cref="RowHead.HasNotes"/>.</summary>
    internal ref readonly RowNotes Notes(int row) => ref notes[row];

    /// <summary>Notes something about a row; nothing when there is nothing to note.</summary>
    internal void SetNotes(int row, in RowNotes note)
    {
        ref var head = ref Head(row);
        head.HasNotes = !(note.Conflicts | note.Corrected).IsEmpty;
        if (head.HasNotes)
        {
            if (notes.Length < heads.Length)
            {
                Array.Resize(ref notes, heads.Length);
            }

            notes[row] = note;
        }
    }
}

/// <summary>What a merge notes about single fields of a row.</summary>
internal struct RowNotes
{
    /// <summary>Fields about which fresh sources disagree.</summary>
    public FieldSet Conflicts;

    /// <summary>Monotonic fields that fell, because their source took back what it had said.</summary>
    public FieldSet Corrected;
}
