using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Microsoft.Win32.SafeHandles;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>The form of a checkpoint's files: one of what it holds as a whole, and one of what has changed since the one before.</summary>
/// <remarks>
/// All numbers are little endian; a text is its length in bytes, 7 bits to a byte, and its UTF-8.
/// <list type="table">
/// <item><term>0</term><description>8 bytes: <c>SECHKPT\n</c>, or <c>SECHNGS\n</c> for changes</description></item>
/// <item><term>8</term><description>4 bytes: version of the form, 2; 1 had no changes, and is still read</description></item>
/// <item><term>12</term><description>4 bytes: length of the table</description></item>
/// <item><term>16</term><description>8 bytes: length of the file</description></item>
/// <item><term>24</term><description>8 bytes: XxHash3 of the table</description></item>
/// <item><term>32</term><description>8 bytes: XxHash3 of the 32 bytes before; up to here the form is the same in all versions, so a newer one is told from damage</description></item>
/// <item><term>40</term><description>the table: number of the checkpoint (8), time in UTC ticks (8), text: pipeline, <see cref="CheckpointLink"/> to the file
/// of changes that goes with it (40; not in version 1), count of sections (4), and of each section text: block, shard (4), shards (4), text:
/// field, version (4), number of the first checkpoint that holds a part of it (8; not in version 1), length (8)</description></item>
/// <item><term>then</term><description>the sections' contents, one after the other</description></item>
/// <item><term>last</term><description>16 bytes: XxHash128 of the contents</description></item>
/// </list>
/// The table comes first, so that all lengths are checked against the file's before memory is taken for the contents.
/// </remarks>
internal static class CheckpointFile
{
    internal const int Version = 2;
    internal const int HeadLength = 40;
    private const int WithoutChanges = 1;
    private const int HashedHead = 32;
    private const int FootLength = 16;
    private const int BytesAtOnce = 1 << 20;
    private const int PiecesAtOnce = 512;

    private static ReadOnlySpan<byte> StateMagic => "SECHKPT\n"u8;

    private static ReadOnlySpan<byte> ChangesMagic => "SECHNGS\n"u8;

    /// <summary>Writes one of a checkpoint's files in one pass, straight from the memory it is in.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="file">The file.</param>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="link">The file of changes that goes with it.</param>
    /// <param name="changes">Whether the fields with changes are written, or the others.</param>
    /// <param name="cancellationToken">Ends the writing in between.</param>
    /// <returns>What tells this file from all others.</returns>
    public static CheckpointSeal Write(Disk disk, SafeFileHandle file, CheckpointContent checkpoint, CheckpointLink link, bool changes, CancellationToken cancellationToken)
    {
        var hash = new XxHash128();
        List<(CheckpointPart Part, StateField Field)> fields = [.. checkpoint.Parts.SelectMany(p => p.State.Fields.Select(f => (p, f))).Where(f => f.f.From > 0 == changes)];
        var front = Front(checkpoint, link, fields, changes ? ChangesMagic : StateMagic);
        var waiting = new List<ReadOnlyMemory<byte>> { front };
        var (offset, bytes) = (0L, front.Length);
        foreach (var piece in fields.SelectMany(f => f.Field.Content.Pieces).Where(p => p.Length > 0))
        {
            hash.Append(piece.Span);
            waiting.Add(piece);
            bytes += piece.Length;
            if (bytes >= BytesAtOnce || waiting.Count == PiecesAtOnce)
            {
                Flush();
            }
        }

        var foot = hash.GetCurrentHash();
        waiting.Add(foot);
        Flush();
        return CheckpointSeal.Of(front, foot);

        void Flush()
        {
            cancellationToken.ThrowIfCancellationRequested();
            disk.Write(file, waiting, offset);
            offset += bytes;
            bytes = 0;
            waiting.Clear();
        }
    }

    /// <summary>Reads one of a checkpoint's files and verifies every byte of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="id">The number that its name says.</param>
    /// <param name="pipeline">The pipeline that asks.</param>
    /// <param name="changes">Whether it is the one of changes.</param>
    /// <exception cref="UnfitCheckpointException">It is damaged, another pipeline's, or in a form that is not known.</exception>
    public static CheckpointFileContent Read(string path, long id, string pipeline, bool changes)
    {
        using var file = Open(path);
        var (table, head, offset) = ReadTable(file, id, changes);
        if (table.Pipeline != pipeline)
        {
            throw new UnfitCheckpointException($"is of pipeline '{table.Pipeline}', this one is '{pipeline}'; if it was renamed, give it its old name", foreign: true);
        }

        var hash = new XxHash128();
        var found = new List<CheckpointSection>(table.Sections.Count);
        foreach (var section in table.Sections)
        {
            var content = ReadBytes(file, offset, section.Length);
            hash.Append(content);
            offset += content.Length;
            found.Add(section with { Section = section.Section with { Content = content } });
        }

        var foot = hash.GetCurrentHash();
        return foot.AsSpan().SequenceEqual(ReadBytes(file, offset, FootLength))
            ? new CheckpointFileContent(table with { Sections = found }, CheckpointSeal.Of(head, foot))
            : throw new UnfitCheckpointException("is damaged: what is in it does not match its checksum");
    }

    /// <summary>Reads whose file it is and what goes with it; what it holds is not looked at.</summary>
    /// <exception cref="UnfitCheckpointException">It is damaged, or in a form that is not known.</exception>
    public static CheckpointTable ReadTable(string path, long id)
    {
        using var file = Open(path);
        return ReadTable(file, id, changes: false).Table;
    }

    private static SafeFileHandle Open(string path) => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private static (CheckpointTable Table, byte[] Head, long End) ReadTable(SafeFileHandle file, long id, bool changes)
    {
        var length = RandomAccess.GetLength(file);
        var head = ReadBytes(file, 0, (int)Math.Min(length, HeadLength));
        var (version, tableLength) = CheckHead(head, length, changes ? ChangesMagic : StateMagic);
        var table = ReadBytes(file, HeadLength, tableLength);
        return XxHash3.HashToUInt64(table) == BinaryPrimitives.ReadUInt64LittleEndian(head.AsSpan(24))
            ? (ReadTable(table, version, id, length - HeadLength - tableLength - FootLength), head, HeadLength + tableLength)
            : throw new UnfitCheckpointException("is damaged: the list of what is in it does not match its checksum");
    }

    private static byte[] Front(CheckpointContent checkpoint, CheckpointLink link, List<(CheckpointPart Part, StateField Field)> fields, ReadOnlySpan<byte> magic)
    {
        using var front = new MemoryStream();
        using var writer = new BinaryWriter(front);
        front.Position = HeadLength;
        writer.Write(checkpoint.Id);
        writer.Write(checkpoint.Time.UtcTicks);
        writer.Write(checkpoint.Pipeline);
        link.Write(writer);
        writer.Write(fields.Count);
        var contents = 0L;
        foreach (var (part, field) in fields)
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
            writer.Write(field.From);
            writer.Write(field.Content.Length);
            contents += field.Content.Length;
        }

        var bytes = front.ToArray();
        var head = bytes.AsSpan(0, HeadLength);
        var table = bytes.AsSpan(HeadLength);
        magic.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head[8..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(head[12..], table.Length);
        BinaryPrimitives.WriteInt64LittleEndian(head[16..], bytes.Length + contents + FootLength);
        BinaryPrimitives.WriteUInt64LittleEndian(head[24..], XxHash3.HashToUInt64(table));
        BinaryPrimitives.WriteUInt64LittleEndian(head[HashedHead..], XxHash3.HashToUInt64(head[..HashedHead]));
        return bytes;
    }

    private static (int Version, int TableLength) CheckHead(ReadOnlySpan<byte> head, long length, ReadOnlySpan<byte> magic)
    {
        if (!magic.StartsWith(head[..Math.Min(head.Length, magic.Length)]))
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

        if (BinaryPrimitives.ReadInt32LittleEndian(head[8..]) is var version && version is not (Version or WithoutChanges))
        {
            throw new UnfitCheckpointException($"has version {version} of the format, this program knows {Version}: another version of the program wrote it");
        }

        if (BinaryPrimitives.ReadInt64LittleEndian(head[16..]) is var whole && whole != length)
        {
            throw new UnfitCheckpointException(length < whole ? $"was cut off: it has {length} of {whole} bytes" : $"has {length} bytes where it should have {whole}: something was appended");
        }

        return BinaryPrimitives.ReadInt32LittleEndian(head[12..]) is var table && table >= 0 && table <= length - HeadLength - FootLength
            ? (version, table)
            : throw Nonsense();
    }

    private static CheckpointTable ReadTable(byte[] table, int version, long id, long left)
    {
        using var reader = new BinaryReader(new MemoryStream(table));
        try
        {
            if (reader.ReadInt64() is var number && number != id)
            {
                throw new UnfitCheckpointException($"was renamed: it is checkpoint {number}");
            }

            var ticks = reader.ReadInt64();
            var pipeline = reader.ReadString();
            var link = version > WithoutChanges ? CheckpointLink.Read(reader) : default;
            var sections = new List<CheckpointSection>();
            for (var count = reader.ReadInt32(); count > 0; count--)
            {
                var section = new StateSection(reader.ReadString(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadString(), reader.ReadInt32(), default);
                var from = version > WithoutChanges ? reader.ReadInt64() : 0;
                var length = reader.ReadInt64();
                if (length < 0 || length > Math.Min(left, Array.MaxLength) || from < 0 || from > id)
                {
                    throw Nonsense();
                }

                left -= length;
                sections.Add(new CheckpointSection(section, from, (int)length));
            }

            return left == 0 && reader.BaseStream.Position == table.Length && ticks >= 0 && ticks <= DateTimeOffset.MaxValue.Ticks
                ? new CheckpointTable(id, new DateTimeOffset(ticks, TimeSpan.Zero), pipeline, link, sections)
                : throw Nonsense();
        }
        catch (Exception e) when (e is IOException or FormatException)
        {
            throw Nonsense();
        }
    }

    internal static UnfitCheckpointException Nonsense() => new("is damaged: the list of what is in it makes no sense, though its checksum is right");

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
