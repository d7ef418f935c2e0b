using System.Buffers.Binary;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>Reads the records of a file one by one, in the memory of the largest.</summary>
internal sealed class JournalReader : IDisposable
{
    private const int BytesAtOnce = 64 << 10;

    private readonly Disk disk;
    private readonly SafeFileHandle file;
    private readonly bool isForeign;
    private byte[] buffer = new byte[BytesAtOnce];
    private long bufferAt;
    private int filled;
    private long next;
    private int size;

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It can't be opened, and so forth: a fault of the disk.</exception>
    public JournalReader(Disk disk, string path, ReadOnlySpan<byte> magic)
    {
        this.disk = disk;
        file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Length = RandomAccess.GetLength(file);
        isForeign = !Fill(magic.Length) || !magic.SequenceEqual(buffer.AsSpan(0, magic.Length));
        next = magic.Length;
    }

    /// <summary>Length of the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>Where what was found last begins.</summary>
    public long Position { get; private set; }

    /// <summary>The record that was found last, without its head; good until the next is read.</summary>
    public ReadOnlySpan<byte> Body => buffer.AsSpan((int)(Position - bufferAt) + JournalRecord.HeadLength, size);

    /// <summary>Goes on with the record that begins at some place.</summary>
    public void Seek(long position) => next = position;

    /// <summary>Reads the next record.</summary>
    public JournalFound Read()
    {
        Position = next;
        if (isForeign)
        {
            return JournalFound.Lost;
        }

        if (next >= Length)
        {
            return JournalFound.End;
        }

        if (!Fill(JournalRecord.HeadLength))
        {
            return JournalFound.Torn;
        }

        var head = buffer.AsSpan((int)(next - bufferAt), JournalRecord.HeadLength);
        size = BinaryPrimitives.ReadInt32LittleEndian(head);
        if (BinaryPrimitives.ReadUInt32LittleEndian(head[4..]) != JournalRecord.LengthSum(head, next) || size is < 1 or > JournalEntry.MostBytes)
        {
            return JournalFound.Lost;
        }

        var sum = BinaryPrimitives.ReadUInt64LittleEndian(head[8..]);
        if (!Fill(JournalRecord.HeadLength + size))
        {
            return JournalFound.Torn;
        }

        next += JournalRecord.HeadLength + size;
        return XxHash3.HashToUInt64(Body, Position) == sum ? JournalFound.Record : JournalFound.Damaged;
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    /// <summary>Has so many bytes from where the next record begins in the buffer.</summary>
    /// <returns>False when the file has fewer.</returns>
    private bool Fill(int count)
    {
        if (next + count > Length)
        {
            return false;
        }

        var held = next >= bufferAt && next <= bufferAt + filled ? (int)(bufferAt + filled - next) : 0;
        if (held >= count)
        {
            return true;
        }

        var from = filled - held;
        var larger = buffer.Length < count ? new byte[count] : buffer;
        buffer.AsSpan(from, held).CopyTo(larger);
        buffer = larger;
        (bufferAt, filled) = (next, held);
        while (filled < count)
        {
            var read = disk.Read(file, buffer.AsSpan(filled), bufferAt + filled);
            if (read == 0)
            {
                return false;
            }

            filled += read;
        }

        return true;
    }
}
