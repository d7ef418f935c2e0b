using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
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
                    WriteRemoval(row, batch.DataOf(row.Index).Span);
                    break;
            }
        }

        Written = bytes.WrittenMemory;
    }

    /// <param name="row">The removal.</param>
    /// <param name="now">The key that the entity has instead; empty for none.</param>
    private void WriteRemoval(Row row, ReadOnlySpan<byte> now)
    {
        bytes.Write("{\"key\":"u8);
        RecordEncoder.WriteText(row.Key, RecordEncoder.NeedsEscaping(row.Key), bytes);
        bytes.Write(",\"kind\":"u8);
        bytes.Write(JsonSerializer.SerializeToUtf8Bytes(row.Type.Name));
        bytes.Write(",\"event\":\"removed\",\"sequence\":"u8);
        Utf8Formatter.TryFormat(row.Head.Sequence, bytes.GetSpan(20), out var written);
        bytes.Advance(written);
        bytes.Write(",\"eventTime\":"u8);
        RecordEncoder.WriteTime(row.Head.EventTime, bytes);
        bytes.Write(",\"receivedTime\":"u8);
        RecordEncoder.WriteTime(row.Head.ReceivedTime, bytes);
        if (!now.IsEmpty)
        {
            bytes.Write(",\"now\":"u8);
            RecordEncoder.WriteText(now, RecordEncoder.NeedsEscaping(now), bytes);
        }

        bytes.Write("}\n"u8);
    }
}
