using System.Buffers;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sinks.Files;

/// <summary>The lines of one batch, as they go to the file in one write.</summary>
internal sealed class LineBuffer
{
    private readonly ArrayBufferWriter<byte> bytes = new();

    /// <summary>The lines; valid until the next batch, and as long as this one is held.</summary>
    public ReadOnlyMemory<byte> Written { get; private set; }

    /// <summary>Takes a batch's records. Those of a batch without removals stand there as they go to the file.</summary>
    public void Fill(Batch batch)
    {
        Written = batch.Lines;
        if (batch.HasRemovals)
        {
            FillMixed(batch);
        }
    }

    private void FillMixed(Batch batch)
    {
        bytes.ResetWrittenCount();
        foreach (var row in batch)
        {
            switch (row.Head.Op)
            {
                case RowOp.Update:
                    bytes.Write(batch.DataOf(row.Index).Span);
                    bytes.Write("\n"u8);
                    break;
                case RowOp.Removed:
                    RecordEncoder.WriteRemoval(row, batch.DataOf(row.Index).Span, bytes);
                    bytes.Write("\n"u8);
                    break;
            }
        }

        Written = bytes.WrittenMemory;
    }
}
