namespace StreamEngine.Pipeline.Messages;

/// <content>How the content of one batch gets into another.</content>
public sealed partial class Batch
{
    /// <summary>
    /// Takes over the documents of another batch of the same source when both together are no larger than a batch should be; neither
    /// has rows yet.
    /// </summary>
    internal bool TryAbsorb(Batch other)
    {
        if (DocumentCount + other.DocumentCount > FullDocuments || length + other.length > FullBytes)
        {
            return false;
        }

        var shift = Append(other.Bytes);
        for (var i = 0; i < other.DocumentCount; i++)
        {
            var document = other.documents[i];
            if (document.State == RowState.Live)
            {
                document.Offset += shift;
                AddDocument(document);
            }
        }

        Position = other.Position;
        return true;
    }

    /// <summary>Copies what is live into another batch, so that two transforms can edit it independently.</summary>
    /// <param name="target">An empty batch of the same schema.</param>
    public void CopyTo(Batch target)
    {
        Free(target.Grow(length));
        Bytes.CopyTo(target.bytes);
        target.length = length;
        target.Epoch = Epoch;
        for (var i = 0; i < DocumentCount; i++)
        {
            target.AddDocument(documents[i]);
        }

        for (var i = 0; i < RowCount; i++)
        {
            if (heads[i].State != RowState.Live)
            {
                continue;
            }

            var row = target.AddRow(Schema.Types[heads[i].Type], heads[i].Document);
            row.Head = heads[i];
            (row.Head.DataOffset, row.Head.DataLength) = (0, 0);
            Cells(i).CopyTo(row.Cells);
            if (heads[i].HasNotes)
            {
                target.SetNotes(row.Index, Notes(i));
            }

            if (heads[i].Confidence != Confidence.None && heads[i].IsOfSeveral)
            {
                Identities(i).CopyTo(target.ReserveIdentities(row.Index));
            }

            foreach (var slot in heads[i].Present)
            {
                if (Origin(i, slot) is >= 0 and var origin)
                {
                    target.SetOrigin(row.Index, slot, origin);
                }
            }
        }

        target.IsRestored = IsRestored;
        target.Whole.Count(Live, Controls);
        target.Whole.BeginStep();
    }
}
