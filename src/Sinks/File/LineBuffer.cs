using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sinks.Files;

/// <summary>The lines of one batch, as they go to the file in one write.</summary>
internal sealed class LineBuffer
{
    private readonly ArrayBufferWriter<byte> bytes = new();

    /// <summary>The lines; valid until the next batch.</summary>
    public ReadOnlyMemory<byte> Written => bytes.WrittenMemory;

    /// <summary>Takes a batch's records; each is copied once.</summary>
    public void Fill(Batch batch)
    {
        bytes.ResetWrittenCount();
        var length = 0;
        var removals = false;
        foreach (var row in batch)
        {
            ref readonly var head = ref row.Head;
            length = checked(length + (head.Op == RowOp.Update ? head.DataLength + 1 : 0));
            removals |= head.Op == RowOp.Removed;
        }

        if (removals)
        {
            FillMixed(batch);
        }
        else if (length > 0)
        {
            FillUpdates(batch, bytes.GetSpan(length));
            bytes.Advance(length);
        }
    }

    private static void FillUpdates(Batch batch, Span<byte> lines)
    {
        foreach (var row in batch)
        {
            if (row.Head.Op == RowOp.Update)
            {
                var record = batch.DataOf(row.Index).Span;
                record.CopyTo(lines);
                lines[record.Length] = (byte)'\n';
                lines = lines[(record.Length + 1)..];
            }
        }
    }

    private void FillMixed(Batch batch)
    {
        foreach (var row in batch)
        {
            switch (row.Head.Op)
            {
                case RowOp.Update:
                    bytes.Write(batch.DataOf(row.Index).Span);
                    bytes.Write("\n"u8);
                    break;
                case RowOp.Removed:
                    WriteRemoval(row);
                    break;
            }
        }
    }

    private void WriteRemoval(Row row)
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
        bytes.Write("}\n"u8);
    }
}
