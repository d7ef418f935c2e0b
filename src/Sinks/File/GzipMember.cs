using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace StreamEngine.Sinks.Files;

/// <summary>
/// One gzip member, made piece by piece so that it can be ended after any piece, even when later ones were compressed but
/// could not be written. Each piece ends on a byte boundary: what is in the file can be read at any time.
/// </summary>
internal sealed class GzipMember : IDisposable
{
    // An empty last block of deflate, which GZipStream would write only after all it was ever given.
    private static readonly byte[] LastBlock = [0x03, 0x00];
    private static readonly byte[] Header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

    private readonly MemoryStream output = new();
    private readonly DeflateStream deflate;
    private readonly Crc32 checksum = new();
    private long length;

    public GzipMember()
    {
        output.Write(Header);
        deflate = new DeflateStream(output, CompressionLevel.Fastest, leaveOpen: true);
    }

    /// <summary>Whether a piece of it is in the file.</summary>
    public bool IsBegun => length > 0;

    /// <summary>Compresses a piece.</summary>
    /// <returns>What to write to the file; valid until the next piece.</returns>
    public ReadOnlyMemory<byte> Compress(ReadOnlySpan<byte> piece)
    {
        deflate.Write(piece);
        deflate.Flush();
        return output.GetBuffer().AsMemory(0, (int)output.Length);
    }

    /// <summary>The piece compressed last is in the file.</summary>
    public void Written(ReadOnlySpan<byte> piece)
    {
        checksum.Append(piece);
        length += piece.Length;
        output.SetLength(0);
    }

    /// <summary>Writes the end of a member that holds all pieces written.</summary>
    public byte[] End()
    {
        var end = new byte[LastBlock.Length + 8];
        LastBlock.CopyTo(end, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(2), checksum.GetCurrentHashAsUInt32());
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(6), (uint)length);
        return end;
    }

    public void Dispose()
    {
        deflate.Dispose();
        output.Dispose();
    }
}
