using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Microsoft.Win32.SafeHandles;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>The form of a checkpoint's file.</summary>
/// <remarks>
/// All numbers are little endian; a text is its length in bytes, 7 bits to a byte, and its UTF-8.
/// <list type="table">
/// <item><term>0</term><description>8 bytes: <c>SECHKPT\n</c></description></item>
/// <item><term>8</term><description>4 bytes: version of the form, 1</description></item>
/// <item><term>12</term><description>4 bytes: length of the table</description></item>
/// <item><term>16</term><description>8 bytes: length of the file</description></item>
/// <item><term>24</term><description>8 bytes: XxHash3 of the table</description></item>
/// <item><term>32</term><description>8 bytes: XxHash3 of the 32 bytes before; up to here the form is the same in all versions, so a newer one is told from damage</description></item>
/// <item><term>40</term><description>the table: number of the checkpoint (8), time in UTC ticks (8), text: pipeline, count of sections (4), and of
/// each section text: block, shard (4), shards (4), text: field, version (4), length (8)</description></item>
/// <item><term>then</term><description>the sections' contents, one after the other</description></item>
/// <item><term>last</term><description>16 bytes: XxHash128 of the contents</description></item>
/// </list>
/// The table comes first, so that all lengths are checked against the file's before memory is taken for the contents.
/// </remarks>
internal static class CheckpointFile
{
    internal const int Version = 1;
    internal const int HeadLength = 40;
    private const int HashedHead = 32;
    private const int FootLength = 16;
    private const int BytesAtOnce = 1 << 20;
    private const int PiecesAtOnce = 512;

    private static ReadOnlySpan<byte> Magic => "SECHKPT\n"u8;

    /// <summary>Writes a checkpoint in one pass, straight from the memory it is in.</summary>
    public static void Write(Disk disk, SafeFileHandle file, CheckpointContent checkpoint, CancellationToken cancellationToken)
    {
        var hash = new XxHash128();
        var front = Front(checkpoint);
        var waiting = new List<ReadOnlyMemory<byte>> { front };
        var (offset, bytes) = (0L, front.Length);
        foreach (var piece in checkpoint.Parts.SelectMany(p => p.State.Fields).SelectMany(f => f.Content.Pieces).Where(p => p.Length > 0))
        {
            hash.Append(piece.Span);
            waiting.Add(piece);
            bytes += piece.Length;
            if (bytes >= BytesAtOnce || waiting.Count == PiecesAtOnce)
            {
                Flush();
            }
        }

        waiting.Add(hash.GetCurrentHash());
        Flush();

        void Flush()
        {
            cancellationToken.ThrowIfCancellationRequested();
            disk.Write(file, waiting, offset);
            offset += bytes;
            bytes = 0;
            waiting.Clear();
        }
    }

    /// <summary>Reads a checkpoint and verifies every byte of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="id">The number that its name says.</param>
    /// <param name="pipeline">The pipeline that asks.</param>
    /// <exception cref="UnfitCheckpointException">It is damaged, another pipeline's, or in a form that is not known.</exception>
    public static SavedCheckpoint Read(string path, long id, string pipeline)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var length = RandomAccess.GetLength(file);
        var head = ReadBytes(file, 0, (int)Math.Min(length, HeadLength));
        var tableLength = CheckHead(head, length);
        var table = ReadBytes(file, HeadLength, tableLength);
        if (XxHash3.HashToUInt64(table) != BinaryPrimitives.ReadUInt64LittleEndian(head.AsSpan(24)))
        {
            throw new UnfitCheckpointException("is damaged: the list of what is in it does not match its checksum");
        }

        var (time, sections) = ReadTable(table, id, pipeline, length - HeadLength - tableLength - FootLength);
        var hash = new XxHash128();
        var offset = (long)HeadLength + tableLength;
        var found = new List<StateSection>(sections.Count);
        foreach (var (section, size) in sections)
        {
            var content = ReadBytes(file, offset, size);
            hash.Append(content);
            offset += size;
            found.Add(section with { Content = content });
        }

        return hash.GetCurrentHash().AsSpan().SequenceEqual(ReadBytes(file, offset, FootLength))
            ? new SavedCheckpoint(id, time, found)
            : throw new UnfitCheckpointException("is damaged: what is in it does not match its checksum");
    }

    private static byte[] Front(CheckpointContent checkpoint)
    {
        using var front = new MemoryStream();
        using var writer = new BinaryWriter(front);
        front.Position = HeadLength;
        writer.Write(checkpoint.Id);
        writer.Write(checkpoint.Time.UtcTicks);
        writer.Write(checkpoint.Pipeline);
        writer.Write(checkpoint.Parts.Sum(p => p.State.Fields.Count));
        var contents = 0L;
        foreach (var part in checkpoint.Parts)
        {
            foreach (var field in part.State.Fields)
            {
                if (field.Content.Length > Array.MaxLength)
                {
                    throw new IOException($"state '{field.Name}' of block '{part.Block}' has {field.Content.Length} bytes, more than the {Array.MaxLength} that could be read back; with more workers (\"parallelism\") each keeps less");
                }

                writer.Write(part.Block);
                writer.Write(part.Shard);
                writer.Write(part.Shards);
                writer.Write(field.Name);
                writer.Write(field.Version);
                writer.Write(field.Content.Length);
                contents += field.Content.Length;
            }
        }

        var bytes = front.ToArray();
        var head = bytes.AsSpan(0, HeadLength);
        var table = bytes.AsSpan(HeadLength);
        Magic.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head[8..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(head[12..], table.Length);
        BinaryPrimitives.WriteInt64LittleEndian(head[16..], bytes.Length + contents + FootLength);
        BinaryPrimitives.WriteUInt64LittleEndian(head[24..], XxHash3.HashToUInt64(table));
        BinaryPrimitives.WriteUInt64LittleEndian(head[HashedHead..], XxHash3.HashToUInt64(head[..HashedHead]));
        return bytes;
    }

    /// <returns>The table's length.</returns>
    private static int CheckHead(ReadOnlySpan<byte> head, long length)
    {
        if (!Magic.StartsWith(head[..Math.Min(head.Length, Magic.Length)]))
        {
            throw new UnfitCheckpointException("is no checkpoint, or its beginning was overwritten");
        }

        if (head.Length < HeadLength)
        {
            throw new UnfitCheckpointException($"was cut off: it has only {length} bytes");
        }

        if (XxHash3.HashToUInt64(head[..HashedHead]) != BinaryPrimitives.ReadUInt64LittleEndian(head[HashedHead..]))
        {
            throw new UnfitCheckpointException("is damaged: its first bytes do not match their checksum");
        }

        if (BinaryPrimitives.ReadInt32LittleEndian(head[8..]) is var version && version != Version)
        {
            throw new UnfitCheckpointException($"has version {version} of the format, this program knows {Version}: another version of the program wrote it");
        }

        if (BinaryPrimitives.ReadInt64LittleEndian(head[16..]) is var whole && whole != length)
        {
            throw new UnfitCheckpointException(length < whole ? $"was cut off: it has {length} of {whole} bytes" : $"has {length} bytes where it should have {whole}: something was appended");
        }

        return BinaryPrimitives.ReadInt32LittleEndian(head[12..]) is var table && table >= 0 && table <= length - HeadLength - FootLength
            ? table
            : throw Nonsense();
    }

    private static (DateTimeOffset Time, List<(StateSection Section, int Length)> Sections) ReadTable(byte[] table, long id, string pipeline, long left)
    {
        using var reader = new BinaryReader(new MemoryStream(table));
        try
        {
            if (reader.ReadInt64() is var number && number != id)
            {
                throw new UnfitCheckpointException($"was renamed: it is checkpoint {number}");
            }

            var ticks = reader.ReadInt64();
            if (reader.ReadString() is var owner && owner != pipeline)
            {
                throw new UnfitCheckpointException($"is of pipeline '{owner}', this one is '{pipeline}'; if it was renamed, give it its old name", foreign: true);
            }

            var sections = new List<(StateSection, int)>();
            for (var count = reader.ReadInt32(); count > 0; count--)
            {
                var section = new StateSection(reader.ReadString(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadString(), reader.ReadInt32(), default);
                var length = reader.ReadInt64();
                if (length < 0 || length > Math.Min(left, Array.MaxLength))
                {
                    throw Nonsense();
                }

                left -= length;
                sections.Add((section, (int)length));
            }

            return left == 0 && reader.BaseStream.Position == table.Length && ticks >= 0 && ticks <= DateTimeOffset.MaxValue.Ticks
                ? (new DateTimeOffset(ticks, TimeSpan.Zero), sections)
                : throw Nonsense();
        }
        catch (Exception e) when (e is IOException or FormatException)
        {
            throw Nonsense();
        }
    }

    private static UnfitCheckpointException Nonsense() => new("is damaged: the list of what is in it makes no sense, though its checksum is right");

    private static byte[] ReadBytes(SafeFileHandle file, long offset, int count)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(count);
        for (var done = 0; done < count;)
        {
            var read = RandomAccess.Read(file, bytes.AsSpan(done), offset + done);
            done += read > 0 ? read : throw new UnfitCheckpointException("was cut off while it was read");
        }

        return bytes;
    }
}
