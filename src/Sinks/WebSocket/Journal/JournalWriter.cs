using System.Buffers;
using System.Text;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>Writes records into a buffer, and the buffer to the end of a file.</summary>
internal sealed class JournalWriter : IJournalVisitor, IDisposable
{
    /// <summary>A buffer that has so much is written.</summary>
    public const int BytesAtOnce = 256 << 10;

    private readonly AppendFile file;
    private ArrayBufferWriter<byte> buffer = new();

    /// <summary>Begins a file.</summary>
    public JournalWriter(AppendFile file, ReadOnlySpan<byte> magic, JournalHead head)
    {
        this.file = file;
        buffer.Write(magic);
        JournalRecord.Write(buffer, End, JournalRecord.Head, head.ToBytes());
    }

    /// <summary>Where the next record will begin.</summary>
    public long End => file.Length + buffer.WrittenCount;

    /// <inheritdoc/>
    public void State(in JournalEntry last, ReadOnlySpan<JournalPosition> positions)
    {
        JournalRecord.Write(buffer, End, JournalRecord.State, last, positions);
        FlushFull();
    }

    /// <inheritdoc/>
    public void Entry(in JournalEntry entry)
    {
        JournalRecord.Write(buffer, End, JournalRecord.Entry, entry, []);
        FlushFull();
    }

    /// <summary>A channel was forgotten.</summary>
    public void Forgotten(string channel)
    {
        JournalRecord.Write(buffer, End, JournalRecord.Forgotten, Encoding.UTF8.GetBytes(channel));
        FlushFull();
    }

    /// <summary>Hands everything to the disk, with the mark that it is all, and returns when it would survive a power cut.</summary>
    public void Close()
    {
        JournalRecord.Write(buffer, End, JournalRecord.End, []);
        Sync();
    }

    /// <summary>Returns when everything would survive a power cut.</summary>
    public void Sync()
    {
        Flush();
        file.Sync();
    }

    /// <summary>Returns when everything would survive the end of this process.</summary>
    public void Flush()
    {
        if (buffer.WrittenCount > 0)
        {
            file.Append(buffer.WrittenSpan);
            buffer.ResetWrittenCount();
            if (buffer.Capacity > 4 * BytesAtOnce)
            {
                // A single large entry must not be paid for ever after.
                buffer = new ArrayBufferWriter<byte>();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private void FlushFull()
    {
        if (buffer.WrittenCount >= BytesAtOnce)
        {
            Flush();
        }
    }
}
